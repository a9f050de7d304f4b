"""Layers whose largest singular value is held at 1."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class SpectralLinear(nn.Linear):
    """A fully connected layer with its weight divided by its largest singular value."""

    direction: Tensor

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(inputs, outputs)
        self.register_buffer("direction", F.normalize(torch.randn(outputs), dim=0))

    def forward(self, x: Tensor) -> Tensor:
        """Map (…, inputs) to (…, outputs)."""
        return F.linear(x, normalised(self), self.bias)


class SpectralConv2d(nn.Conv2d):
    """A convolution with its weight, as a matrix (out, in · kernel²), divided by its largest singular value."""

    direction: Tensor

    def __init__(self, channels: int, width: int, kernel: int, stride: int = 1, padding: int = 0) -> None:
        super().__init__(channels, width, kernel, stride, padding)
        self.register_buffer("direction", F.normalize(torch.randn(width), dim=0))

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, channels, H, W) to (B, width, H', W')."""
        return F.conv2d(x, normalised(self), self.bias, self.stride, self.padding)


LINEAR: Mapping[bool, Callable[..., nn.Linear]] = {False: nn.Linear, True: SpectralLinear}
CONV: Mapping[bool, Callable[..., nn.Conv2d]] = {False: nn.Conv2d, True: SpectralConv2d}


def normalised(layer: SpectralLinear | SpectralConv2d) -> Tensor:
    """W / σ(W), with σ from one step of power iteration in every training pass (Miyato et al., 2018, algorithm 1).

    The step itself has no gradient; σ = uᵀWv has one, through W.
    """
    with torch.autocast(layer.weight.device.type, enabled=False):
        matrix = layer.weight.flatten(1)  # (out, in)
        with torch.no_grad():
            v = F.normalize(layer.direction @ matrix, dim=0)
            u = F.normalize(matrix @ v, dim=0)
            if layer.training:
                layer.direction.copy_(u)
        return layer.weight / (u @ matrix @ v)
