"""Convolutions as layers, over signals (N, C, length) and pictures (N, C, height, width)."""

from __future__ import annotations

from typing import Any

import numpy as np

from paribus.scratch.nn import functional as F
from paribus.scratch.nn.functional import Size
from paribus.scratch.nn.initial import Initial, convolution_fans, lecun
from paribus.scratch.nn.module import Chance, Module, parameter
from paribus.scratch.tensor import Tensor


class _Convolution(Module):
    """Kernels, bias and geometry; how many spatial axes there are is up to the class."""

    axes = 2

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: Size,
        stride: Size = 1,
        padding: Size = 0,
        dilation: Size = 1,
        groups: int = 1,
        bias: bool = True,
        initial: Initial = lecun,
        rng: Chance = None,
        dtype: Any = np.float32,
    ) -> None:
        self.stride, self.padding, self.dilation, self.groups = stride, padding, dilation, groups
        shape = self._kernels(inputs, outputs, groups) + F.each(kernel, self.axes)
        self.weight = parameter(initial(np.random.default_rng(rng), shape, *convolution_fans(shape)), dtype)
        self.bias = parameter(np.zeros(outputs), dtype) if bias else None

    def _kernels(self, inputs: int, outputs: int, groups: int) -> tuple[int, int]:
        return outputs, inputs // groups

    def forward(self, x: Any) -> Tensor:
        """(N, inputs, *size) → (N, outputs, *out)."""
        return F.convolution(x, self.weight, self.bias, self.stride, self.padding, self.dilation, self.groups)

    def __repr__(self) -> str:
        sizes = f"{self.weight.shape}, stride={self.stride}, padding={self.padding}"
        return f"{type(self).__name__}({sizes}, dilation={self.dilation}, groups={self.groups})"


class Conv1d(_Convolution):
    """Convolution over one axis: :func:`~paribus.scratch.nn.functional.convolution`."""

    axes = 1


class Conv2d(_Convolution):
    """Convolution over pictures: :func:`~paribus.scratch.nn.functional.convolution`."""


class _Transposed(_Convolution):
    output_padding: Size = 0

    def _kernels(self, inputs: int, outputs: int, groups: int) -> tuple[int, int]:
        return inputs, outputs // groups

    def __init__(self, *sizes: Any, output_padding: Size = 0, **settings: Any) -> None:
        super().__init__(*sizes, **settings)
        self.output_padding = output_padding

    def forward(self, x: Any) -> Tensor:
        """(N, inputs, *size) → (N, outputs, *out), out larger by the stride."""
        geometry = (self.stride, self.padding, self.output_padding, self.dilation, self.groups)
        return F.transposed_convolution(x, self.weight, self.bias, *geometry)


class ConvTranspose1d(_Transposed):
    """Transposed convolution over one axis."""

    axes = 1


class ConvTranspose2d(_Transposed):
    """Transposed convolution over pictures."""
