"""The evidence of a finding: lines of figures, and where those of healthy runs lie."""

from __future__ import annotations

import math

from paribus.diagnosis.finding import Trace
from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import Row, Spec, colours, finish, layer, nothing, number, span
from paribus.records import wording

HEIGHT = 240
FEW = 12  # points of a line that are each a dot


def finding(trace: Trace) -> Chart:
    """All lines of a trace, the range of healthy runs as a band, and limits as level lines."""
    lines = {wording.clean(name): _drawable(points, trace.log) for name, points in trace.lines.items()}
    lines = {name: points for name, points in lines.items() if points}
    if not lines:
        return nothing(trace.title, "Nothing that could be drawn was recorded.")
    rows: list[Row] = [{"arm": name, "x": x, "y": y} for name, points in lines.items() for x, y in points]
    limits = {name: y for name, y in trace.limits.items() if math.isfinite(y) and (y > 0 or not trace.log)}
    x = number("x", span([row["x"] for row in rows], 0.03), trace.x, grid=False, **_whole([row["x"] for row in rows]))
    y = _scale(trace, [row["y"] for row in rows] + list(limits.values()))
    colour = colours(list(lines), theme.ARMS)
    mark = {"type": "line", "strokeWidth": 2, "clip": True, "point": {"size": 26} if _few(lines) else False}
    rule = {"type": "rule", "color": theme.FAINT, "strokeDash": [4, 3]}
    marks = [{"y": level} for level in limits.values()]
    view = {
        "width": theme.WIDTH - 90,
        "height": HEIGHT,
        "layer": [*_band(trace, y), layer(rule, marks, y=y), layer(mark, rows, x=x, y=y, color=colour)],
    }
    return finish(view, trace.title[:1].upper() + trace.title[1:], *_reading(trace, limits))


def _whole(values: list[float]) -> dict[str, object]:
    """Ticks at whole numbers, where only such are counted."""
    if any(value != int(value) for value in values):
        return {"tickCount": 8}
    first, last = int(min(values)), int(max(values))
    return {"values": list(range(first, last + 1, 1 + (last - first) // 10)), "format": ",d"}


def _few(lines: dict[str, list[tuple[float, float]]]) -> bool:
    return all(len(points) <= FEW for points in lines.values())


def _drawable(points: object, log: bool) -> list[tuple[float, float]]:
    finite = [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)]  # type: ignore[attr-defined]
    return [(x, y) for x, y in finite if y > 0] if log else finite


def _scale(trace: Trace, values: list[float]) -> Spec:
    """The vertical axis, wide enough for the range of healthy runs."""
    seen = [*values, *(trace.healthy or ())]
    if not trace.log:
        return number("y", span(seen), trace.y, tickCount=5)
    low, high = span([math.log10(value) for value in seen if value > 0])
    decades = [10.0**power for power in range(math.ceil(low), math.floor(high) + 1)]
    ticks = {"values": decades[:: 1 + len(decades) // 8]} if len(decades) > 1 else {"tickCount": 5}
    scale = number("y", (10**low, 10**high), trace.y, format=".2~g", **ticks)
    scale["scale"]["type"] = "log"
    return scale


def _band(trace: Trace, y: Spec) -> list[Spec]:
    if trace.healthy is None or (trace.log and trace.healthy[0] <= 0):
        return []
    low, high = trace.healthy
    mark = {"type": "rect", "color": theme.ARMS[3], "opacity": 0.14}
    return [layer(mark, [{"y": low, "high": high}], y=y, y2={"field": "high"})]


def _reading(trace: Trace, limits: dict[str, float]) -> list[str]:
    """What the band and the level lines are."""
    said = ["The green band is where healthy runs lie."] if trace.healthy is not None else []
    return said + [f"Dashed: {name}, {level:.3g}." for name, level in limits.items()]
