"""What was under the mask, and what under the noise? (Vincent et al., 2008; He et al., 2022)"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from paribus.data.deliver.loader import Batch
from paribus.data.info import DataInfo
from paribus.errors import RecipeError
from paribus.models.conv_autoencoder import smallest, up
from paribus.models.network import Network
from paribus.tasks.prediction import Prediction
from paribus.tasks.pretext.objective import Ask, Figures, Objective
from paribus.tasks.preview import Preview

CHANNELS = (64, 32)  # of the decoder, whose two stages double the size


class Reconstruction(Objective):
    """Restore pictures of which patches were hidden, or on which noise was put.

    Behind the model's last layer comes a small decoder of transposed convolutions, which only this task uses. The loss
    is the mean squared error of standardised pixels: 1 is what each channel's mean would give.

    Args:
        info: what is known of the data.
        share: of the patches that is hidden; 0 hides none.
        patch: height and width of a patch.
        sigma: deviation of Gaussian noise in grey levels.
        hidden: numbers that the last layer gives.
    """

    def __init__(self, info: DataInfo, share: float, patch: int, sigma: float, hidden: int) -> None:
        super().__init__(info)
        self.share, self.patch, self.sigma, self.outputs = share, patch, sigma, hidden
        self.side = smallest(info.input_shape, len(CHANNELS))
        _, height, width = info.input_shape
        if share and (height % patch or width % patch):
            hint = "set task.patch to what divides both sides"
            raise RecipeError(
                "whole patches are hidden", got=f"{height}×{width} pictures, task.patch={patch}", hint=hint
            )

    def companion(self) -> nn.Module:
        """The decoder."""
        height, width = self.side
        return nn.Sequential(
            nn.ReLU(),
            nn.Linear(self.outputs, CHANNELS[0] * height * width),
            nn.Unflatten(1, (CHANNELS[0], height, width)),
            nn.ReLU(),
            up((*CHANNELS, self.info.input_shape[0]), norm="none", activation=nn.ReLU),
        )

    def loss(self, ask: Ask, network: Network, batch: Batch) -> tuple[Tensor, Figures]:
        """Mean squared error, of a mask where it hides."""
        spoilt, hidden = self.spoil(network, batch.inputs)
        return self._errors(self._restored(ask, network, spoilt), network, batch.inputs, hidden).mean(), {}

    def spoil(self, network: Network, inputs: Tensor) -> tuple[Tensor, Tensor | None]:
        """Pictures as stored values (B, C, H, W) of which something is lost, and where it is hidden (B, 1, H, W)."""
        values = inputs.float()
        if not self.share:
            return values + self.sigma * torch.randn_like(values), None
        hidden = masks(len(values), self.info.input_shape[1:], self.patch, self.share, values.device)
        return torch.where(hidden, network.mean, values), hidden

    def predict(self, ask: Ask, network: Network, inputs: Tensor) -> Tensor:
        """Restored pictures (B, C, H, W) as values 0 … 255, from pictures as they are given."""
        return self._restored(ask, network, inputs) / network.scale + network.mean

    def errors(self, ask: Ask, network: Network, batch: Batch) -> tuple[str, Tensor]:
        """The mean squared error of each picture."""
        spoilt, hidden = self.spoil(network, batch.inputs)
        return "squared error", self._errors(self._restored(ask, network, spoilt), network, batch.inputs, hidden)

    def answer(self, said: Tensor) -> Prediction:
        """The restored picture."""
        return Prediction("", "restored", picture=as_bytes(said))

    def preview(self, ask: Ask, network: Network, batch: Batch) -> Preview:
        """Pictures that were spoilt, and restored."""
        spoilt, hidden = self.spoil(network, batch.inputs)
        restored = self.predict(ask, network, spoilt)
        if hidden is not None:
            restored = torch.where(hidden, restored, spoilt)
        shown = torch.stack([as_bytes(one).cpu() for one in (spoilt, restored, batch.inputs)], 1)
        return Preview(shown, ("given", "restored", "truth"), title="What was under it?")

    def _restored(self, ask: Ask, network: Network, inputs: Tensor) -> Tensor:
        """Standardised pictures (B, C, H, W)."""
        assert network.companion is not None
        return network.companion(ask(inputs)).float()  # type: ignore[no-any-return]

    def _errors(self, restored: Tensor, network: Network, inputs: Tensor, hidden: Tensor | None) -> Tensor:
        squares = F.mse_loss(restored, network.scaled(inputs.float()), reduction="none").mean(1, keepdim=True)
        if hidden is None:
            return squares.mean((1, 2, 3))
        return (squares * hidden).sum((1, 2, 3)) / hidden.sum((1, 2, 3))


def masks(count: int, size: tuple[int, ...], patch: int, share: float, device: torch.device) -> Tensor:
    """Random patches (B, 1, H, W), true where hidden: the same number in every picture, at least one."""
    rows, columns = size[0] // patch, size[1] // patch
    chosen = max(1, round(share * rows * columns))
    order = torch.rand(count, rows * columns, device=device).argsort(1)
    hidden = (order.argsort(1) < chosen).view(count, 1, rows, columns)
    return hidden.repeat_interleave(patch, 2).repeat_interleave(patch, 3)


def as_bytes(values: Tensor) -> Tensor:
    """Values about 0 … 255 as uint8."""
    return values.clamp(0, 255).round().to(torch.uint8)
