"""Bounds of PyTorch modules. The only file of this room that imports torch; it is imported when one is given."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np
import torch
from torch import nn

from paribus.errors import TheoryError
from paribus.theory.bounds import layers
from paribus.theory.bounds.layers import Bound
from paribus.theory.bounds.linear import Array, spectral_norm
from paribus.theory.bounds.slopes import sampled_slope


def examine(net: Any, shape: tuple[int, ...], points: int, spread: float, seed: int) -> tuple[list[Bound], float]:
    """The bound of every layer in inference and in float64, and the steepest slope sampled."""
    if not isinstance(net, nn.Module):
        raise TheoryError("a bound is taken of a net of paribus.scratch or of PyTorch", got=type(net).__name__)
    net = deepcopy(net).double().eval().cpu()
    bounds, _ = walk(net, torch.zeros(1, *shape, dtype=torch.float64))

    def value(x: Array) -> Array:
        with torch.no_grad():
            return np.asarray(net(torch.from_numpy(x)).numpy())

    return bounds, sampled_slope(value, (1, *shape), lambda x, g: pull(net, x, g), points, spread=spread, seed=seed)


def pull(net: nn.Module, x: Array, g: Array) -> Array:
    """J(x)ᵀ g."""
    at = torch.from_numpy(x).requires_grad_()
    (back,) = torch.autograd.grad(net(at), at, torch.from_numpy(g))
    return np.asarray(back.numpy())


@torch.no_grad()
def walk(layer: nn.Module, x: torch.Tensor) -> tuple[list[Bound], torch.Tensor]:
    """The bounds of a layer and its parts, given an x of the right shape; and its output."""
    if type(layer) is nn.Sequential:
        found = []
        for part in layer:
            bounds, x = walk(part, x)
            found += bounds
        return found, x
    for kind, rule in RULES.items():
        if isinstance(layer, kind):
            return [rule(layer, x)], layer(x)
    names = ", ".join(kind.__name__.lstrip("_") for kind in RULES)
    raise TheoryError(
        "a bound needs a sequence of layers whose Lipschitz constant is known",
        got=type(layer).__name__,
        hint=f"known: {names}",
    )


def _linear(layer: nn.Module, x: torch.Tensor) -> Bound:
    """Linear up to the bias: x → layer(x) − layer(0), with backpropagation as its adjoint."""
    zeros = torch.zeros_like(x)
    bias = layer(zeros)

    @torch.enable_grad()
    def adjoint(y: Array) -> Array:
        return pull(layer, zeros.numpy().copy(), y)

    norm = spectral_norm(
        apply=lambda v: np.asarray((layer(torch.from_numpy(v)) - bias).numpy()), adjoint=adjoint, shape=tuple(x.shape)
    )
    return Bound(str(layer), norm.upper, "‖A‖₂ of a linear map")


def _batch_norm(layer: Any, x: torch.Tensor) -> Bound:
    if layer.running_var is None:
        raise TheoryError("batch norm has a Lipschitz constant only with running statistics", got=str(layer))
    gain = torch.ones_like(layer.running_var) if layer.weight is None else layer.weight
    return layers.batch_norm(gain.numpy(), layer.running_var.numpy(), layer.eps)


def _max_pool(layer: Any, x: torch.Tensor) -> Bound:
    axes = x.ndim - 2
    kernel, stride, dilation = (_each(size, axes) for size in (layer.kernel_size, layer.stride, layer.dilation))
    return layers.max_pooling(kernel, stride, dilation)


def _each(size: int | tuple[int, ...], axes: int) -> tuple[int, ...]:
    return (size,) * axes if isinstance(size, int) else size


def _elementwise(name: str) -> Callable[[Any, torch.Tensor], Bound]:
    return lambda layer, x: layers.elementwise(name)


def _gelu(layer: Any, x: torch.Tensor) -> Bound:
    if layer.approximate != "none":
        raise TheoryError("the constant of gelu is that of the exact one", got=str(layer))
    return layers.elementwise("gelu")


def _slope(layer: Any) -> float:
    return max(1.0, abs(float(layer.negative_slope)))


def _still(layer: nn.Module, x: torch.Tensor) -> Bound:
    return Bound(type(layer).__name__, 1.0, "leaves norms as they are")


LINEAR = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d)
POOLS = (nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d, nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d)

RULES: dict[type[nn.Module], Callable[[Any, torch.Tensor], Bound]] = {
    **dict.fromkeys(LINEAR, _linear),
    **dict.fromkeys(POOLS, _linear),
    **dict.fromkeys((nn.MaxPool1d, nn.MaxPool2d, nn.MaxPool3d), _max_pool),
    **dict.fromkeys((nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d), _batch_norm),
    nn.Sigmoid: _elementwise("sigmoid"),
    nn.Tanh: _elementwise("tanh"),
    nn.ReLU: _elementwise("relu"),
    nn.LeakyReLU: lambda layer, x: Bound("leaky relu", _slope(layer), "sup |f′|"),
    nn.ELU: lambda layer, x: Bound("elu", max(1.0, abs(float(layer.alpha))), "sup |f′|"),
    nn.SELU: _elementwise("selu"),
    nn.GELU: _gelu,
    nn.SiLU: _elementwise("silu"),
    nn.Softplus: _elementwise("softplus"),  # its beta changes the curve, not the steepest slope
    nn.Softsign: _elementwise("softsign"),
    nn.Mish: _elementwise("mish"),
    nn.Softmax: lambda layer, x: layers.softmax(),
    **dict.fromkeys((nn.Flatten, nn.Identity, nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d), _still),
}
