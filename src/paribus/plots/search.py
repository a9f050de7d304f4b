"""A search in pictures: its history, each field by itself, all fields at once, and what each of them accounts for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import Row, Spec, finish, heading, layer, nothing, number, raw, span, within
from paribus.records import wording
from paribus.records.result import ArmResult
from paribus.records.search import SearchResult, Trial
from paribus.studies.search.design import space_of
from paribus.studies.search.space import Dimension

WHOLE, STOPPED, BEST = theme.ACCENT, theme.FAINT, theme.ARMS[2]
COLUMNS = 3  # panels side by side, one for each field
MOST_LINES = 200  # trials of a parallel picture, the best ones
FEWEST_LINES = 2
FAR = 3.0  # times the distance of the median from the best, beyond which a figure lies at the edge


def history(result: SearchResult) -> Chart:
    """The figure of every trial, the best so far, and what was confirmed on fresh seeds."""
    title, rows = "Trials", _rows(result)
    if not rows:
        return nothing(title, "No trial has a figure yet.")
    confirmed = _confirmed(result)
    reach = _reach(result, rows, [value for _, *found in confirmed for value in found])
    last = max(row["trial"] for row in rows)
    x = number("trial", (-0.5, last + 0.5), "trial", tickMinStep=1, format="d", grid=False)
    y = number("value", reach, _spoken(result), tickCount=5)
    bands = [{"low": max(low, reach[0]), "high": min(high, reach[1])} for _, _, low, high in confirmed[-1:]]
    lines: list[Row] = [{"value": value, "name": name} for name, value, *_ in confirmed]
    area = layer({"type": "rect", "color": theme.VERDICTS["better"], "opacity": 0.12}, bands, y={**y, "field": "low"})
    area["encoding"]["y2"] = {"field": "high"}
    lines = sorted(lines, key=lambda row: -row["value"])  # the name of the higher one above it, of the other below
    text = {"type": "text", "align": "right", "color": theme.VERDICTS["better"]}
    above, below = {**text, "baseline": "bottom", "dy": -3}, {**text, "baseline": "top", "dy": 4}
    names = [(above, lines[:1]), (below, lines[1:])]
    marks = [
        area,
        layer({"type": "rule", "strokeDash": [5, 4], "color": theme.VERDICTS["better"]}, lines, y=y),
        *(layer(mark, some, y=y, x={"value": theme.WIDTH - 4}, text={"field": "name"}) for mark, some in names),
        layer({**_dots(), "size": 42}, _within(rows, reach), x=x, y=y, color="colour"),
        layer(
            {"type": "line", "interpolate": "step-after", "color": BEST}, _best_so_far(result, rows, reach), x=x, y=y
        ),
    ]
    view = {"width": theme.WIDTH, "height": 240, "layer": marks}
    reading = ["Blue: trained to the end; orange line: the best of these so far."]
    if _within(rows, reach) != rows:
        reading[0] += " What is far worse lies at the edge."
    if any(row["colour"] == STOPPED for row in rows):
        reading[0] = "Grey: stopped early, at the figure it had then. " + reading[0]
    if confirmed:
        reading.append("Green: the mean over fresh seeds of the recipe and of the winner, this one with its interval.")
    return finish(view, title, *reading)


def slices(result: SearchResult) -> Chart:
    """The figure of every trial against each of its fields."""
    title, rows = "Each field by itself", _rows(result)
    if not rows:
        return nothing(title, "No trial has a figure yet.")
    reach = _reach(result, rows)
    y = number("value", reach, _spoken(result), tickCount=4)
    names = wording.short_names(list(result.design.space))
    panels = []
    for dimension in space_of(result.design):
        there = [
            {**row, "at": _shown(dimension, row)} for row in _within(rows, reach) if dimension.field in row["settings"]
        ]
        dots = layer(_dots(), [_plain(row) for row in there], x=_axis(dimension), y=y, color="colour")
        named = heading([names[dimension.field]])
        panels.append({"width": theme.WIDTH / COLUMNS - 62, "height": 150, "layer": [dots, named]})
    view = {"concat": panels, "columns": COLUMNS, "spacing": {"row": 46, "column": 40}}
    return finish(
        view, title, "Orange: the winner; grey: stopped early. Fields are drawn alone, whatever the others were."
    )


def parallel(result: SearchResult) -> Chart:
    """All fields of all trials at once: a line for each trial, the better the darker."""
    title, rows = "All fields at once", _rows(result)
    if len(rows) < FEWEST_LINES:
        return nothing(title, "Fewer than two trials have a figure.")
    dimensions, names = list(space_of(result.design)), wording.short_names(list(result.design.space))
    sign = 1 if result.metric.higher_is_better else -1
    shown = sorted(rows, key=lambda row: (row["colour"] != STOPPED, sign * row["value"]))[-MOST_LINES:]
    points = [
        {
            "trial": row["trial"],
            "field": names[one.field],
            "at": one.place(row["settings"][one.field]),
            **_tone(row, i, shown),
        }
        for i, row in enumerate(shown)
        for one in dimensions
        if one.field in row["settings"]
    ]
    order = [names[one.field] for one in dimensions]
    x: Spec = {"field": "field", "type": "ordinal", "sort": order, "title": None, "scale": {"padding": 0.5}}
    x["axis"] = {"orient": "top", "labelAngle": 0, "domain": False, "ticks": False, "grid": True}
    y = {"field": "at", "type": "quantitative", "scale": {"domain": [0, 1]}, "axis": None}
    lines: Spec = layer({"type": "line", "strokeJoin": "round"}, points, x=x, y=y, color="colour", strokeWidth="width")
    lines["encoding"] |= {"detail": {"field": "trial"}, "opacity": raw("opacity")}
    text = {"type": "text", "align": "left", "baseline": "middle", "dx": 5, "color": theme.MUTED, "fontSize": 11}
    labels = [row for one in dimensions for row in _labels(one, names[one.field])]
    view = {
        "width": theme.WIDTH,
        "height": 260,
        "layer": [lines, layer(text, labels, x=x, y=y, text={"field": "label"})],
    }
    reading = (
        "A line for each trial, the better the darker; orange: the winner. A line breaks off where a field is missing."
    )
    return finish(view, title, reading)


def importance(result: SearchResult) -> Chart:
    """What share of the spread between trials each field accounts for."""
    title, names = "Which fields matter", wording.short_names(list(result.design.space))
    if not result.importance:
        return nothing(title, "Too few trials were trained to the end to tell.")
    rows = [{"field": names[path], "share": 100 * share} for path, share in result.importance.items()]
    y = {"field": "field", "type": "nominal", "sort": None, "title": None}
    x = number("share", (0, 100), "share of the spread between trials (%)", tickCount=5)
    bars = layer({"type": "bar", "color": WHOLE, "height": 16}, rows, x=x, y=y)
    return finish({"width": theme.WIDTH - 160, "height": 26 * len(rows), "layer": [bars]}, title)


def _rows(result: SearchResult) -> list[Row]:
    """Every trial that has a figure: its number, figure as people read it, colour and settings."""
    factor, _ = wording.unit(result.metric)
    best = result.best
    return [
        {
            "trial": trial.number,
            "value": factor * trial.value,
            "colour": BEST if trial == best else _colour(trial),
            "settings": trial.settings,
        }
        for trial in result.trials
        if trial.value is not None
    ]


def _colour(trial: Trial) -> str:
    return WHOLE if trial.state == "finished" else STOPPED


def _best_so_far(result: SearchResult, rows: Sequence[Row], reach: tuple[float, float]) -> list[Row]:
    """The best figure among the trials that were trained to the end, up to each of them."""
    pick: Callable[[float, float], float] = max if result.metric.higher_is_better else min
    found: list[Row] = []
    for row in rows:
        if row["colour"] != STOPPED:
            best = pick(row["value"], found[-1]["value"]) if found else row["value"]
            found.append({"trial": row["trial"], "value": best})
    return _within([*found, {"trial": rows[-1]["trial"], "value": found[-1]["value"]}], reach) if found else []


def _confirmed(result: SearchResult) -> list[tuple[str, float, float, float]]:
    """Name, mean and interval of the recipe and of the winner over fresh seeds, as people read them."""
    if result.confirmed is None:
        return []
    factor, _ = wording.unit(result.metric)
    base, winner = result.confirmed.arms
    return [
        (name, factor * arm.level.value, *_interval(arm, factor))
        for name, arm in (("the recipe, confirmed", base), ("the winner, confirmed", winner))
        if wording.known(arm.level.value)
    ]


def _interval(arm: ArmResult, factor: float) -> tuple[float, float]:
    if not wording.tells_level(arm.level):
        return factor * arm.level.value, factor * arm.level.value
    return factor * arm.level.low, factor * arm.level.high


def _reach(result: SearchResult, rows: Sequence[Row], further: Sequence[float] = ()) -> tuple[float, float]:
    """The ends of the axis of figures: what is far worse than most would leave no room for what counts."""
    values = sorted((row["value"] for row in rows), reverse=result.metric.higher_is_better)
    best, median = values[0], values[len(values) // 2]
    far = FAR * abs(best - median) or abs(best - values[-1])
    return within(span([value for value in (*values, *further) if abs(value - best) <= far]), result.metric.percent)


def _within(rows: Sequence[Row], reach: tuple[float, float]) -> list[Row]:
    """The same with figures beyond an axis at its edge."""
    return [{**row, "value": min(max(row["value"], reach[0]), reach[1])} for row in rows]


def _spoken(result: SearchResult) -> str:
    return wording.spoken(result.metric_name) + wording.unit(result.metric)[1]


def _dots() -> Spec:
    return {"type": "point", "filled": True, "size": 36, "opacity": 0.85}


def _plain(row: Row) -> Row:
    return {name: value for name, value in row.items() if name != "settings"}


def _shown(dimension: Dimension, row: Row) -> Any:
    value = row["settings"][dimension.field]
    return wording.show(value) if dimension.values else value


def _axis(dimension: Dimension) -> Spec:
    """The values of a field along an axis, on the scale on which it was searched."""
    if dimension.values:
        names = [wording.show(value) for value in dimension.values]
        axis = {"labelAngle": 0 if sum(map(len, names)) < 24 else -40, "labelLimit": 110}
        return {
            "field": "at",
            "type": "nominal",
            "sort": names,
            "scale": {"domain": names},
            "title": None,
            "axis": axis,
        }
    x = number("at", (dimension.low, dimension.high), tickCount=4, grid=False)
    if dimension.scale == "log":
        x["scale"] |= {"type": "log"}
        x["axis"] |= {"format": ".1~g"}
    return x


def _tone(row: Row, place: int, rows: Sequence[Row]) -> Row:
    """How a line looks whose trial is at this place from the worst on."""
    if row["colour"] == BEST:
        return {"colour": BEST, "opacity": 1.0, "width": 2.6}
    if row["colour"] == STOPPED:
        return {"colour": STOPPED, "opacity": 0.35, "width": 1.0}
    return {"colour": WHOLE, "opacity": 0.12 + 0.7 * (place / max(len(rows) - 1, 1)) ** 2, "width": 1.4}


def _labels(dimension: Dimension, name: str) -> Iterator[Row]:
    """What stands beside an axis: the values of a list, or both ends of a range."""
    for value in dimension.values or dimension.ends:
        yield {"field": name, "at": dimension.place(value), "label": wording.show(value)}
