"""Bounds of nets that are written with :mod:`paribus.scratch`."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import numpy as np

from paribus.errors import TheoryError, nearest
from paribus.scratch import Tensor, grad, nn
from paribus.scratch.nn.functional import each
from paribus.theory.activations.table import ACTIVATIONS, activation
from paribus.theory.bounds import layers
from paribus.theory.bounds.layers import Bound
from paribus.theory.bounds.linear import Array
from paribus.theory.bounds.slopes import sampled_slope


def examine(net: nn.Module, shape: tuple[int, ...], points: int, spread: float, seed: int) -> tuple[list[Bound], float]:
    """The bound of every layer in inference, and the steepest slope sampled."""
    net = deepcopy(net).eval()
    whole = (1, *shape)
    bounds, _ = walk(net, Tensor(np.zeros(whole)))

    def value(x: Array) -> Array:
        return np.asarray(net(Tensor(x)).data, np.float64)

    return bounds, sampled_slope(value, whole, lambda x, g: pull(net, x, g), points, spread=spread, seed=seed)


def pull(net: nn.Module, x: Array, g: Array) -> Array:
    """J(x)ᵀ g."""
    at = Tensor(x, requires_grad=True)
    (back,) = grad(net(at), [at], seed=g)
    return np.asarray(back, np.float64)


def walk(layer: nn.Module, x: Tensor) -> tuple[list[Bound], Tensor]:
    """The bounds of a layer and its parts, given an x of the right shape; and its output."""
    if isinstance(layer, nn.Sequential):
        found = []
        for part in layer:
            bounds, x = walk(part, x)
            found += bounds
        return found, x
    if isinstance(layer, nn.Residual):
        block, _ = walk(layer.block, x)
        shortcut = None if layer.shortcut is None else Bound("", layers.chain(walk(layer.shortcut, x)[0]), "")
        return [layers.residual(*block, shortcut=shortcut)], layer(x)
    for kind, rule in RULES.items():
        if isinstance(layer, kind):
            return [rule(layer, x)], layer(x)
    names = ", ".join(kind.__name__ for kind in RULES)
    raise TheoryError("a bound needs layers whose Lipschitz constant is known", got=repr(layer), hint=f"known: {names}")


def _linear(layer: nn.Module, x: Tensor) -> Bound:
    return Bound(type(layer).__name__, layers.linear_layer(layer, x.shape).upper, "‖A‖₂ of a linear map")


def _affine(layer: Any, x: Tensor) -> Bound:
    return layers.affine(layer.weight.data, repr(layer))


def _batch_norm(layer: Any, x: Tensor) -> Bound:
    return layers.batch_norm(layer.gain.data, layer.running_var, layer.eps)


def _max_pool(layer: Any, x: Tensor) -> Bound:
    axes = x.ndim - 2
    kernel, dilation = each(layer.kernel, axes), each(layer.dilation, axes)
    return layers.max_pooling(kernel, each(layer.kernel if layer.stride is None else layer.stride, axes), dilation)


def _function(layer: Any, x: Tensor) -> Bound:
    name = layer.name.replace("_", " ")
    if name in PLAIN:
        return PLAIN[name]()
    if name not in ACTIVATIONS:
        known = (*ACTIVATIONS, *PLAIN)
        raise TheoryError("a bound needs functions that are known", got=name, hint=nearest(name, known))
    return layers.elementwise(activation(name).name)


def _still(layer: nn.Module, x: Tensor) -> Bound:
    return Bound(type(layer).__name__, 1.0, "leaves norms as they are")


PLAIN: dict[str, Callable[[], Bound]] = {"softmax": layers.softmax}

RULES: dict[type[nn.Module], Callable[[Any, Tensor], Bound]] = {
    nn.Affine: _affine,
    nn.Conv1d: _linear,
    nn.Conv2d: _linear,
    nn.ConvTranspose1d: _linear,
    nn.ConvTranspose2d: _linear,
    nn.AveragePool: _linear,
    nn.GlobalAverage: _linear,
    nn.MaxPool: _max_pool,
    nn.GlobalMax: _still,  # each number is in one window
    nn.BatchNorm: _batch_norm,
    nn.LayerNorm: lambda layer, x: layers.layer_norm(layer.gain.data, layer.eps),
    nn.Dropout: _still,  # in inference
    nn.Flatten: _still,
    nn.Function: _function,
}
