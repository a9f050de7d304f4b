"""Maximum over windows. Which pixel wins is decided once; ``pick`` and ``place`` then only move numbers.

Both are linear and transposes of each other, so each is the other's rule. Of equal pixels the first one wins.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import numpy as np

from paribus.scratch.graph import Array, Primitive, array_of, primitive
from paribus.scratch.ops.convolution import Grid, Ints, pixel, windows


def max_pool(x: Any, kernel: Ints, grid: Grid) -> Any:
    """The largest number in each window: (N, C, *size) → (N, C, *out)."""
    return pick(x, winners=_winners(array_of(x), kernel, grid), kernel=kernel, grid=grid)


def _by_pixel(x: Array, kernel: Ints, grid: Grid, writeable: bool = False) -> Iterator[Array]:
    """For each pixel of the kernel, what it sees in all windows: views (N, C, *out)."""
    seen = windows(x, kernel, grid, writeable)
    return (seen[pixel(k)] for k in product(*map(range, kernel)))


def _winners(x: Array, kernel: Ints, grid: Grid) -> Array:
    """Number of the winning kernel pixel in each window."""
    first, *rest = _by_pixel(x, kernel, grid)
    best, winners = first.copy(), np.zeros(first.shape, np.min_scalar_type(len(rest)))
    for number, seen in enumerate(rest, 1):
        np.maximum(winners, (seen > best) * winners.dtype.type(number), out=winners)  # later numbers are larger
        np.maximum(best, seen, out=best)
    return winners


def _pick(x: Array, winners: Array, kernel: Ints, grid: Grid) -> Array:
    bits = np.dtype(f"u{x.itemsize}")  # times 0 or 1 as integers: fast, and an infinite loser leaves no nan
    y = np.zeros(winners.shape, bits)
    for number, seen in enumerate(_by_pixel(x, kernel, grid)):
        y += seen.view(bits) * (winners == number)
    return y.view(x.dtype)


def _place(g: Array, winners: Array, size: Ints, kernel: Ints, grid: Grid) -> Array:
    x = np.zeros((*g.shape[:2], *size), g.dtype)
    for number, seen in enumerate(_by_pixel(x, kernel, grid, writeable=True)):
        seen += g * (winners == number)
    return x


# fmt: off
pick = primitive("max pooling", _pick,
    lambda g, y, x, winners, kernel, grid: place(g, winners=winners, size=x.shape[2:], kernel=kernel, grid=grid))
place: Primitive = primitive("max pooling, gradient", _place,
    lambda g, y, x, winners, size, kernel, grid: pick(g, winners=winners, kernel=kernel, grid=grid))
# fmt: on
