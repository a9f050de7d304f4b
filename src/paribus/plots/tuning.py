"""What each arm found with each value that its tuning tried."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import Row, Spec, colours, dashes, finish, layer, nothing, number, raw, span, within
from paribus.records import wording
from paribus.records.result import StudyResult

WIDTH, HEIGHT = 480, 240


def tuning(result: StudyResult) -> Chart:
    """The figure of every trial over the values of the first tuned field, a ring around what was chosen."""
    name = result.metric_name.rpartition("/")[2]
    title = f"Tuning: {name} over {next(iter(result.design.tune), 'values')}"
    rows = list(_rows(result))
    if not any(row["y"] is not None for row in rows):
        return nothing(title, "No trial has ended with a figure yet.")
    [field, *others] = result.design.tune
    found = [row for row in rows if row["y"] is not None]
    limits = within(span(row["y"] for row in found), result.metric.percent)
    lost = [{**row, "y": limits[0 if result.metric.higher_is_better else 1]} for row in rows if row["y"] is None]
    y = number("y", limits, f"{name} on examples for tuning{wording.unit(result.metric)[1]}", tickCount=5)
    colour = colours(list(dict.fromkeys(row["arm"] for row in rows)), theme.ARMS)
    across = {"x": _across(result, field), "color": colour}
    dots = {"type": "point", "filled": True, "size": 40, "opacity": 1}
    cross = {"type": "point", "shape": "cross", "angle": 45, "filled": True, "size": 60, "opacity": 1}
    ring = {"type": "point", "size": 220, "strokeWidth": 2, "opacity": 1}
    line = {"type": "line", "strokeWidth": 1.5, "opacity": 0.6}
    layers = [
        layer(line, [] if others else found, **across, y=y, order=raw("place"), strokeDash=dashes(colour)),
        layer(dots, found, **across, y=y),
        layer(cross, lost, **across, y=y),
        layer(ring, [row for row in found if row["chosen"]], **across, y=y),
    ]
    reading = "Rings: what was chosen." + (" Crosses: no figure, the run diverged or failed." if lost else "")
    return finish({"width": WIDTH, "height": HEIGHT, "layer": layers}, title, reading)


def _rows(result: StudyResult) -> Iterator[Row]:
    factor, _ = wording.unit(result.metric)
    names = wording.distinct(one.arm for one in result.tuning)
    for name, one in zip(names, result.tuning, strict=True):
        for place, trial in enumerate(one.trials):
            chosen = bool(one.chosen) and all(trial.values[field] == value for field, value in one.chosen.items())
            y = None if trial.figure is None else factor * trial.figure
            value: Any = trial.values[next(iter(result.design.tune))]
            yield {"arm": name, "x": value, "y": y, "place": place, "chosen": chosen}


def _across(result: StudyResult, field: str) -> Spec:
    scale = result.tuning[0].scales[field]
    if scale == "values":
        return {"field": "x", "type": "nominal", "title": field, "sort": None, "axis": {"labelAngle": 0}}
    x = number("x", None, field, tickCount=6, grid=False)
    x["scale"]["type"] = scale
    if scale == "log":
        x["axis"]["format"] = ".3~g"
    return x
