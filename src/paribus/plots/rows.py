"""A chart of rows: a name, dots and an interval on a common axis, and what they say in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import TypeGuard

from paribus.evidence import Estimate
from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import Spec, finish, hidden, layer, number, span, within
from paribus.records.wording import known, lines, width_for

LINE, CHARACTER = 15, 6.6  # height of a line and mean width of a character, in pixels
GAP = 18  # between names, axis and columns
WORDS, HEAD = 38, 28  # characters on a line of a column, and of what stands over it
ABOVE = 8  # pixels from a bar to the thin one above it
WIDE = 4.0  # an interval this many times wider than the median one does not stretch the axis
FAR, FEWEST = 3.0, 4  # nor does, of so many rows, a difference this many times as large as the next one


@dataclass(frozen=True)
class Row:
    """One row.

    Args:
        name: stands on the left.
        value, interval: the large dot and the bar through it; ``None`` where there is none.
        beside: another interval about the same value, a thin bar above.
        colour: of the dot and the interval.
        words: stand on the right, one for each column; several lines in each.
        dots: the single observations.
        hollow: draws an open dot, for what is not decided.
    """

    name: str
    value: float | None
    interval: tuple[float, float] | None
    colour: str
    words: tuple[str, ...] = ()
    dots: tuple[float, ...] = ()
    hollow: bool = False
    beside: tuple[float, float] | None = None


def place(estimate: Estimate, factor: float, tells: bool) -> tuple[float | None, tuple[float, float] | None]:
    """Value and interval in the unit of the axis, as far as it is known and ``tells``."""
    value = factor * estimate.value if known(estimate.value) else None
    interval = (factor * estimate.low, factor * estimate.high) if tells else None
    return value, interval


@dataclass(frozen=True)
class Axis:
    """The common axis: its title, a line at zero, a band around it, values that it must contain; maybe 0–100 %."""

    title: str
    zero: bool = False
    band: float | None = None
    contains: tuple[float, ...] = ()
    percent: bool = False


def draw(rows: Sequence[Row], axis: Axis, heads: Sequence[str], title: str, *reading: str, tint: bool = False) -> Chart:
    """The rows, from top to bottom; ``tint`` writes the last column in the colour of its row."""
    wide = width_for(row.name for row in rows)
    names = [lines(row.name, wide) for row in rows]
    columns = [[_broken(row.words[place]) for row in rows] for place in range(len(heads))]
    heights = [LINE * max(map(len, cells)) + 16 for cells in zip(names, *columns, strict=True)]
    middles = [sum(heights[:place]) + height / 2 for place, height in enumerate(heights)]
    total = sum(heights)
    titles = [lines(head, HEAD) for head in heads]
    starts, width = _places(names, columns, titles)
    views = [*_marks(rows, middles, axis, total), _text(names, middles, total, -GAP, "right")]
    for head, column, start in zip(titles, columns, starts, strict=True):
        colours = [row.colour if tint and column is columns[-1] else theme.INK for row in rows]
        views += [_text(column, middles, total, start, "left", colours), _head(head, start)]
    return finish({"width": width, "height": total, "layer": views}, title, *reading)


def _broken(words: str) -> list[str]:
    """A cell of words in its lines, each of them broken where it is too long."""
    return [line for part in words.split("\n") for line in lines(part, WORDS)]


def _places(
    names: Sequence[list[str]], columns: Sequence[Sequence[list[str]]], heads: Sequence[list[str]]
) -> tuple[list[float], float]:
    """Where each column of words begins, right of the axis, and how wide the axis is."""
    wide = [
        CHARACTER * max(len(text) for text in [*head, *(line for cell in column for line in cell)])
        for head, column in zip(heads, columns, strict=True)
    ]
    left = CHARACTER * max((len(line) for name in names for line in name), default=0)
    width = max(240.0, theme.WIDTH - left - sum(wide) - GAP * (1 + len(wide)))
    starts = [width + GAP + sum(wide[:place]) + GAP * place for place in range(len(wide))]
    return starts, width


def _marks(rows: Sequence[Row], middles: Sequence[float], axis: Axis, total: float) -> list[Spec]:
    low, high = _domain(rows, axis)
    x = number("x", (low, high), axis.title, tickCount=6)
    y = hidden("y", total)
    placed = list(zip(rows, middles, strict=True))
    small = [{"x": dot, "y": y, "colour": row.colour} for row, y in placed for dot in row.dots if low <= dot <= high]
    large = [
        {"x": row.value, "y": y, "colour": row.colour, "fill": theme.PAPER if row.hollow else row.colour}
        for row, y in placed
        if row.value is not None and low <= row.value <= high
    ]
    bars = [_bar(row.interval, low, high, y, row.colour) for row, y in placed if _seen(row.interval, low, high)]
    thin = [_bar(row.beside, low, high, y - ABOVE, row.colour) for row, y in placed if _seen(row.beside, low, high)]
    ends = [{**bar, "x": bar[end]} for bar in thin for end in ("x", "to")]
    return [
        *_references(axis, x),
        layer(
            {"type": "point", "filled": True, "size": 34, "opacity": 0.45, "yOffset": 9},
            small,
            x=x,
            y=y,
            color="colour",
        ),
        layer({"type": "rule", "strokeWidth": 1}, thin, x=x, x2={"field": "to"}, y=y, color="colour"),
        layer({"type": "tick", "orient": "vertical", "size": 5, "thickness": 1}, ends, x=x, y=y, color="colour"),
        layer({"type": "rule", "strokeWidth": 2.5}, bars, x=x, x2={"field": "to"}, y=y, color="colour"),
        *_cut(placed, low, high, x, y),
        layer(
            {"type": "point", "size": 90, "strokeWidth": 2, "opacity": 1},
            large,
            x=x,
            y=y,
            stroke="colour",
            fill="fill",
        ),
    ]


def _seen(interval: tuple[float, float] | None, low: float, high: float) -> TypeGuard[tuple[float, float]]:
    """Whether some of an interval lies on the axis."""
    return interval is not None and interval[0] <= high and interval[1] >= low


def _bar(interval: tuple[float, float], low: float, high: float, y: float, colour: str) -> Spec:
    """An interval, as far as it lies on the axis."""
    return {"x": max(interval[0], low), "to": min(interval[1], high), "y": y, "colour": colour}


def _references(axis: Axis, x: Spec) -> list[Spec]:
    views = []
    if axis.band:
        edge = [{"x": -axis.band, "to": axis.band}]
        views.append(layer({"type": "rect", "color": theme.GRID, "opacity": 0.7}, edge, x=x, x2={"field": "to"}))
    if axis.zero:
        views.append(layer({"type": "rule", "color": theme.INK, "strokeWidth": 1}, [{"x": 0}], x=x))
    return views


def _cut(placed: Sequence[tuple[Row, float]], low: float, high: float, x: Spec, y: Spec) -> list[Spec]:
    """Arrowheads where an interval goes on beyond the axis, and where all of a row lies there."""
    views = []
    for side, end, angle in ((0, low, -90), (1, high, 90)):
        beyond = [
            {"x": end, "y": middle, "colour": row.colour}
            for row, middle in placed
            if _goes_beyond(row, side, low, high)
        ]
        mark = {
            "type": "point",
            "shape": "triangle",
            "filled": True,
            "size": 70,
            "angle": angle,
            "opacity": 1,
        }
        views.append(layer(mark, beyond, x=x, y=y, color="colour"))
    return views


def _goes_beyond(row: Row, side: int, low: float, high: float) -> bool:
    """Whether something of a row lies beyond the lower (0) or the upper end (1)."""
    ends = [end for end in (row.value, row.interval[side] if row.interval else None) if end is not None]
    return any(end > high if side else end < low for end in ends)


def _domain(rows: Sequence[Row], axis: Axis) -> tuple[float, float]:
    """Where the axis begins and ends: everything is in, except intervals and a difference that dwarf all others."""
    rows = _near(rows) if axis.zero else rows
    bars = [row.interval for row in rows if row.interval]
    reach = WIDE * median((high - low) / 2 for low, high in bars) if bars else 0.0
    values: list[float | None] = [*axis.contains, *([0.0] if axis.zero else [])]
    for row in rows:
        values += [row.value, *row.dots]
        if row.value is not None and row.interval:
            values += [max(row.interval[0], row.value - reach), min(row.interval[1], row.value + reach)]
    return within(span(values), axis.percent)


def _near(rows: Sequence[Row]) -> Sequence[Row]:
    """The rows without that of a difference which dwarfs all others."""
    sizes = sorted(abs(row.value) for row in rows if row.value is not None)
    if len(sizes) < FEWEST or sizes[-1] <= FAR * sizes[-2]:
        return rows
    return [row for row in rows if row.value is None or abs(row.value) < sizes[-1]]


def _text(
    cells: Sequence[list[str]],
    middles: Sequence[float],
    total: float,
    start: float,
    align: str,
    colours: Sequence[str] = (),
) -> Spec:
    """A column of texts, each centred on its row."""
    table = [
        {"y": middle - LINE * (len(cell) - 1) / 2, "text": cell, "colour": colour}
        for cell, middle, colour in zip(cells, middles, colours or [theme.INK] * len(cells), strict=True)
    ]
    mark = {"type": "text", "align": align, "baseline": "middle", "lineHeight": LINE}
    return layer(mark, table, x={"value": start}, y=hidden("y", total), text={"field": "text"}, color="colour")


def _head(head: list[str], start: float) -> Spec:
    mark = {"type": "text", "align": "left", "baseline": "bottom", "color": theme.MUTED, "lineHeight": LINE}
    top = {"value": -6 - LINE * (len(head) - 1)}
    return layer(mark, [{"text": head}], x={"value": start}, y=top, text={"field": "text"})
