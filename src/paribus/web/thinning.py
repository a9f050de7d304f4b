"""Long curves as few points that look the same: exact where there are few, else per bucket.

Largest-triangle-three-buckets (S. Steinarsson, 2013, "Downsampling time series for visual representation", University
of Iceland) keeps in every bucket the point that spans the largest triangle with its neighbours; beside it stand the
smallest and the largest value of the bucket, so that no spike is lost.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Column = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """Points of a curve, by x.

    Args:
        x: (P,) where they are.
        y: (P,) what they are; NaN where nothing is known.
        low, high: (P,) the smallest and largest value around each; nothing where the curve is exact.
    """

    x: Column
    y: Column
    low: Column | None = None
    high: Column | None = None

    @property
    def exact(self) -> bool:
        """Whether every value is there."""
        return self.low is None


def thin(x: Column, y: Column, points: int) -> Curve:
    """A curve of at most ``points`` points.

    Args:
        x: (N,) ascending.
        y: (N,) with NaN where nothing is known; gaps are left out where the curve is thinned.
        points: at least 3.
    """
    import numpy as np

    if len(x) <= points:
        return Curve(x, y)
    known = np.isfinite(y)
    if not known.all():
        x, y = x[known], y[known]
    if len(x) <= points:
        return Curve(x, y)
    edges = _edges(len(x), points)
    starts = edges[:-1]
    chosen = largest_triangles(x, y, edges)
    return Curve(x[chosen], y[chosen], np.minimum.reduceat(y, starts), np.maximum.reduceat(y, starts))


def _edges(size: int, points: int) -> NDArray[np.intp]:
    """Where buckets begin, and the end: the first and the last point have one of their own."""
    import numpy as np

    inner = np.linspace(1, size - 1, points - 1).astype(np.intp)
    return np.concatenate([[0], inner, [size]]).astype(np.intp)


def largest_triangles(x: Column, y: Column, edges: NDArray[np.intp]) -> NDArray[np.intp]:
    """(P,) the place of one point for each bucket, from one edge to the next."""
    import numpy as np

    sizes = np.diff(edges)
    mean_x, mean_y = np.add.reduceat(x, edges[:-1]) / sizes, np.add.reduceat(y, edges[:-1]) / sizes
    chosen = np.zeros(len(sizes), dtype=np.intp)
    chosen[-1] = len(x) - 1
    at = 0  # the point chosen before
    for bucket in range(1, len(sizes) - 1):
        first, last = edges[bucket], edges[bucket + 1]
        to_x, to_y = mean_x[bucket + 1] - x[at], mean_y[bucket + 1] - y[at]
        areas = np.abs((x[first:last] - x[at]) * to_y - (y[first:last] - y[at]) * to_x)
        at = first + int(areas.argmax())
        chosen[bucket] = at
    return chosen
