"""Sliding windows in NumPy, the words in which convolution and pooling formulas are written.

How many axes are spatial follows from the number of axes: (W,) and (H, W) are one plain signal or picture, (N, C, W)
and (N, C, H, W) a batch of them with channels. Complex numbers are welcome: derivatives are checked by complex steps.
"""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

Array = NDArray[Any]
Size = int | tuple[int, ...]
Index = tuple[Any, ...]


def spatial(x: Array) -> int:
    """How many of the axes are spatial: 1, 2, 1, 2 of 1, 2, 3, 4."""
    return 2 - x.ndim % 2


def each(size: Size, axes: int) -> tuple[int, ...]:
    """One number for each spatial axis."""
    return size if isinstance(size, tuple) else (size,) * axes


def correlate(x: Array, f: Array, stride: Size = 1, padding: Size = 0, dilation: Size = 1, groups: int = 1) -> Array:
    """y[n, o, p] = Σ_{c, k} f[o, c, k] · x[n, c, s·p + d·k − padding]: what deep learning calls a convolution.

    x (N, C, *size), f (O, C/groups, *kernel); or both without channels, which are then one.
    """
    if x.ndim <= 2:
        plain: Array = correlate(x[None, None], f[None, None], stride, padding, dilation)[0, 0]
        return plain
    axes = spatial(x)
    seen = windows(pad(x, padding), f.shape[2:], stride, dilation)  # (N, C, *out, *kernel)
    seen = seen.reshape(len(x), groups, f.shape[1], *seen.shape[2:])
    rows = f.reshape(groups, f.shape[0] // groups, *f.shape[1:])
    out, kernel = "hw"[:axes], "ij"[:axes]
    y: Array = np.einsum(f"ngc{out}{kernel},goc{kernel}->ngo{out}", seen, rows)
    return y.reshape(len(x), f.shape[0], *y.shape[3:])


def windows(x: Array, kernel: Size, stride: Size = 1, dilation: Size = 1) -> Array:
    """What each window sees: (…, *size) → (…, *out, *kernel), a view."""
    axes = spatial(x)
    sizes, steps, holes = each(kernel, axes), each(stride, axes), each(dilation, axes)
    span = tuple(d * (k - 1) + 1 for k, d in zip(sizes, holes, strict=True))
    view = sliding_window_view(x, span, axis=tuple(range(-axes, 0)))
    index: Index = (..., *(slice(None, None, step) for step in (*steps, *holes)))
    return view[index]


def fold(w: Array, size: tuple[int, ...], stride: Size = 1, dilation: Size = 1) -> Array:
    """The transpose of :func:`windows`: adds what stands in each window (…, *out, *kernel) to where it was seen."""
    axes = len(size)
    steps, holes = each(stride, axes), each(dilation, axes)
    x = np.zeros((*w.shape[: w.ndim - 2 * axes], *size), w.dtype)
    out, kernel = w.shape[-2 * axes : -axes], w.shape[-axes:]
    for k in product(*map(range, kernel)):
        places = zip(k, holes, steps, out, strict=True)
        reach: Index = (..., *(slice(i * d, i * d + s * (n - 1) + 1, s) for i, d, s, n in places))
        seen: Index = (..., *k)
        x[reach] += w[seen]
    return x


def pad(x: Array, before: Size, after: Size | None = None, value: float = 0.0) -> Array:
    """``value`` around each spatial axis: ``before`` numbers before it and, unless given, as many after it."""
    axes = spatial(x)
    left, right = each(before, axes), each(before if after is None else after, axes)
    widths = [(0, 0)] * (x.ndim - axes) + list(zip(left, right, strict=True))
    return np.pad(x, widths, constant_values=value)


def crop(x: Array, before: Size, after: Size | None = None) -> Array:
    """The transpose of :func:`pad`: cuts numbers off at both ends of each spatial axis."""
    axes = spatial(x)
    left, right = each(before, axes), each(before if after is None else after, axes)
    sizes = zip(left, right, x.shape[-axes:], strict=True)
    inner: Index = (..., *(slice(a, n - b) for a, b, n in sizes))
    return x[inner]


def dilate(x: Array, stride: Size) -> Array:
    """``stride`` − 1 zeros between neighbours."""
    axes = spatial(x)
    steps = each(stride, axes)
    size = tuple(s * (n - 1) + 1 for s, n in zip(steps, x.shape[-axes:], strict=True))
    wide = np.zeros((*x.shape[:-axes], *size), x.dtype)
    places: Index = (..., *(slice(None, None, s) for s in steps))
    wide[places] = x
    return wide


def flip(f: Array, groups: int = 1) -> Array:
    """The filter turned round along its spatial axes; with its two channel axes exchanged within each group."""
    axes = spatial(f)
    turned = np.flip(f, tuple(range(-axes, 0)))
    if f.ndim <= 2:
        return turned
    split = turned.reshape(groups, f.shape[0] // groups, *f.shape[1:])
    return split.swapaxes(1, 2).reshape(groups * f.shape[1], f.shape[0] // groups, *f.shape[2:])


def swap(x: Array, groups: int = 1) -> Array:
    """Samples and channels exchanged: (N, C, …) → (C, N, …); with groups, (N, G·C, …) → (C, G·N, …)."""
    split = x.reshape(len(x), groups, x.shape[1] // groups, *x.shape[2:])
    turned = np.moveaxis(split, (2, 1, 0), (0, 1, 2))
    return turned.reshape(turned.shape[0], -1, *x.shape[2:])


def unseen(x: Array, f: Array, stride: Size = 1, padding: Size = 0, dilation: Size = 1) -> tuple[int, ...]:
    """How many numbers at the end of each padded axis no window reaches: (size + 2p − span) mod s."""
    axes = spatial(x)
    sizes = zip(
        x.shape[-axes:],
        f.shape[-axes:],
        each(stride, axes),
        each(padding, axes),
        each(dilation, axes),
        strict=True,
    )
    return tuple((n + 2 * p - (d * (k - 1) + 1)) % s for n, k, s, p, d in sizes)


def plus(a: Size, b: Size) -> Size:
    """Sum by axis of two sizes, either of which may be one number for all axes."""
    if isinstance(a, int) and isinstance(b, int):
        return a + b
    axes = len(a) if isinstance(a, tuple) else len(b) if isinstance(b, tuple) else 1
    return tuple(i + j for i, j in zip(each(a, axes), each(b, axes), strict=True))
