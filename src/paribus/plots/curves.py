"""Learning curves: the mean over seeds with its interval, for every arm."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from paribus.plots import bands, theme
from paribus.plots.bands import Figure
from paribus.plots.chart import Chart
from paribus.plots.grammar import HEAD, Spec, colours, epochs, finish, heading, layer, nothing, number
from paribus.records import wording
from paribus.records.result import ArmResult, StudyResult

FLUSH = {"bounds": "flush", "spacing": {"row": 84, "column": 62}}  # panels in line, whatever stands at their axes
LOSSES = ("train/loss", "val/loss")
MOST = 3  # losses of somebody else's training that are drawn beside the figure that is compared
COLUMNS = 4  # panels side by side where every arm has its own


def curves(result: StudyResult, metric: str | None = None, seeds: bool = False) -> Chart:
    """Learning curves of all arms.

    Args:
        result: the study.
        metric: a figure of the records; by default both losses and the study's metric.
        seeds: whether to draw each seed as a thin line too; diverged runs are always drawn.
    """
    written = ((name, y) for arm in result.arms for name, runs in arm.curves.items() for run in runs for y in run)
    recorded = {name for name, y in written if wording.known(y)}
    compared = result.metric_name.removeprefix("best:")  # of the best value the curve is that of all
    beside = f"train/{compared.rpartition('/')[2]}"
    others = [name for name in sorted(recorded) if result.design.foreign and name.endswith("loss")][:MOST]
    wanted = [metric] if metric else list(dict.fromkeys([*LOSSES, *others, beside, compared]))
    figures = [Figure.of(result, name) for name in wanted if name in recorded]
    if not figures:
        return nothing("Learning curves", "No epoch of these figures has been recorded.")
    if len(result.arms) > len(theme.ARMS):
        return _panel_an_arm(result, figures[-1], seeds)
    return _panel_a_figure(result, figures, seeds)


def _panel_a_figure(result: StudyResult, figures: Sequence[Figure], seeds: bool) -> Chart:
    """All arms in one panel for every figure; training beside validation on the same scale."""
    arms = dict(zip(wording.distinct(arm.name for arm in result.arms), result.arms, strict=True))
    columns = 2 if len(figures) == 4 else len(figures)
    size = {"width": theme.WIDTH / columns - 62, "height": 210}
    colour = colours(list(arms), theme.ARMS)
    panels = []
    for figure in figures:
        limits = bands.limits([one for one in figures if one.short == figure.short], result.arms)
        panels.append({**size, "layer": [*_layers(figure, arms, colour, seeds, limits), heading([figure.title])]})
    view = {"concat": panels, "columns": columns, "resolve": {"scale": {"color": "shared"}}}
    return finish({**view, **FLUSH}, "Learning curves", _reading(result))


def _panel_an_arm(result: StudyResult, figure: Figure, seeds: bool) -> Chart:
    """One small panel for every arm with the reference behind it: twenty lines in one panel tell nothing."""
    reference, *others = result.arms
    size = {"width": theme.WIDTH / COLUMNS - 58, "height": 84}
    colour = colours(["reference", "arm"], theme.ARMS, legend=False)
    limits = bands.limits([figure], result.arms)
    names = [wording.lines(arm.name, 28, 4) for arm in others]
    panels = [
        {
            **size,
            "layer": [
                *_layers(figure, {"reference": reference, "arm": arm}, colour, seeds, limits),
                heading(name),
            ],
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
    return finish(view, f"Learning curves: {figure.title}", key, _reading(result))


def _layers(
    figure: Figure,
    arms: Mapping[str, ArmResult],
    colour: Spec,
    seeds: bool,
    limits: tuple[float, float, bool],
) -> list[Spec]:
    means, threads = bands.means(figure, arms), bands.threads(figure, arms)
    first = min((arm.epochs[0] for arm in arms.values() if arm.epochs), default=1)
    few = all(len(arm.states) < bands.ENOUGH for arm in arms.values())
    lost = [row for row in threads if row["lost"]]
    sound = [row for row in threads if not row["lost"]]
    *domain, logarithmic = limits
    banded = [{**row, "low": max(row["low"], domain[0])} for row in means if wording.known(row["low"]) and not few]
    y = number("y", domain, tickCount=5)
    if logarithmic:
        y["scale"]["type"], y["axis"]["format"] = "log", ".3~g"
    at: dict[str, Any] = {
        "x": epochs(max([row["epoch"] for row in threads], default=first), first),
        "color": colour,
    }
    line = {
        "type": "line",
        "clip": True,
        "strokeWidth": 2.2,
        "point": {"size": 18} if len(means) < 4 else False,
    }
    thin = {"type": "line", "clip": True, "strokeWidth": 1, "opacity": 0.55}
    dot = {"type": "point", "clip": True, "filled": True, "size": 20, "opacity": 0.45}
    area = {"type": "area", "clip": True, "opacity": 0.16}
    cross = {"type": "point", "shape": "cross", "angle": 45, "filled": True, "size": 60, "opacity": 1}
    ends = [{**row, "y": min(max(row["y"], domain[0]), domain[1])} for row in lost if row["last"]]
    return [
        layer(area, banded, **at, y={**y, "field": "low"}, y2={"field": "high"}),
        layer(thin, sound if seeds else [], **at, y=y, detail={"field": "run"}),
        layer(dot, sound if few else [], **at, y=y),
        layer({**thin, "strokeDash": [4, 3]}, lost, **at, y=y, detail={"field": "run"}),
        layer(cross, ends, **at, y=y),
        layer(line, means, **at, y=y),
    ]


def _reading(result: StudyResult) -> str:
    seeds = max((len(arm.states) for arm in result.arms), default=0)
    text = "Lines are means over seeds as far as every run has come"
    if seeds >= bands.ENOUGH:
        sure = wording.percent(result.design.confidence)
        text += f", bands their {sure} intervals {wording.ABOUT[result.claim_of_seeds]}."
    else:
        text = f"{text}, points are single seeds." if seeds > 1 else "There is one seed."
    if any(arm.count("diverged") for arm in result.arms):
        text += " A dashed line is a run that diverged, a cross its end."
    return text
