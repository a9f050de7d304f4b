"""The layers of :mod:`paribus.scratch` and their bounds."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from paribus.errors import TheoryError, nearest
from paribus.scratch import nn
from paribus.scratch.nn.functional import each
from paribus.theory.activations.table import ACTIVATIONS, activation
from paribus.theory.bounds import layers
from paribus.theory.bounds.layers import Bound
from paribus.theory.bounds.linear import Array, vjp
from paribus.theory.bounds.walk import Library, Rule, dropout, isometric, linear, walk


def _residual(layer: Any, x: Array) -> Bound:
    block, _ = walk(SCRATCH, layer.block, x)
    shortcut = None if layer.shortcut is None else Bound("", layers.chain(walk(SCRATCH, layer.shortcut, x)[0]), "")
    return layers.residual(*block, shortcut=shortcut)


def _max_pool(layer: Any, x: Array) -> Bound:
    axes = x.ndim - 2
    kernel, dilation = each(layer.kernel, axes), each(layer.dilation, axes)
    return layers.max_pooling(kernel, each(layer.kernel if layer.stride is None else layer.stride, axes), dilation)


def _function(layer: Any, x: Array) -> Bound:
    name = layer.name.replace("_", " ")
    if name in PLAIN:
        return PLAIN[name]()
    if name not in ACTIVATIONS:
        known = (*ACTIVATIONS, *PLAIN)
        raise TheoryError("a bound needs functions that are known", got=name, hint=nearest(name, known))
    return layers.elementwise(activation(name).name)


PLAIN: dict[str, Callable[[], Bound]] = {"softmax": layers.softmax}
LINEAR = (nn.Conv1d, nn.Conv2d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.AveragePool, nn.GlobalAverage)

RULES: dict[type, Rule] = {
    nn.Residual: _residual,
    nn.Affine: lambda layer, x: layers.affine(layer.weight.data, repr(layer)),
    **dict.fromkeys(LINEAR, linear(vjp, lambda layer: type(layer).__name__)),
    nn.MaxPool: _max_pool,
    nn.GlobalMax: isometric,  # each number is in one window
    nn.BatchNorm: lambda layer, x: layers.batch_norm(layer.gain.data, layer.running_var, layer.eps),
    nn.LayerNorm: lambda layer, x: layers.layer_norm(layer.gain.data, layer.eps),
    nn.Dropout: dropout,
    nn.Flatten: isometric,
    nn.Function: _function,
}

SCRATCH = Library(
    ready=lambda net: deepcopy(net).eval(),
    vjp=vjp,
    parts=lambda layer: layer.layers if isinstance(layer, nn.Sequential) else None,
    rules=RULES,
)
