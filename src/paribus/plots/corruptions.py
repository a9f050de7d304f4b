"""How accuracy falls with the strength of a corruption: a panel for each kind."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from paribus.analysis.corruptions import Corruptions
from paribus.analysis.severity import Severity
from paribus.evidence.estimate import Estimate
from paribus.evidence.proportion import Proportion
from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import Row, Spec, colours, finish, heading, layer, number
from paribus.records.wording import ABOUT, clean, percent

HEIGHT, COLUMNS = 150, 3
GAP, ROWS = 54, 74  # between panels, for the labels of axes
ENDS = (0, 100)  # of an accuracy in per cent

Curve = Sequence[Proportion | Estimate]


def severity(found: Corruptions) -> Chart:
    """Accuracy by strength, with bands over the examples."""
    colour = {"value": theme.ARMS[1]}
    panels = {kind: _rows("", found.strengths, curve) for kind, curve in found.curves.items()}
    return _drawn(panels, colour, "Bands: intervals over the examples.")


def severities(found: Severity) -> Chart:
    """The mean accuracy of each arm by strength, with bands over the seeds."""
    arms = {arm: clean(arm) for of_kind in found.kinds.values() for arm in of_kind}
    panels = {
        kind: [row for arm, one in of_kind.items() for row in _rows(arms[arm], found.strengths, one.curve)]
        for kind, of_kind in found.kinds.items()
    }
    about = ABOUT["like-these" if found.overlap else "these"]
    reading = f"Lines: means over {found.seeds} seeds; bands: {percent(found.confidence)} intervals {about}."
    return _drawn(panels, colours(list(arms.values()), theme.ARMS), reading)


def _rows(arm: str, strengths: Sequence[float], curve: Curve) -> list[Row]:
    """Points of a line in per cent; no band goes beyond what an accuracy can be."""
    low, high = ENDS
    return [
        {
            "arm": arm,
            "strength": strength,
            "y": 100 * one.value,
            "low": max(low, 100 * one.low),
            "high": min(high, 100 * one.high),
        }
        for strength, one in zip(strengths, curve, strict=True)
    ]


def _drawn(panels: Mapping[str, list[Row]], colour: Mapping[str, Any], reading: str) -> Chart:
    width = (theme.WIDTH - 20) / min(COLUMNS, len(panels)) - GAP
    concat = [_panel(clean(kind), rows, colour, width) for kind, rows in panels.items()]
    view = {"concat": concat, "columns": COLUMNS, "bounds": "flush", "spacing": {"row": ROWS, "column": GAP}}
    return finish(view, "Accuracy by strength of a corruption", reading)


def _panel(kind: str, rows: list[Row], colour: Mapping[str, Any], width: float) -> Spec:
    x = number("strength", (0, 1), "strength", tickCount=3, grid=False)
    title = "accuracy (%)"
    layers = [
        layer({"type": "area", "opacity": 0.15}, rows, x=x, color=colour, y=number("low", ENDS, title, tickCount=3),
              y2={"field": "high"}),
        layer({"type": "line", "strokeWidth": 2, "point": {"size": 22, "filled": True}}, rows, x=x, color=colour,
              y=number("y", ENDS, title, tickCount=3)),
        heading([kind]),
    ]  # fmt: skip
    return {"width": width, "height": HEIGHT, "layer": layers}
