"""Learning curves: the mean over seeds with its interval, for every arm."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from paribus.analysis.curves import ArmCurve, Curves, learning_curves
from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import HEAD, Row, Spec, colours, finish, heading, layer, nothing, number, span
from paribus.records import wording
from paribus.records.result import StudyResult

FLUSH = {"bounds": "flush", "spacing": 62}  # panels in line, whatever stands at their axes
COLUMNS = 4  # panels side by side where every arm has its own


@dataclass(frozen=True)
class Panel:
    """How a figure is drawn: its title, what its values are multiplied by, and its vertical axis."""

    title: str
    factor: float
    domain: tuple[float, float]
    logarithmic: bool


def curves(result: StudyResult, metric: str | None = None, seeds: bool = False) -> Chart:
    """Learning curves of all arms.

    Args:
        result: the study.
        metric: a figure of the records; by default both losses and the study's metric.
        seeds: whether to draw each seed as a thin line too; diverged runs are always drawn.
    """
    figures = learning_curves(result, metric)
    if not figures:
        return nothing("Learning curves", "No epoch of these figures has been recorded.")
    if len(result.arms) > len(theme.ARMS):
        return _panel_an_arm(result, figures[-1], seeds)
    return _panel_a_figure(result, figures, seeds)


def _panel_a_figure(result: StudyResult, figures: Sequence[Curves], seeds: bool) -> Chart:
    """All arms in one panel for every figure."""
    names = wording.distinct(arm.name for arm in result.arms)
    size = {"width": theme.WIDTH / len(figures) - 62, "height": 210}
    colour = colours(names, theme.ARMS)
    panels = []
    for figure in figures:
        panel, arms = _panel(result, figure), dict(zip(names, figure.arms, strict=True))
        panels.append({**size, "layer": [*_layers(panel, arms, colour, seeds), heading([panel.title])]})
    view = {"concat": panels, "columns": len(panels), "resolve": {"scale": {"color": "shared"}}}
    return finish({**view, **FLUSH}, "Learning curves", _reading(result))


def _panel_an_arm(result: StudyResult, figure: Curves, seeds: bool) -> Chart:
    """One small panel for every arm with the reference behind it: twenty lines in one panel tell nothing."""
    reference, *others = figure.arms
    size = {"width": theme.WIDTH / COLUMNS - 58, "height": 84}
    colour = colours(["reference", "arm"], theme.ARMS, legend=False)
    panel = _panel(result, figure)
    names = [wording.lines(arm.name, 28, 4) for arm in others]
    panels = [
        {
            **size,
            "layer": [*_layers(panel, {"reference": reference, "arm": arm}, colour, seeds), heading(name)],
        }
        for arm, name in zip(others, names, strict=True)
    ]
    key = f"Blue: the arm named above its panel. Slate: the reference, {wording.lines(reference.name, 80, 1)[0]}."
    view = {
        "concat": panels,
        "columns": COLUMNS,
        "bounds": "flush",
        "spacing": {"row": 56 + HEAD * max(map(len, names)), "column": 52},
    }
    return finish(view, f"Learning curves: {panel.title}", key, _reading(result))


def _panel(result: StudyResult, figure: Curves) -> Panel:
    """What is read in per cent is drawn in per cent, what falls over decades by its logarithm."""
    compared = figure.figure.rpartition("/")[2] == result.metric_name.rpartition("/")[2]
    factor, unit = wording.unit(result.metric) if compared else (1.0, "")
    ends = (factor * figure.low, factor * figure.high)
    if figure.decades:
        low, high = span(map(math.log, ends))
        domain = math.exp(low), math.exp(high)
    else:
        domain = span(ends)
    return Panel(wording.spoken(figure.figure) + unit, factor, domain, figure.decades)


def _layers(panel: Panel, arms: Mapping[str, ArmCurve], colour: Spec, seeds: bool) -> list[Spec]:
    means, threads = list(_means(panel, arms)), list(_threads(panel, arms))
    lost = [row for row in threads if row["lost"]]
    sound = [row for row in threads if seeds and not row["lost"]]
    low, high = panel.domain
    banded = [{**row, "low": max(row["low"], low)} for row in means if wording.known(row["low"])]
    y = number("y", panel.domain, tickCount=4)
    if panel.logarithmic:
        y["scale"]["type"], y["axis"]["format"] = "log", ".3~g"
    at: dict[str, Any] = {
        "x": number("epoch", title="epoch", tickMinStep=1, tickCount=4, grid=False),
        "color": colour,
    }
    line = {
        "type": "line",
        "clip": True,
        "strokeWidth": 2.2,
        "point": {"size": 18} if len(means) < 4 else False,
    }
    thin = {"type": "line", "clip": True, "strokeWidth": 1, "opacity": 0.55}
    area = {"type": "area", "clip": True, "opacity": 0.16}
    cross = {"type": "point", "shape": "cross", "angle": 45, "filled": True, "size": 60, "opacity": 1}
    ends = [{**row, "y": min(max(row["y"], low), high)} for row in lost if row["last"]]
    return [
        layer(area, banded, **at, y={**y, "field": "low"}, y2={"field": "high"}),
        layer(thin, sound, **at, y=y, detail={"field": "run"}),
        layer({**thin, "strokeDash": [4, 3]}, lost, **at, y=y, detail={"field": "run"}),
        layer(cross, ends, **at, y=y),
        layer(line, means, **at, y=y),
    ]


def _means(panel: Panel, arms: Mapping[str, ArmCurve]) -> Iterator[Row]:
    """One row for every epoch of every arm that has a mean."""
    for name, arm in arms.items():
        for epoch, mean in enumerate(arm.band, 1):
            if mean is not None:
                y, low, high = (panel.factor * value for value in (mean.value, mean.low, mean.high))
                yield {"arm": name, "epoch": epoch, "y": y, "low": low, "high": high}


def _threads(panel: Panel, arms: Mapping[str, ArmCurve]) -> Iterator[Row]:
    """Every single run, one row an epoch; ``last`` marks where a diverged run ends."""
    for name, arm in arms.items():
        for run in arm.runs:
            of = {"arm": name, "run": f"{name} {run.seed}", "lost": run.diverged}
            for epoch, y in enumerate(run.values, 1):
                if wording.known(y):
                    last = run.diverged and epoch == len(run.values)
                    yield {**of, "epoch": epoch, "y": panel.factor * y, "last": last}


def _reading(result: StudyResult) -> str:
    sure = wording.percent(result.design.confidence)
    text = f"Lines are means over seeds as far as every run has come, bands their {sure} intervals."
    if any(arm.count("diverged") for arm in result.arms):
        text += " A dashed line is a run that diverged, a cross its end."
    return text
