"""Convolution in any number of dimensions, with its two gradients, each the gradient of the others.

A network "convolution" is a sliding scalar product (mathematically a cross-correlation),

    y[n, o, p] = Σ_{c, k} w[o, c, k] · x[n, c, s·p + d·k],      s stride, d dilation, p and k positions.

The scalar ⟨g, y⟩ is linear in x, in w and in g. Leaving one of the three out gives three operations:

    convolve(x, w) = y      conv_transpose(g, w) = ∂⟨g, y⟩/∂x      match(x, g) = ∂⟨g, y⟩/∂w

Since all three come from one trilinear form, the rules of each are the other two, and derivatives of any order stay
within the family. The second one is what is called a transposed convolution.

Shapes: x (N, C, *size), already padded; w (O, C/G, *kernel); y, g (N, O, *out), with G groups of channels.
The sums are done by BLAS: windows of a few samples are laid out as columns that still fit into the cache
("im2col", Chellapilla, Puri and Simard 2006), then multiplied as matrices.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from math import prod
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from paribus.scratch.graph import Array, Primitive, primitive

Ints = tuple[int, ...]
CACHED = 1 << 18  # numbers in the columns of one portion: 1 MB in float32


class Grid(NamedTuple):
    """Where the windows lie: one entry of stride and dilation for each spatial axis."""

    stride: Ints
    dilation: Ints
    groups: int = 1

    def span(self, kernel: Ints) -> Ints:
        """Pixels from the first to the last one that a window touches: d·(k − 1) + 1."""
        return tuple(d * (k - 1) + 1 for k, d in zip(kernel, self.dilation, strict=True))

    def out(self, size: Ints, kernel: Ints) -> Ints:
        """Windows that fit: ⌊(size − span)/s⌋ + 1."""
        return tuple((n - e) // s + 1 for n, e, s in zip(size, self.span(kernel), self.stride, strict=True))

    def whole(self, out: Ints, kernel: Ints) -> Ints:
        """The smallest size on which ``out`` windows fit: s·(out − 1) + span."""
        return tuple(s * (p - 1) + e for p, e, s in zip(out, self.span(kernel), self.stride, strict=True))


def windows(x: Array, kernel: Ints, grid: Grid, writeable: bool = False) -> Array:
    """A view (N, C, *kernel, *out) of x (N, C, *size): what each kernel pixel sees. Nothing is copied."""
    n, span = len(kernel), grid.span(kernel)
    if any(e > have for e, have in zip(span, x.shape[2:], strict=True)):
        raise ValueError(f"a kernel {kernel} with dilation {grid.dilation} spans {span}, more than the padded input")
    view = sliding_window_view(x, span, axis=tuple(range(2, n + 2)), writeable=writeable)
    steps = [slice(None, None, s) for s in (*grid.stride, *grid.dilation)]
    axes = (0, 1, *range(n + 2, 2 * n + 2), *range(2, n + 2))
    picked: Array = view[:, :, *steps].transpose(axes)
    return picked


def pixel(k: Ints) -> Any:
    """Index of what kernel pixel k sees in all windows."""
    return (slice(None), slice(None), *k)


def _portions(samples: int, numbers_each: int) -> Iterator[slice]:
    """Slices of the batch whose columns fit into the cache."""
    size = max(1, CACHED // max(1, numbers_each))
    return (slice(start, start + size) for start in range(0, samples, size))


def _convolve(x: Array, w: Array, grid: Grid) -> Array:
    kernel, groups = w.shape[2:], grid.groups
    seen = windows(x, kernel, grid)  # (N, C, *kernel, *out)
    out = seen.shape[2 + len(kernel) :]
    rows = w.reshape(groups, w.shape[0] // groups, -1)  # (G, O/G, K),  K = C/G·kernel
    y = np.empty((len(x), groups, rows.shape[1], prod(out)), np.result_type(x, w))
    for part in _portions(len(x), x.shape[1] * prod(kernel) * prod(out)):
        columns = seen[part].reshape(-1, groups, rows.shape[2], prod(out))  # (n, G, K, L)
        np.matmul(rows, columns, out=y[part])
    return y.reshape(len(x), w.shape[0], *out)


def _conv_transpose(g: Array, w: Array, size: Ints, grid: Grid) -> Array:
    kernel, groups, n = w.shape[2:], grid.groups, len(g)
    flat = g.reshape(n, groups, w.shape[0] // groups, -1)  # (N, G, O/G, L)
    rows = w.reshape(groups, w.shape[0] // groups, -1).swapaxes(1, 2)  # (G, K, O/G)
    x = np.zeros((n, w.shape[1] * groups, *size), np.result_type(g, w))
    seen = windows(x, kernel, grid, writeable=True)
    for part in _portions(n, x.shape[1] * prod(kernel) * flat.shape[3]):
        columns = (rows @ flat[part]).reshape(-1, *seen.shape[1:])
        for k in product(*map(range, kernel)):  # windows overlap, but for a fixed kernel pixel they do not
            seen[part][pixel(k)] += columns[pixel(k)]
    return x


def _match(x: Array, g: Array, kernel: Ints, grid: Grid) -> Array:
    groups, outputs = grid.groups, g.shape[1]
    flat = g.reshape(len(g), groups, outputs // groups, -1)  # (N, G, O/G, L)
    seen = windows(x, kernel, grid)
    inputs = x.shape[1] // groups * prod(kernel)
    w = np.zeros((groups, outputs // groups, inputs), np.result_type(x, g))
    for part in _portions(len(x), x.shape[1] * prod(kernel) * flat.shape[3]):
        columns = seen[part].reshape(-1, groups, inputs, flat.shape[3])
        w += (flat[part] @ columns.swapaxes(2, 3)).sum(axis=0)
    return w.reshape(outputs, x.shape[1] // groups, *kernel)


# fmt: off
convolve = primitive("convolution", _convolve,
    lambda g, y, x, w, grid: conv_transpose(g, w, size=x.shape[2:], grid=grid),
    lambda g, y, x, w, grid: match(x, g, kernel=w.shape[2:], grid=grid))
conv_transpose: Primitive = primitive("transposed convolution", _conv_transpose,
    lambda u, y, g, w, size, grid: convolve(u, w, grid=grid),
    lambda u, y, g, w, size, grid: match(u, g, kernel=w.shape[2:], grid=grid))
match: Primitive = primitive("convolution, weight gradient", _match,
    lambda u, y, x, g, kernel, grid: conv_transpose(g, u, size=x.shape[2:], grid=grid),
    lambda u, y, x, g, kernel, grid: convolve(x, u, grid=grid))
# fmt: on
