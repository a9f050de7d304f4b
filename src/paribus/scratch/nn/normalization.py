"""Normalisation: subtract a mean, divide by a standard deviation, then let the layer choose its own scale and shift."""

from __future__ import annotations

from typing import Any

import numpy as np

from paribus.scratch import ops
from paribus.scratch.errors import ShapeError
from paribus.scratch.graph import Array, array_of
from paribus.scratch.nn.module import Module, parameter
from paribus.scratch.tensor import Tensor


class BatchNorm(Module):
    """y = γ·(x − μ)/√(σ² + ε) + β with the statistics of each channel (Ioffe and Szegedy 2015, algorithm 1).

    Works on (N, C) and on (N, C, *size), where μ and σ² are taken over samples and pixels. In training they are those
    of the batch, and the running statistics move towards them, r ← (1 − momentum)·r + momentum·batch, with the unbiased
    variance; in inference they are the running ones.
    """

    def __init__(self, channels: int, eps: float = 1e-5, momentum: float = 0.1, dtype: Any = np.float32) -> None:
        self.eps, self.momentum = eps, momentum
        self.gain, self.bias = parameter(np.ones(channels), dtype), parameter(np.zeros(channels), dtype)
        self.running_mean, self.running_var = np.zeros(channels, dtype), np.ones(channels, dtype)

    def forward(self, x: Any) -> Tensor:
        """(N, C, …) → (N, C, …)."""
        if x.ndim < 2 or x.shape[1] != len(self.gain):
            raise ShapeError("batch norm", [x.shape, self.gain.shape], "axis 1 of x must be the channels")
        y: Tensor = self._standard(x) * self._channels(self.gain, x) + self._channels(self.bias, x)
        return y

    def _standard(self, x: Any) -> Any:
        if not self.training:
            deviation = np.sqrt(self.running_var + self.eps)
            return (x - self._channels(self.running_mean, x)) / self._channels(deviation, x)
        axes = (0, *range(2, x.ndim))
        self._follow(array_of(x), axes)
        return ops.standardize(x, axis=axes, eps=self.eps)

    def _follow(self, x: Array, axes: tuple[int, ...]) -> None:
        """Move the running statistics towards those of this batch."""
        if x.size <= x.shape[1]:
            raise ShapeError("batch norm", [x.shape], "a variance needs more than one number per channel in training")
        for running, batch in ((self.running_mean, x.mean(axes)), (self.running_var, x.var(axes, ddof=1))):
            running += self.momentum * (batch - running)

    @staticmethod
    def _channels(v: Any, x: Any) -> Any:
        """One number for each channel, ready to be broadcast over x."""
        return v.reshape((-1,) + (1,) * (x.ndim - 2))

    def __repr__(self) -> str:
        return f"BatchNorm({len(self.gain)}, eps={self.eps}, momentum={self.momentum})"


class LayerNorm(Module):
    """y = γ·(x − μ)/√(σ² + ε) + β with the statistics of each sample's features (Ba, Kiros and Hinton 2016)."""

    def __init__(self, features: int, eps: float = 1e-5, dtype: Any = np.float32) -> None:
        self.features, self.eps = features, eps
        self.gain, self.bias = parameter(np.ones(features), dtype), parameter(np.zeros(features), dtype)

    def forward(self, x: Any) -> Tensor:
        """(…, features) → (…, features)."""
        if x.shape[-1] != self.features:
            raise ShapeError("layer norm", [x.shape, self.gain.shape], "the last axis of x must be the features")
        y: Tensor = ops.standardize(x, axis=-1, eps=self.eps) * self.gain + self.bias
        return y
