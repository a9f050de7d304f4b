"""The arms side by side: every seed, the mean and its interval."""

from __future__ import annotations

from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import nothing
from paribus.plots.rows import Axis, Row, draw, place
from paribus.records import wording
from paribus.records.result import ArmResult, StudyResult


def arms(result: StudyResult) -> Chart:
    """One dot per seed, the mean and its interval over seeds, for every arm."""
    title = f"{wording.spoken(result.metric_name).capitalize()} of every arm"
    if not result.arms:
        return nothing(title, "This study has no arm yet.")
    _, unit = wording.unit(result.metric)
    rows = [_row(arm, result, colour) for arm, colour in zip(result.arms, colours(len(result.arms)), strict=True)]
    heads = (f"mean, {wording.percent(result.design.confidence)} interval {wording.ABOUT[result.claim]}", "runs")
    reading = "Small dots are single seeds; the large dot is their mean."
    axis = Axis(f"{wording.spoken(result.metric_name)}{unit}", percent=result.metric.percent)
    return draw(rows, axis, heads, title, reading)


def colours(number: int) -> tuple[str, ...]:
    """A colour for every arm: the palette while it lasts, otherwise one for all but the reference."""
    if number <= len(theme.ARMS):
        return theme.ARMS[:number]
    return (theme.ARMS[0], *[theme.ACCENT] * (number - 1))


def _row(arm: ArmResult, result: StudyResult, colour: str) -> Row:
    factor, _ = wording.unit(result.metric)
    value, interval = place(arm.level, factor, wording.tells_level(arm.level))
    dots = tuple(factor * dot for dot in arm.values.values() if wording.known(dot))
    mean = wording.both(wording.level(result.metric, arm.level.value), wording.level_interval(result.metric, arm.level))
    return Row(arm.name, value, interval, colour, (mean, wording.runs(arm.states.values())), dots)
