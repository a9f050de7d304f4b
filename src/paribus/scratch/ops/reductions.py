"""Operations that bring many numbers together: sums, extremes, log-sum-exp, softmax and standardisation.

``axis`` is an integer, a tuple of them, or None for all.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from paribus.scratch.graph import Array, Primitive, array_of, primitive
from paribus.scratch.ops.elementwise import exp
from paribus.scratch.ops.shapes import broadcast_to

Axis = int | tuple[int, ...] | None


def _axes(ndim: int, axis: Axis) -> tuple[int, ...]:
    """The reduced axes, counted from the front."""
    chosen = range(ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return tuple(i % ndim for i in chosen)


def _count(x: Any, axis: Axis) -> int:
    return math.prod(x.shape[i] for i in _axes(x.ndim, axis))


def _kept(g: Any, x: Any, axis: Axis) -> Any:
    """``g`` with the reduced axes put back, of length 1."""
    gone = _axes(x.ndim, axis)
    return g.reshape(tuple(1 if i in gone else n for i, n in enumerate(x.shape)))


def _repeated(g: Any, x: Any, axis: Axis) -> Any:
    """``g`` repeated along the reduced axes: a sum, transposed."""
    return broadcast_to(_kept(g, x, axis), shape=x.shape)


def _attained(x: Any, y: Any, axis: Axis) -> Any:
    """Where the extreme y is attained; ties share the gradient evenly."""
    hit = array_of(x) == _kept(array_of(y), x, axis)
    return hit / hit.sum(axis=axis, keepdims=True, dtype=array_of(x).dtype)


def _logsumexp(x: Array, axis: Axis) -> Any:
    top = x.max(axis=axis, keepdims=True)  # e^(x − top) ≤ 1 cannot overflow
    total = np.exp(x - top).sum(axis=axis, keepdims=True)
    return (np.log(total) + top).squeeze(_axes(x.ndim, axis))


def _softmax(x: Array, axis: Axis) -> Array:
    y: Array = np.exp(x - x.max(axis=axis, keepdims=True))
    y /= y.sum(axis=axis, keepdims=True)
    return y


def _standardize(x: Array, axis: Axis, eps: float) -> Array:
    centred: Array = x - x.mean(axis=axis, keepdims=True)
    centred *= _inverse_deviation(centred, axis, eps)
    return centred


def _inverse_deviation(x: Any, axis: Axis, eps: float) -> Any:
    """1/√(σ² + ε) with the variance σ² over ``axis``, that axis kept."""
    n = _count(x, axis)
    centred = x - x.sum(axis=axis, keepdims=True) / n
    return ((centred * centred).sum(axis=axis, keepdims=True) / n + eps) ** -0.5


def _standardize_rule(g: Any, y: Any, x: Any, axis: Axis, eps: float) -> Any:
    """∂L/∂x = (g − mean(g) − y·mean(g·y)) / √(σ² + ε) (Ioffe and Szegedy 2015, arXiv:1502.03167, section 3)."""
    n, inverse = _count(x, axis), _inverse_deviation(x, axis, eps)
    mean_g, mean_gy = g.sum(axis=axis, keepdims=True) / n, (g * y).sum(axis=axis, keepdims=True) / n
    return (g - y * mean_gy - mean_g) * inverse


# fmt: off
sum = primitive("sum", lambda x, axis, keepdims: x.sum(axis=axis, keepdims=keepdims),      # Σ x
    lambda g, y, x, axis, keepdims: _repeated(g, x, axis))
max = primitive("max", lambda x, axis, keepdims: x.max(axis=axis, keepdims=keepdims),
    lambda g, y, x, axis, keepdims: _kept(g, x, axis) * _attained(x, y, axis))
min = primitive("min", lambda x, axis, keepdims: x.min(axis=axis, keepdims=keepdims),
    lambda g, y, x, axis, keepdims: _kept(g, x, axis) * _attained(x, y, axis))
logsumexp = primitive("logsumexp", _logsumexp,                                             # log Σ eˣ
    lambda g, y, x, axis: _kept(g, x, axis) * softmax(x, axis=axis))
softmax: Primitive = primitive("softmax", _softmax,                                                   # eˣ / Σ eˣ
    lambda g, y, x, axis: y * (g - (g * y).sum(axis=axis, keepdims=True)))
log_softmax = primitive("log_softmax", lambda x, axis: x - _kept(_logsumexp(x, axis), x, axis),
    lambda g, y, x, axis: g - exp(y) * g.sum(axis=axis, keepdims=True))
standardize = primitive("standardize", _standardize, _standardize_rule)                    # (x − μ) / √(σ² + ε)
# fmt: on
