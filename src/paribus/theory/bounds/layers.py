"""The Lipschitz constant of each kind of layer, in the Euclidean norm, as a number with the rule that gives it.

==================  ================================================================================================
affine              ‖W‖₂, its largest singular value
convolution         ‖K‖₂ of the map x → x ∗ K, which is linear
elementwise         sup |f′|
softmax             1/(2T): vᵀ(diag p − ppᵀ)v is a variance of v under p, at most (max v − min v)²/4 ≤ ½ for ‖v‖ = 1
batch norm          max |γ|/√(σ² + ε) in inference; in training the batch has a say, and there is no such constant
layer norm          max |γ|/√ε: inputs that hardly differ are stretched by that much
max pooling         √(windows that share a pixel); 1 where windows do not overlap
average pooling     its norm as a linear map
residual            L_shortcut + L_block
a chain             Π L
==================  ================================================================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, prod, sqrt

import numpy as np
from numpy.typing import ArrayLike

from paribus.errors import TheoryError
from paribus.scratch.nn import functional as F
from paribus.theory.activations.table import activation
from paribus.theory.bounds.linear import linear_layer, spectral_norm, vjp

Ints = int | tuple[int, ...]


@dataclass(frozen=True)
class Bound:
    """An upper bound on how much one layer stretches: ‖f(a) − f(b)‖ ≤ constant·‖a − b‖.

    Args:
        layer: its name.
        constant: L.
        rule: where L comes from.
        inner: for a block, the bounds of its layers.
        inference: what makes it the bound of inference alone; empty where training has the same map.
    """

    layer: str
    constant: float
    rule: str
    inner: tuple[Bound, ...] = ()
    inference: str = ""


def affine(W: ArrayLike, name: str = "affine") -> Bound:
    """x → W x + b, or x W + b: the bias moves both points alike."""
    return Bound(name, spectral_norm(W).upper, "‖W‖₂")


def convolution(
    kernel: ArrayLike,
    size: tuple[int, ...],
    stride: Ints = 1,
    padding: Ints = 0,
    dilation: Ints = 1,
    groups: int = 1,
    name: str = "convolution",
) -> Bound:
    """A convolution of pictures of ``size`` (without channels) with a kernel (O, C/groups, *kernel), zeros around."""
    weight = np.asarray(kernel, np.float64)
    if weight.ndim != len(size) + 2:
        raise TheoryError(
            "a kernel has the axes (outputs, inputs/groups, *sizes)",
            got=f"kernel {weight.shape} for pictures of size {size}",
        )
    shape = (1, weight.shape[1] * groups, *size)
    norm = linear_layer(vjp, lambda x: F.convolution(x, weight, None, stride, padding, dilation, groups), shape)
    return Bound(name, norm.upper, "‖K‖₂ of x → x ∗ K")


def elementwise(name: str) -> Bound:
    """An activation, by its name."""
    f = activation(name)
    return Bound(f.name, f.lipschitz, "sup |f′|")


def softmax(temperature: float = 1.0) -> Bound:
    """softmax(x/T); its Jacobian (diag p − ppᵀ)/T has norm at most 1/(2T)."""
    if not temperature > 0:
        raise TheoryError("a temperature is positive", got=temperature)
    return Bound("softmax", 0.5 / temperature, "1/(2T)")


def batch_norm(gain: ArrayLike, variance: ArrayLike, eps: float = 1e-5) -> Bound:
    """Batch norm in inference: each channel is multiplied by γ/√(σ² + ε)."""
    factors = np.abs(np.asarray(gain, float)) / np.sqrt(np.asarray(variance, float) + eps)
    return Bound("batch norm", float(factors.max()), "max |γ|/√(σ² + ε)", inference="running statistics")


def layer_norm(gain: ArrayLike, eps: float = 1e-5) -> Bound:
    """Layer norm: the Jacobian is a projection, divided by √(σ² + ε) ≥ √ε, times γ."""
    return Bound("layer norm", float(np.abs(np.asarray(gain, float)).max()) / sqrt(eps), "max |γ|/√ε")


def max_pooling(kernel: Sequence[int], stride: Sequence[int], dilation: Sequence[int] | None = None) -> Bound:
    """Every output is one of its inputs; an input may be that of as many outputs as windows share it."""
    gaps = dilation or (1,) * len(kernel)
    steps = [min(k, ceil(((k - 1) * d + 1) / s)) for k, s, d in zip(kernel, stride, gaps, strict=True)]
    return Bound("max pooling", sqrt(prod(steps)), "√(windows that share a pixel)")


def average_pooling(
    channels_and_size: tuple[int, ...], kernel: Ints, stride: Ints | None = None, padding: Ints = 0
) -> Bound:
    """The mean of each window, which is linear."""
    norm = linear_layer(vjp, lambda x: F.average_pool(x, kernel, stride, padding), (1, 1, *channels_and_size[1:]))
    return Bound("average pooling", norm.upper, "‖A‖₂ of a linear map")


def residual(*block: Bound, shortcut: Bound | None = None, name: str = "residual") -> Bound:
    """x → s(x) + f(x): L_s + L_f, which is 1 + L_f for the identity as shortcut."""
    way = 1.0 if shortcut is None else shortcut.constant
    return Bound(name, way + chain(block), "1 + Π L" if shortcut is None else "L_shortcut + Π L", block)


def chain(layers: Sequence[Bound]) -> float:
    """The bound of a chain is the product of the bounds of its layers."""
    return prod(layer.constant for layer in layers)
