"""Where the spread between runs comes from."""

from __future__ import annotations

import math

from paribus.evidence import Component
from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import nothing
from paribus.plots.rows import Axis, Row, draw
from paribus.records import wording
from paribus.records.result import StudyResult


def noise(result: StudyResult) -> Chart:
    """For every stream of chance its share of the variance between runs, with its interval."""
    title = "Where the spread comes from"
    if result.noise is None or not result.noise.components:
        return nothing(title, "This is not a noise study.")
    rows = [_row(component, result) for component in result.noise.components]
    share = f"share, {wording.percent(result.noise.confidence)} interval"
    axis = Axis("share of the variance between runs (%)", contains=(0.0, 100.0))
    reading = "In each row only this stream of chance varies. Shares need not add up to 100 %."
    return draw(rows, axis, (share, "standard deviation", "runs"), title, reading)


def _row(component: Component, result: StudyResult) -> Row:
    share = component.share
    spread = wording.difference(result.metric, math.sqrt(component.variance.value), signed=False)
    text = wording.both(*wording.part_of(share, component.n))
    told = wording.tells_part(share, component.n)
    bounded = told and wording.known(share.low) and wording.known(share.high)
    return Row(
        component.stream,
        100 * share.value if told else None,
        (100 * share.low, 100 * share.high) if bounded else None,
        theme.ACCENT,
        (text, spread, str(component.n)),
    )
