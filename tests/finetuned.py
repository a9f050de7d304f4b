"""A model of somebody else's that starts from weights in a file, as tests of models and of training use it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

MEAN, DEVIATION = 127.5, 63.75


class FineTuned(nn.Module):
    """A backbone whose weights come from a file, an adapter and a head of its own.

    Args:
        path: safetensors file with the weights of the backbone.
        frozen: whether the backbone stays as it is.
        dropout: share that the head does not see.
        backbone_factor: on the learning rate of the backbone.
    """

    input_scaling = (MEAN, DEVIATION)

    def __init__(
        self, num_outputs: int, path: str, frozen: bool = False, dropout: float = 0.0, backbone_factor: float = 0.1
    ) -> None:
        super().__init__()
        self.backbone, self.backbone_factor = backbone(), backbone_factor
        self.adapter = nn.Linear(8, 8)
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(8, num_outputs)
        self.backbone.load_state_dict(load_file(path))
        self.loaded = ["backbone", "adapter.bias"]
        nn.init.constant_(self.adapter.bias, 0.25)
        self.frozen = frozen
        if frozen:
            self.backbone.requires_grad_(False)

    def train(self, mode: bool = True) -> FineTuned:
        """The statistics of a frozen backbone stay, too."""
        super().train(mode)
        self.backbone.train(mode and not self.frozen)
        return self

    def parameter_groups(self) -> dict[str, dict[str, Any]]:
        return {
            "backbone": {"params": ["backbone"], "lr_factor": self.backbone_factor},
            "plain": {"params": ["*.bias", self.head.bias], "weight_decay_factor": 0.0},
        }

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.head(self.dropout(self.adapter(self.backbone(x.flatten(1))).relu()))
        return out


def backbone() -> nn.Sequential:
    return nn.Sequential(nn.Linear(64, 8), nn.BatchNorm1d(8), nn.ReLU())


def weights_file(folder: Path) -> Path:
    """A file with weights for :class:`FineTuned`, of 8 × 8 pictures."""
    generator = torch.Generator().manual_seed(7)
    state = {
        name: torch.rand(value.shape, generator=generator) + 0.5 if value.is_floating_point() else value
        for name, value in backbone().state_dict().items()
    }
    save_file(state, folder / "backbone.safetensors")
    return folder / "backbone.safetensors"
