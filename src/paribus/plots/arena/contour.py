"""Contour maps: the regions below a level as polygons.

Coordinates are pixels, as Vega-Lite's ``geoshape`` and SVG paths take them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Loop = list[list[float]]

# The bands from low to high, dark to light: one hue, so that the paths own the colours.
BANDS = ("#8fa3ba", "#9db0c5", "#abbdcf", "#b9c8d9", "#c6d3e1", "#d2dde8", "#dde6ee", "#e6edf3", "#eef3f7", "#f6f9fb")
LINE = "#ffffff"
RATIO = 30.0  # where the heights of the map differ by this factor, levels have equal ratios


@dataclass(frozen=True)
class Contours:
    """A map: the region below each level, with its colour, from high to low, as they are painted.

    Args:
        regions: closed loops in pixels, and a colour.
        lowest: the smallest value on the map.
        ratio: between the heights of neighbouring levels above the lowest; None where levels are equally far apart.
        distance: between neighbouring levels, where that is what they share.
    """

    regions: tuple[tuple[tuple[Loop, ...], str], ...]
    lowest: float
    ratio: float | None
    distance: float | None


def contours(
    value: Callable[[Array], Any], low: Array, high: Array, width: float, height: float, cells: int = 100
) -> Contours:
    """The map of a function of two coordinates, (…, 2) → (…), over a rectangle of ``width`` × ``height`` pixels."""
    x, y = (np.linspace(low[i], high[i], cells + 1) for i in (0, 1))
    with np.errstate(all="ignore"):
        grid = np.asarray(value(np.stack(np.meshgrid(x, y), -1)), float)  # (row y, column x)
    grid = np.where(np.isfinite(grid), grid, np.inf)
    levels, ratio, distance = _levels(grid)
    regions = []
    for level, colour in zip(levels[::-1], BANDS[len(levels) - 1 :: -1], strict=True):
        found = [[[cx * width / cells, height - cy * height / cells] for cx, cy in one] for one in loops(grid, level)]
        regions.append((tuple(found), colour))
    return Contours(tuple(regions), float(grid.min()), ratio, distance)


def _levels(grid: Array) -> tuple[Array, float | None, float | None]:
    """Levels from low to high; the last is above everything, so that the whole map is painted."""
    finite = grid[np.isfinite(grid)]
    lowest, number = float(finite.min()), len(BANDS) - 1
    above = np.sort(finite - lowest)
    first, median, top = float(above[len(above) // 100]), float(np.median(above)), float(above[-1])
    if top <= 0:
        return np.array([np.inf]), None, None
    if median > 0 and top > RATIO / 6 * median and first > 0:
        levels = np.geomspace(first, top, number + 1)[:-1]
        return np.append(lowest + levels, np.inf), float(levels[1] / levels[0]), None
    levels = np.linspace(0.0, top, number + 2)[1:-1]
    return np.append(lowest + levels, np.inf), None, float(levels[1] - levels[0])


def loops(grid: Array, level: float) -> list[Loop]:
    """Closed loops around the region below a level, in units of cells; the region is on their left."""
    import contourpy

    z = np.ma.masked_invalid(grid) if np.isfinite(level) else np.zeros(grid.shape)  # below ∞ is everything
    generator = contourpy.contour_generator(z=z, fill_type=contourpy.FillType.OuterOffset)
    filled: Any = generator.filled(-np.inf, level)
    regions, ends = filled
    return [region[a:b].tolist() for region, cuts in zip(regions, ends, strict=True) for a, b in pairwise(cuts)]
