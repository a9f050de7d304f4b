"""How accuracy falls with the strength of a corruption: a panel for each kind."""

from __future__ import annotations

from paribus.analysis.corruptions import Corruptions
from paribus.evidence.proportion import Proportion
from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import Row, Spec, finish, heading, layer, number

HEIGHT, COLUMNS = 150, 3
GAP, ROWS = 54, 74  # between panels, for the labels of axes


def severity(found: Corruptions) -> Chart:
    """Accuracy by strength, with bands over the examples."""
    width = (theme.WIDTH - 20) / min(COLUMNS, len(found.curves)) - GAP
    panels = [_panel(found, kind, curve, width) for kind, curve in found.curves.items()]
    view = {"concat": panels, "columns": COLUMNS, "bounds": "flush", "spacing": {"row": ROWS, "column": GAP}}
    return finish(view, "Accuracy by strength of a corruption", "Bands: intervals over the examples.")


def _panel(found: Corruptions, kind: str, curve: tuple[Proportion, ...], width: float) -> Spec:
    rows: list[Row] = [
        {"strength": strength, "y": 100 * one.value, "low": 100 * one.low, "high": 100 * one.high}
        for strength, one in zip(found.strengths, curve, strict=True)
    ]
    x = number("strength", (0, 1), "strength", tickCount=3, grid=False)
    ends, title = (0, 100), "accuracy (%)"
    colour = {"value": theme.ARMS[1]}
    layers = [
        layer({"type": "area", "opacity": 0.15}, rows, x=x, color=colour, y=number("low", ends, title, tickCount=3),
              y2={"field": "high"}),
        layer({"type": "line", "strokeWidth": 2, "point": {"size": 22, "filled": True}}, rows, x=x, color=colour,
              y=number("y", ends, title, tickCount=3)),
        heading([kind]),
    ]  # fmt: skip
    return {"width": width, "height": HEIGHT, "layer": layers}
