"""Gradients by finite differences: slow, but independent of every rule, so that all rules are tested against them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from paribus.scratch.backward import grad
from paribus.scratch.graph import Array, array_of
from paribus.scratch.tensor import Tensor

Function = Callable[..., Tensor]


class Checked(NamedTuple):
    """Analytic and numerical gradient of one input, and how far they are apart."""

    analytic: Array
    numerical: Array
    error: float


def numerical_gradient(function: Callable[[Array], float], x: Array | Tensor, step: float = 1e-5) -> Array:
    """∂f/∂xᵢ ≈ (f(x + h eᵢ) − f(x − h eᵢ)) / 2h, with an error of order h²; h grows with |xᵢ|."""
    x = np.array(array_of(x), dtype=np.float64)
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        middle = float(x[i])
        h = step * max(1.0, abs(middle))
        x[i] = middle + h
        above = function(x)
        x[i] = middle - h
        gradient[i] = (above - function(x)) / (2 * h)
        x[i] = middle
    return gradient


def check_gradients(function: Function, *inputs: Array | Tensor, seed: int = 0, step: float = 1e-5) -> list[Checked]:
    """Compare both gradients of ⟨s, f(inputs)⟩ for a random s, in float64, one result for each input.

    The error is relative: max|analytic − numerical| / max(1, max|numerical|).
    """
    arrays = [np.asarray(array_of(x), np.float64) for x in inputs]
    tensors = [Tensor(x, requires_grad=True) for x in arrays]
    y = function(*tensors)
    s = np.random.default_rng(seed).normal(size=y.shape)
    results = []
    for i, analytic in enumerate(grad(y, tensors, seed=s)):

        def value(x: Array, i: int = i) -> float:
            moved = [Tensor(x if j == i else a, requires_grad=True) for j, a in enumerate(arrays)]
            return float(np.vdot(s, function(*moved).data))

        numerical = numerical_gradient(value, arrays[i], step)
        scale = max(1.0, float(np.abs(numerical).max(initial=0.0)))
        results.append(Checked(analytic, numerical, float(np.abs(analytic - numerical).max(initial=0.0)) / scale))
    return results
