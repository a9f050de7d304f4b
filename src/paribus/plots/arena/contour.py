"""Contour maps: the regions below a level as polygons, by marching squares (Lorensen and Cline 1987, in the plane).

Coordinates are pixels, as Vega-Lite's ``geoshape`` and SVG paths take them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Loop = list[tuple[float, float]]

# The bands from low to high, dark to light: one hue, so that the paths own the colours.
BANDS = ("#8fa3ba", "#9db0c5", "#abbdcf", "#b9c8d9", "#c6d3e1", "#d2dde8", "#dde6ee", "#e6edf3", "#eef3f7", "#f6f9fb")
LINE = "#ffffff"
RATIO = 30.0  # where the heights of the map differ by this factor, levels have equal ratios

# Edges of a cell: 0 bottom, 1 right, 2 top, 3 left. Corners: 1 bottom left, 2 bottom right, 4 top right, 8 top left.
# For each set of corners below the level, lines from edge to edge that have the low side on their left.
LINES: dict[int, tuple[tuple[int, int], ...]] = {
    1: ((0, 3),),
    2: ((1, 0),),
    3: ((1, 3),),
    4: ((2, 1),),
    5: ((0, 3), (2, 1)),
    6: ((2, 0),),
    7: ((2, 3),),
    8: ((3, 2),),
    9: ((0, 2),),
    10: ((1, 0), (3, 2)),
    11: ((1, 2),),
    12: ((3, 1),),
    13: ((0, 1),),
    14: ((3, 0),),
}
JOINED = {5: ((0, 1), (2, 3)), 10: ((1, 2), (3, 0))}  # opposite corners, where the cell's middle is low too


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
        found = [[(cx * width / cells, height - cy * height / cells) for cx, cy in one] for one in loops(grid, level)]
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
    padded = np.pad(grid, 1, constant_values=np.inf)
    below = (padded < level) if np.isfinite(level) else np.pad(np.ones(grid.shape, bool), 1)
    corners = (below[:-1, :-1], below[:-1, 1:], below[1:, 1:], below[1:, :-1])
    cases = np.einsum("c,cyx->yx", [1, 2, 4, 8], np.stack(corners).astype(int))
    following: dict[tuple[int, int, int], tuple[int, int, int]] = {}
    for row, column in np.argwhere((cases > 0) & (cases < 15)):
        for start, end in _lines(padded, int(cases[row, column]), row, column, level):
            following[_edge(row, column, start)] = _edge(row, column, end)
    return _link(following, padded, level)


def _lines(grid: Array, case: int, row: int, column: int, level: float) -> tuple[tuple[int, int], ...]:
    if case in JOINED and grid[row : row + 2, column : column + 2].mean() < level:
        return JOINED[case]
    return LINES[case]


def _edge(row: int, column: int, side: int) -> tuple[int, int, int]:
    """An edge as (row, column, 0 along x or 1 along y) of its first end: neighbouring cells share it."""
    return {0: (row, column, 0), 1: (row, column + 1, 1), 2: (row + 1, column, 0), 3: (row, column, 1)}[side]


def _link(following: dict[Any, Any], grid: Array, level: float) -> list[Loop]:
    """Lines put end to end until they close."""
    found = []
    while following:
        first, edge = following.popitem()
        loop = [_crossing(first, grid, level)]
        while edge != first:
            loop.append(_crossing(edge, grid, level))
            edge = following.pop(edge)
        found.append([*loop, loop[0]])
    return found


def _crossing(edge: tuple[int, int, int], grid: Array, level: float) -> tuple[float, float]:
    """Where the level crosses an edge, by linear interpolation; on the rim of the map at the rim."""
    row, column, along = edge
    a, b = float(grid[row, column]), float(grid[row + along, column + 1 - along])
    at_rim = 0.0 if np.isfinite(a) else 1.0
    part = (level - a) / (b - a) if np.isfinite([a, b]).all() else at_rim
    return column - 1 + part * (1 - along), row - 1 + part * along
