"""The metric over the values of a factor that are numbers: examples, learning rate, depth, width."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import Row, Spec, colours, finish, layer, nothing, number, span, within
from paribus.plots.rows import place
from paribus.records import wording
from paribus.records.result import ArmResult, StudyResult

FEWEST = 3  # numbers that make a curve
DECADE = 8.0  # values that differ by this factor are drawn on a logarithmic axis
HEIGHT = 260


def numeric(result: StudyResult) -> tuple[str, ...]:
    """The factors over which there is something to draw: three or more different numbers each."""
    factors = result.design.factors if result.design.layout != "noise" else {}
    return tuple(path for path, values in factors.items() if len({*filter(_is_number, values)}) >= FEWEST)


def levels(result: StudyResult, factor: str | None = None) -> Chart:
    """The mean of the metric with its interval over the values of a factor, a line for each setting of the others.

    Args:
        result: the study.
        factor: the field; by default the first one whose values are numbers.
    """
    title = f"{wording.spoken(result.metric_name).capitalize()} over a factor"
    paths = [factor] if factor else numeric(result)[:1]
    if not paths:
        return nothing(title, "No factor of this study has three numbers or more.")
    [path] = paths
    name = wording.short_names(list(result.design.factors))[path]
    title = wording.clean(f"{wording.spoken(result.metric_name).capitalize()} over {name}")
    lines = _lines(result, path)
    rows = [row for line, arms in lines.items() for row in _rows(result, path, line, arms)]
    if not any(wording.known(row["mean"]) for row in rows):
        return nothing(title, "Nothing is known yet about the results of these arms.")
    view = {"width": theme.WIDTH - 80, "height": HEIGHT, "layer": _layers(result, rows, lines, wording.clean(path))}
    return finish(view, title, *_reading(result, rows))


def _lines(result: StudyResult, path: str) -> dict[str, list[ArmResult]]:
    """Arms that differ in this factor alone, by what the other factors are; those with one value only make no line."""
    found: dict[str, list[ArmResult]] = {}
    short = wording.short_names(list(result.design.factors))
    for arm in result.arms:
        if _is_number(arm.settings.get(path)):
            others = {short[field]: value for field, value in arm.settings.items() if field != path}
            name = ", ".join(f"{field}={wording.show(value)}" for field, value in others.items())
            found.setdefault(name, []).append(arm)
    lines = {name: arms for name, arms in found.items() if len(arms) > 1}
    return dict(zip(wording.distinct(lines), lines.values(), strict=True))


def _rows(result: StudyResult, path: str, line: str, arms: Sequence[ArmResult]) -> list[Row]:
    factor, _ = wording.unit(result.metric)
    rows: list[Row] = []
    for arm in sorted(arms, key=lambda arm: float(arm.settings[path])):
        value, interval = place(arm.level, factor, wording.tells_level(arm.level))
        low, high = interval or (None, None)
        seeds = [factor * one for one in arm.values.values() if wording.known(one)]
        rows.append({"arm": line, "x": arm.settings[path], "mean": value, "low": low, "high": high, "seeds": seeds})
    return rows


def _layers(result: StudyResult, rows: Sequence[Row], lines: Mapping[str, Any], title: str) -> list[Spec]:
    several = len(lines) <= len(theme.ARMS)  # colours while they last
    colour = colours(list(lines), theme.ARMS if several else [theme.ACCENT] * len(lines), legend=several)
    _, unit = wording.unit(result.metric)
    shown = [value for row in rows for value in (row["low"], row["high"], *row["seeds"])]
    y_domain = within(span(shown), result.metric.percent)
    y = number("y", y_domain, wording.spoken(result.metric_name) + unit, tickCount=5)
    at: dict[str, Any] = {"x": _axis([row["x"] for row in rows], title), "color": colour}
    banded = [_clipped(row, y_domain) for row in rows if wording.known(row["low"])]
    dots = [{"arm": row["arm"], "x": row["x"], "y": value} for row in rows for value in row["seeds"]]
    means = [{"arm": row["arm"], "x": row["x"], "y": row["mean"]} for row in rows if wording.known(row["mean"])]
    return [
        layer({"type": "area", "opacity": 0.16}, banded, **at, y={**y, "field": "low"}, y2={"field": "high"}),
        layer({"type": "point", "filled": True, "size": 20, "opacity": 0.45}, dots, **at, y=y),
        layer({"type": "line", "strokeWidth": 2.2, "point": {"size": 40}}, means, **at, y=y),
    ]


def _clipped(row: Row, domain: tuple[float, float]) -> Row:
    return {"arm": row["arm"], "x": row["x"], "low": max(row["low"], domain[0]), "high": min(row["high"], domain[1])}


def _axis(values: Sequence[float], title: str) -> Spec:
    """The values of the factor; by their logarithm where they are spread over a decade."""
    ticks = sorted({*values})
    logarithmic = ticks[0] > 0 and ticks[-1] >= DECADE * ticks[0]
    low, high = span(map(math.log, ticks) if logarithmic else ticks, 0.04)
    domain = (math.exp(low), math.exp(high)) if logarithmic else (low, high)
    x = number("x", domain, title, grid=False, format=".6~g", labelOverlap=True, values=ticks)
    x["scale"]["type"] = "log" if logarithmic else "linear"
    return x


def _reading(result: StudyResult, rows: Sequence[Row]) -> list[str]:
    text = "Lines join the means over seeds, small points are single seeds"
    if any(wording.known(row["low"]) for row in rows):
        sure = wording.percent(result.design.confidence)
        return [f"{text}, bands the {sure} intervals of each mean {wording.ABOUT[result.claim]}."]
    return [f"{text}."]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)
