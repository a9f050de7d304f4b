"""The pieces of Vega-Lite that the plots are made of."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import count
from typing import Any

from paribus.plots import theme
from paribus.plots.chart import Chart

HEAD = 14  # height of a line in the title of a panel, in pixels

Spec = dict[str, Any]
Row = dict[str, Any]


def layer(mark: Mapping[str, Any], rows: Sequence[Row], **channels: Any) -> Spec:
    """One kind of mark over its own rows; a channel given as a text is the name of a column as it stands."""
    encoding = {name: raw(value) if isinstance(value, str) else value for name, value in channels.items()}
    return {"mark": dict(mark), "data": {"values": list(rows)}, "encoding": encoding}


def raw(field: str) -> Spec:
    """A column whose entries are used as they are: colours, sizes."""
    return {"field": field, "type": "nominal", "scale": None}


def number(field: str, domain: Sequence[float] | None = None, title: str | None = None, **axis: Any) -> Spec:
    """A column of numbers along an axis that need not begin at zero."""
    scale: Spec = {"zero": False}
    if domain is not None:
        scale |= {"domain": list(domain), "nice": False}
    return {
        "field": field,
        "type": "quantitative",
        "title": title,
        "scale": scale,
        "axis": {"title": title, **axis},
    }


def epochs(last: int, first: int = 1, most: int = 6) -> Spec:
    """The column ``epoch`` along an axis of whole numbers, with at most so many ticks."""
    step = next(step for step in _steps() if last // step - (first - 1) // step <= most)
    ticks = [tick for tick in range(first, last + 1) if tick % step == 0]
    domain = (first, last) if last > first else (first - 0.5, first + 0.5)
    return number("epoch", domain, "epoch", values=ticks, format=",d", grid=False)


def _steps() -> Iterator[int]:
    """1, 2, 5, 10, 20, 50, …"""
    return (digit * 10**power for power in count() for digit in (1, 2, 5))


def within(domain: tuple[float, float], percent: bool) -> tuple[float, float]:
    """The ends of an axis; where it is in per cent of a whole, none lies beyond 0 and 100."""
    low, high = domain
    return (max(0.0, low), min(100.0, high)) if percent else (low, high)


def hidden(field: str, length: float) -> Spec:
    """A column of pixels from the top or the left, without an axis."""
    scale = {"domain": [0, length], "range": [0, length], "zero": False, "nice": False}
    return {"field": field, "type": "quantitative", "scale": scale, "axis": None}


def span(values: Iterable[float | None], margin: float = 0.05) -> tuple[float, float]:
    """The smallest and the largest number, with some air."""
    finite = [value for value in values if value is not None and math.isfinite(value)]
    if not finite:
        return 0.0, 1.0
    low, high = min(finite), max(finite)
    air = margin * (high - low) or 0.05 * abs(high) or 0.5
    return low - air, high + air


def colours(names: Sequence[str], palette: Sequence[str], legend: bool = True) -> Spec:
    """The column ``arm`` as colours, and a legend in as many columns as fit on the page."""
    longest = max(map(len, names), default=0)
    columns = max(1, int(theme.WIDTH // (7 * longest + 50)))
    scale = {"domain": list(names), "range": list(palette[: len(names)])}
    return {
        "field": "arm",
        "type": "nominal",
        "scale": scale,
        "legend": {"columns": columns, "symbolType": "stroke"} if legend and len(names) > 1 else None,
    }


def dashes(colour: Spec) -> Spec:
    """Lines that take a colour for the second time are dashed, those of the third time dotted, in the same legend."""
    names = colour["scale"]["domain"]
    turns = ([1, 0], [6, 3], [2, 2])
    styles = [turns[place // len(theme.ARMS) % len(turns)] for place in range(len(names))]
    return {**colour, "scale": {"domain": names, "range": styles}}


def quoted(text: str) -> str:
    """A text within an expression of Vega."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def heading(lines: list[str]) -> Spec:
    """The title of a panel at its left edge; a title of Vega-Lite's own would move with the axis labels."""
    mark = {"type": "text", "align": "left", "baseline": "bottom", "lineHeight": HEAD, "fontSize": 12}
    row = {"text": lines, "at": -8 - HEAD * (len(lines) - 1)}
    return layer(mark, [row], x={"value": 0}, y={"value": row["at"]}, text={"field": "text"})


def finish(view: Spec, title: str, *reading: str) -> Chart:
    """A whole picture from a view: the look, the title, and lines that say what one sees."""
    head: Spec = {"text": title, **({"subtitle": list(reading)} if reading else {})}
    return Chart({"title": head, **view, "config": theme.config()}, title)


def nothing(title: str, why: str) -> Chart:
    """A picture in the place of one that cannot be drawn."""
    mark = {"type": "text", "align": "left", "color": theme.MUTED, "fontSize": 13}
    view = {
        "width": theme.WIDTH,
        "height": 24,
        **layer(mark, [{"why": why}], text={"field": "why"}, x={"value": 0}),
    }
    return finish(view, title)
