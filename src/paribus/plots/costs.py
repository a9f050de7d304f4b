"""Costs of the arms: the metric against time or size."""

from __future__ import annotations

import math
from itertools import accumulate
from typing import Literal

from paribus.plots import theme
from paribus.plots.arms import colours
from paribus.plots.chart import Chart
from paribus.plots.grammar import Row, Spec, finish, hidden, layer, nothing, number, span, within
from paribus.plots.rows import place
from paribus.records import wording
from paribus.records.result import StudyResult

TITLES = {"seconds": "training time of a run (seconds)", "parameters": "trainable parameters"}
SHORT = {"seconds": "training time", "parameters": "parameters"}
WIDTH, LINE = 480, 15  # of the panel, and height of a line of the list beside it, in pixels
LETTERS = 40  # on a line of the list
DECADES = 20.0  # parameters that differ by this factor are drawn on a logarithmic axis


def costs(result: StudyResult, against: Literal["seconds", "parameters"] = "seconds") -> Chart:
    """The metric of every arm, with its interval, against what the arm costs."""
    title = f"{wording.spoken(result.metric_name).capitalize()} against {SHORT[against]}"
    rows = _rows(result, against)
    if not rows:
        return nothing(title, "Nothing is known yet about the results and the costs of these arms.")
    height = max(260, sum(_height(row) for row in rows))
    x, reach = _cost(rows, against), span(row[end] for row in rows for end in ("value", "low", "high"))
    reach = within(reach, result.metric.percent)
    by_pixels = {"layer": [_numbers(rows, x, reach, height), *_key(rows, height)]}
    view = {
        "width": WIDTH,
        "height": height,
        "layer": [_marks(result, rows, x, reach), by_pixels],
        "resolve": {"scale": {"y": "independent"}},
    }
    reading = "Numbers refer to the list."
    if any(row["low"] is not None for row in rows):
        reading += f" Bars: {wording.percent(result.design.confidence)} intervals {wording.ABOUT[result.claim]}."
    return finish(view, title, reading)


def _rows(result: StudyResult, against: str) -> list[Row]:
    factor, _ = wording.unit(result.metric)
    rows: list[Row] = []
    for arm, colour in zip(result.arms, colours(len(result.arms)), strict=True):
        cost = getattr(arm, against)
        value, interval = place(arm.level, factor, wording.tells_level(arm.level))
        if wording.known(cost) and cost > 0 and value is not None:
            low, high = interval or (None, None)
            row = {"cost": cost, "value": value, "low": low, "high": high, "colour": colour}
            rows.append({**row, "key": str(len(rows) + 1), "name": wording.lines(arm.name, LETTERS, 4)})
    return rows


def _marks(result: StudyResult, rows: list[Row], x: Spec, reach: tuple[float, float]) -> Spec:
    y = number("value", reach, wording.spoken(result.metric_name) + wording.unit(result.metric)[1], tickCount=5)
    bars = [
        {**row, "value": max(row["low"], reach[0]), "high": min(row["high"], reach[1])}
        for row in rows
        if row["low"] is not None
    ]
    marks = [
        layer({"type": "rule", "strokeWidth": 2}, bars, x=x, y=y, y2={"field": "high"}, color="colour"),
        layer({"type": "point", "filled": True, "size": 90, "opacity": 1}, rows, x=x, y=y, color="colour"),
    ]
    return {"layer": marks}


def _cost(rows: list[Row], against: str) -> Spec:
    costs = [row["cost"] for row in rows]
    logarithmic = against != "seconds" and max(costs) > DECADES * min(costs)
    domain = (0.8 * min(costs), 1.25 * max(costs)) if logarithmic else (0.0, 1.08 * max(costs))
    x = number("cost", domain, TITLES[against], tickCount=5, grid=False)
    x["scale"]["type"] = "log" if logarithmic else "linear"
    return x


def _numbers(rows: list[Row], x: Spec, reach: tuple[float, float], height: float) -> Spec:
    """The numbers at the dots, each moved up until it stands clear of those before it."""
    low, high = reach
    left, right = map(math.log, x["scale"]["domain"]) if x["scale"]["type"] == "log" else x["scale"]["domain"]
    placed: list[Row] = []
    for row in sorted(rows, key=lambda row: float(row["value"])):
        cost = math.log(row["cost"]) if x["scale"]["type"] == "log" else row["cost"]
        across, at = WIDTH * (cost - left) / (right - left), height * (high - row["value"]) / (high - low) - 9
        while any(abs(other["across"] - across) < 18 and abs(other["at"] - at) < LINE - 2 for other in placed):
            at -= 1
        placed.append({"cost": row["cost"], "across": across, "at": at, "key": row["key"]})
    mark = {"type": "text", "align": "left", "baseline": "middle", "dx": 6, "color": theme.MUTED}
    return layer(mark, placed, x=x, y=hidden("at", height), text={"field": "key"})


def _key(rows: list[Row], height: float) -> list[Spec]:
    """The names, numbered, right of the panel."""
    starts = accumulate((_height(row) for row in rows), initial=LINE / 2)
    lines = [{**row, "at": start} for row, start in zip(rows, starts, strict=False)]
    y = hidden("at", height)
    text = {"type": "text", "baseline": "middle", "align": "left", "lineHeight": LINE}
    dot = {"type": "point", "filled": True, "size": 70, "opacity": 1}
    place = {"y": y, "color": "colour"}
    return [
        layer(dot, lines, **place, x={"value": WIDTH + 28}),
        layer({**text, "align": "right"}, lines, y=y, x={"value": WIDTH + 56}, text={"field": "key"}),
        layer(text, lines, y=y, x={"value": WIDTH + 64}, text={"field": "name"}),
    ]


def _height(row: Row) -> int:
    return LINE * len(row["name"]) + 4
