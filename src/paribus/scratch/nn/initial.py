"""Initialisers: how large the first weights are. Each maps (rng, shape, fan_in, fan_out) to numbers.

A unit sums fan_in products, so Var[y] = fan_in · Var[w] · E[x²]: the variance of the weights decides whether signals
vanish or explode with depth, forward with fan_in and backward with fan_out.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod, sqrt

import numpy as np

from paribus.scratch.graph import Array
from paribus.scratch.nn.module import Module

Rng = np.random.Generator
Initial = Callable[[Rng, tuple[int, ...], int, int], Array]


# fmt: off
def zeros(rng: Rng, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
    """w = 0: all units stay alike, and under tanh hidden gradients are exactly zero."""
    return np.zeros(shape)

def ones(rng: Rng, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
    """w = 1: all units stay alike."""
    return np.ones(shape)

def normal(rng: Rng, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
    """w ~ N(0, 0.01²): small, whatever the width."""
    return rng.normal(0, 0.01, shape)

def lecun(rng: Rng, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
    """w ~ U(±1/√fan_in), variance 1/(3 fan_in) (after LeCun et al. 1998, "Efficient BackProp", section 4.6)."""
    return rng.uniform(-1, 1, shape) / sqrt(fan_in)

def xavier(rng: Rng, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
    """w ~ U(±√(6/(fan_in + fan_out))), variance 2/(fan_in + fan_out) (Glorot and Bengio 2010, equation 16)."""
    return rng.uniform(-1, 1, shape) * sqrt(6 / (fan_in + fan_out))

def he(rng: Rng, shape: tuple[int, ...], fan_in: int, fan_out: int) -> Array:
    """w ~ N(0, 2/fan_in), for ReLU, which lets half of the signal through (He et al. 2015, equation 10)."""
    return rng.normal(0, sqrt(2 / fan_in), shape)
# fmt: on


def convolution_fans(shape: tuple[int, ...]) -> tuple[int, int]:
    """(fan_in, fan_out) of a kernel (O, C, *kernel): channels times kernel pixels."""
    pixels = prod(shape[2:])
    return shape[1] * pixels, shape[0] * pixels


def initialise(net: Module, initial: Initial, seed: int = 0) -> None:
    """Give every weight matrix and kernel of ``net`` new numbers, and every bias zero.

    Weights of two axes are (in, out); of more axes (out, in, *kernel). Scales named ``gain`` keep their ones.
    """
    rng = np.random.default_rng(seed)
    for path, tensor in net.named_parameters().items():
        shape = tensor.shape
        if len(shape) > 1:
            fans = shape if len(shape) == 2 else convolution_fans(shape)
            tensor.data[...] = initial(rng, shape, *fans)
        elif not path.endswith("gain"):
            tensor.data[...] = 0
