"""PyTorch's layers and their bounds. The only file of this room that imports torch, when a net of it is given."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
import torch
from torch import nn

from paribus.errors import TheoryError
from paribus.scratch.nn.functional import each
from paribus.theory.bounds import layers
from paribus.theory.bounds.layers import Bound
from paribus.theory.bounds.linear import Array, Map
from paribus.theory.bounds.walk import Library, Rule, dropout, isometric, linear


def ready(net: Any) -> nn.Module:
    """A copy in inference, in float64, on the processor."""
    if not isinstance(net, nn.Module):
        raise TheoryError("a bound is taken of a net of paribus.scratch or of PyTorch", got=type(net).__name__)
    return deepcopy(net).double().eval().cpu()


def vjp(layer: nn.Module, x: Array) -> tuple[Array, Map]:
    """The output y at x, and the map g → gᵀ ∂y/∂x."""
    at = torch.from_numpy(x).requires_grad_()
    y = layer(at.clone())  # a copy, since some layers work in place

    def back(g: Array) -> Array:
        (found,) = torch.autograd.grad(y, at, torch.from_numpy(g), retain_graph=True)
        return np.asarray(found.numpy())

    return np.asarray(y.detach().numpy()), back


def _batch_norm(layer: Any, x: Array) -> Bound:
    if layer.running_var is None:
        raise TheoryError("batch norm has a Lipschitz constant only with running statistics", got=str(layer))
    gain = torch.ones_like(layer.running_var) if layer.weight is None else layer.weight
    return layers.batch_norm(gain.detach().numpy(), layer.running_var.numpy(), layer.eps)


def _max_pool(layer: Any, x: Array) -> Bound:
    axes = x.ndim - 2
    kernel, stride, dilation = (each(size, axes) for size in (layer.kernel_size, layer.stride, layer.dilation))
    return layers.max_pooling(kernel, stride, dilation)


def _elementwise(name: str) -> Rule:
    return lambda layer, x: layers.elementwise(name)


def _gelu(layer: Any, x: Array) -> Bound:
    if layer.approximate != "none":
        raise TheoryError("the constant of gelu is that of the exact one", got=str(layer))
    return layers.elementwise("gelu")


def _slope(layer: Any) -> float:
    return max(1.0, abs(float(layer.negative_slope)))


LINEAR = (
    *(nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.ConvTranspose1d, nn.ConvTranspose2d, nn.ConvTranspose3d),
    *(nn.AvgPool1d, nn.AvgPool2d, nn.AvgPool3d, nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d, nn.AdaptiveAvgPool3d),
)

RULES: dict[type, Rule] = {
    **dict.fromkeys(LINEAR, linear(vjp, str)),
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
    **dict.fromkeys((nn.Flatten, nn.Identity), isometric),
    **dict.fromkeys((nn.Dropout, nn.Dropout1d, nn.Dropout2d, nn.Dropout3d), dropout),
}

TORCH = Library(ready, vjp, lambda layer: list(layer) if type(layer) is nn.Sequential else None, RULES)
