"""Layers as plain functions of tensors, for nets written as formulas. The modules of this package call them too."""

from __future__ import annotations

from math import pi, sqrt
from typing import Any

import numpy as np

from paribus.scratch import ops
from paribus.scratch.errors import ShapeError
from paribus.scratch.graph import Array, array_of
from paribus.scratch.ops.convolution import Grid, Ints
from paribus.scratch.tensor import Tensor

Size = int | Ints


def each(value: Size, axes: int) -> Ints:
    """One number for each spatial axis."""
    return value if isinstance(value, tuple) else (value,) * axes


def convolution(
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: Size = 1,
    padding: Size = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Tensor:
    """Slide kernels (O, C/groups, *kernel) over x (N, C, *size); as many spatial axes as the kernel has.

    size_out = ⌊(size + 2·padding − dilation·(kernel − 1) − 1)/stride⌋ + 1.
    """
    axes = weight.ndim - 2
    if x.ndim != axes + 2 or x.shape[1] != weight.shape[1] * groups or weight.shape[0] % groups:
        rule = f"x is (N, C, {axes} sizes), kernels are (O, C/{groups}, {axes} sizes), O divisible by {groups} groups"
        raise ShapeError("convolution", [x.shape, weight.shape], rule)
    grid = Grid(each(stride, axes), each(dilation, axes), groups)
    return _biased(ops.convolve(pad(x, each(padding, axes)), weight, grid=grid), bias)


def transposed_convolution(
    x: Any,
    weight: Any,
    bias: Any = None,
    stride: Size = 1,
    padding: Size = 0,
    output_padding: Size = 0,
    dilation: Size = 1,
    groups: int = 1,
) -> Tensor:
    """The gradient of a convolution, used as a layer: x (N, C, *size), kernels (C, O/groups, *kernel).

    size_out = (size − 1)·stride − 2·padding + dilation·(kernel − 1) + 1 + output_padding
    (Dumoulin and Visin 2016, arXiv:1603.07285, relationship 14).
    """
    axes = weight.ndim - 2
    if x.ndim != axes + 2 or x.shape[1] != weight.shape[0] or x.shape[1] % groups:
        rule = f"x is (N, C, {axes} sizes), kernels are (C, O/{groups}, {axes} sizes), C divisible by {groups} groups"
        raise ShapeError("transposed convolution", [x.shape, weight.shape], rule)
    grid = Grid(each(stride, axes), each(dilation, axes), groups)
    y = ops.conv_transpose(x, weight, size=grid.whole(x.shape[2:], weight.shape[2:]), grid=grid)
    more, cut = each(output_padding, axes), each(padding, axes)
    y = ops.pad(y, widths=((0, 0), (0, 0), *((0, m) for m in more)), value=0) if any(more) else y
    keep = tuple(slice(c, n - c) for c, n in zip(cut, y.shape[2:], strict=True))
    return _biased(y[(slice(None), slice(None), *keep)] if any(cut) else y, bias)


def max_pool(x: Any, kernel: Size, stride: Size | None = None, padding: Size = 0, dilation: Size = 1) -> Tensor:
    """Largest number in each window; the stride is the kernel unless given."""
    axes = x.ndim - 2
    grid = Grid(each(kernel if stride is None else stride, axes), each(dilation, axes))
    y: Tensor = ops.max_pool(pad(x, each(padding, axes), -np.inf), each(kernel, axes), grid)
    return y


def average_pool(x: Any, kernel: Size, stride: Size | None = None, padding: Size = 0) -> Tensor:
    """Mean over each window, padding counted as zeros: every channel convolved with a constant kernel."""
    axes, sizes = x.ndim - 2, each(kernel, x.ndim - 2)
    weight = np.full((1, 1, *sizes), 1 / np.prod(sizes), array_of(x).dtype)
    alone = x.reshape((-1, 1, *x.shape[2:]))
    y = convolution(alone, weight, stride=kernel if stride is None else stride, padding=each(padding, axes))
    return y.reshape((*x.shape[:2], *y.shape[2:]))


def global_average(x: Tensor) -> Tensor:
    """Mean of each channel: (N, C, *size) → (N, C)."""
    return x.mean(axis=tuple(range(2, x.ndim)))


def pad(x: Any, padding: Ints, value: float = 0.0) -> Any:
    """``padding`` pixels of ``value`` on both sides of every spatial axis."""
    return ops.pad(x, widths=((0, 0), (0, 0), *((p, p) for p in padding)), value=value) if any(padding) else x


def attention(query: Tensor, key: Tensor, value: Tensor, mask: Array | None = None) -> Tensor:
    """softmax(Q Kᵀ/√d) V for Q (…, t, d), K (…, s, d), V (…, s, v) (Vaswani et al. 2017, equation 1).

    Where the boolean ``mask`` (…, t, s) is False, a query does not see the key.
    """
    scores = query @ key.swapaxes(-1, -2) * (1 / sqrt(query.shape[-1]))
    return softmax(scores if mask is None else ops.where(mask, scores, -np.inf)) @ value


def softmax(x: Tensor, axis: int = -1) -> Tensor:
    """eˣ / Σ eˣ."""
    return ops.softmax(x, axis=axis)


def log_softmax(x: Tensor, axis: int = -1) -> Tensor:
    """x − log Σ eˣ."""
    return ops.log_softmax(x, axis=axis)


def leaky_relu(x: Tensor, slope: float = 0.01) -> Tensor:
    """x where positive, else slope·x."""
    return ops.leaky(x, slope=slope)


def elu(x: Tensor, alpha: float = 1.0) -> Tensor:
    """x where positive, else α(eˣ − 1) (Clevert et al. 2016)."""
    return ops.elu(x, alpha=alpha)


def silu(x: Tensor) -> Tensor:
    """x σ(x)."""
    return x * ops.sigmoid(x)


def gelu(x: Tensor) -> Tensor:
    """x Φ(x), Φ the normal distribution function (Hendrycks and Gimpel 2016)."""
    return x * (ops.erf(x * (1 / sqrt(2))) + 1) * 0.5


def gelu_tanh(x: Tensor) -> Tensor:
    """The approximation ½x(1 + tanh(√(2/π)(x + 0.044715x³))) of the same paper."""
    return x * ((x + 0.044715 * x**3) * sqrt(2 / pi)).tanh() * 0.5 + x * 0.5


def _biased(y: Tensor, bias: Any) -> Tensor:
    return y if bias is None else y + bias.reshape((-1,) + (1,) * (y.ndim - 2))
