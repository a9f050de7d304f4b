"""Operations that move numbers without changing them. Each is linear; its rule moves the gradients back."""

from __future__ import annotations

from typing import Any

import numpy as np

from paribus.scratch.graph import Array, Primitive, Variadic, primitive

Key = Any  # whatever NumPy accepts between brackets


def _back(axes: tuple[int, ...]) -> tuple[int, ...]:
    """The permutation that undoes ``axes``."""
    return tuple(int(i) for i in np.argsort(axes))


def _scatter(g: Array, key: Key, shape: tuple[int, ...]) -> Array:
    """Zeros, with ``g`` added at ``key``; where indices repeat, the sum. The transpose of ``x[key]``."""
    x = np.zeros(shape, g.dtype)
    if _repeats(key):
        np.add.at(x, key, g)
    else:
        x[key] = g
    return x


def _repeats(key: Key) -> bool:
    """Whether a key may name the same number twice: only integer arrays can."""
    parts: tuple[Any, ...] = key if isinstance(key, tuple) else (key,)
    return any(isinstance(part, np.ndarray | list) and np.asarray(part).dtype != bool for part in parts)


def _pad(x: Array, widths: tuple[tuple[int, int], ...], value: float) -> Array:
    """``x`` with ``value`` around it; ``widths`` are (before, after) for each axis."""
    y = np.full([n + a + b for n, (a, b) in zip(x.shape, widths, strict=True)], value, x.dtype)
    y[_inner(x.shape, widths)] = x
    return y


def _inner(shape: tuple[int, ...], widths: tuple[tuple[int, int], ...]) -> tuple[slice, ...]:
    return tuple(slice(a, a + n) for n, (a, _) in zip(shape, widths, strict=True))


def _slab(i: int, axis: int, inputs: tuple[Any, ...]) -> Key:
    """Where input i lies in the concatenation."""
    start: int = sum(x.shape[axis] for x in inputs[:i])
    return (slice(None),) * (axis % inputs[i].ndim) + (slice(start, start + inputs[i].shape[axis]),)


# fmt: off
reshape      = primitive("reshape", lambda x, shape: x.reshape(shape),
                         lambda g, y, x, shape: g.reshape(x.shape))
transpose    = primitive("transpose", lambda x, axes: x.transpose(axes),
                         lambda g, y, x, axes: g.transpose(_back(axes)))
broadcast_to = primitive("broadcast_to", lambda x, shape: np.broadcast_to(x, shape),
                         lambda g, y, x, shape: g)  # the walk backward undoes broadcasting, here and everywhere
index        = primitive("index", lambda x, key: x[key],
                         lambda g, y, x, key: scatter(g, key=key, shape=x.shape))
scatter: Primitive = primitive("scatter", _scatter,
                         lambda g, y, x, key, shape: index(g, key=key))
pad          = primitive("pad", _pad,
                         lambda g, y, x, widths, value: g[_inner(x.shape, widths)])
concatenate  = Variadic("concatenate", lambda *xs, axis=0: np.concatenate(xs, axis),
                        (lambda i, g, y, *xs, axis=0: g[_slab(i, axis, xs)],))
stack        = Variadic("stack", lambda *xs, axis=0: np.stack(xs, axis),
                        (lambda i, g, y, *xs, axis=0: g[(slice(None),) * (axis % g.ndim) + (i,)],))
# fmt: on
