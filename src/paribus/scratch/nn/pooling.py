"""Pooling layers: fewer pixels, the same channels. They work over any number of spatial axes."""

from __future__ import annotations

from typing import Any

from paribus.scratch.nn import functional as F
from paribus.scratch.nn.functional import Size
from paribus.scratch.nn.module import Module
from paribus.scratch.tensor import Tensor


class MaxPool(Module):
    """Largest number of each window."""

    def __init__(self, kernel: Size, stride: Size | None = None, padding: Size = 0, dilation: Size = 1) -> None:
        self.kernel, self.stride, self.padding, self.dilation = kernel, stride, padding, dilation

    def forward(self, x: Any) -> Tensor:
        """(N, C, *size) → (N, C, *out)."""
        return F.max_pool(x, self.kernel, self.stride, self.padding, self.dilation)


class AveragePool(Module):
    """Mean of each window."""

    def __init__(self, kernel: Size, stride: Size | None = None, padding: Size = 0) -> None:
        self.kernel, self.stride, self.padding = kernel, stride, padding

    def forward(self, x: Any) -> Tensor:
        """(N, C, *size) → (N, C, *out)."""
        return F.average_pool(x, self.kernel, self.stride, self.padding)


class GlobalAverage(Module):
    """Mean of each channel (Lin, Chen and Yan 2014, "Network in network")."""

    def forward(self, x: Any) -> Tensor:
        """(N, C, *size) → (N, C)."""
        return F.global_average(x)


class GlobalMax(Module):
    """Largest number of each channel."""

    def forward(self, x: Any) -> Tensor:
        """(N, C, *size) → (N, C)."""
        return Tensor.max(x, axis=tuple(range(2, x.ndim)))
