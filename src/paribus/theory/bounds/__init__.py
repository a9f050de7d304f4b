"""Lipschitz bounds: how much a layer, a net, a chain of Jacobians can stretch."""

from paribus.theory.bounds.flow import Flow, gradient_flow
from paribus.theory.bounds.layers import (
    Bound,
    affine,
    average_pooling,
    batch_norm,
    convolution,
    elementwise,
    layer_norm,
    max_pooling,
    residual,
    softmax,
)
from paribus.theory.bounds.linear import Norm, dense_matrix, spectral_norm
from paribus.theory.bounds.net import NetBound, bound_of, by_weights
from paribus.theory.bounds.slopes import sampled_slope

__all__ = [
    "Bound",
    "Flow",
    "NetBound",
    "Norm",
    "affine",
    "average_pooling",
    "batch_norm",
    "bound_of",
    "by_weights",
    "convolution",
    "dense_matrix",
    "elementwise",
    "gradient_flow",
    "layer_norm",
    "max_pooling",
    "residual",
    "sampled_slope",
    "softmax",
    "spectral_norm",
]
