"""What becomes of texts on the way from a photograph."""

from __future__ import annotations

from paribus.analysis.reading import ReadingErrors
from paribus.evidence.proportion import Proportion
from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import Row, finish, layer, number

PERFECT = "right, were boxes perfect"


def outcomes(found: ReadingErrors) -> Chart:
    """The share of each outcome as a dot with its interval, and what would be right with perfect boxes."""
    shares: dict[str, Proportion] = {**found.outcomes, PERFECT: found.framed}
    rows: list[Row] = [
        {"outcome": name, "share": one.value, "low": one.low, "high": one.high, "kind": name in ("right", PERFECT)}
        for name, one in shares.items()
    ]
    y = {"field": "outcome", "type": "nominal", "sort": list(shares), "title": None, "axis": {"labelLimit": 220}}
    x = number("share", (0, 1), "share of texts", format="%")
    good, bad = theme.VERDICTS["better"], theme.VERDICTS["worse"]
    colour = {
        "field": "kind",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": [True, False], "range": [good, bad]},
    }
    layers = [
        layer(
            {"type": "rule", "strokeWidth": 3}, rows, x={**x, "field": "low"}, x2={"field": "high"}, y=y, color=colour
        ),
        layer({"type": "point", "filled": True, "size": 90, "opacity": 1}, rows, x=x, y=y, color=colour),
    ]
    reading = (
        f"Lines are intervals over {found.outcomes['right'].n} texts; a frame is good from an IoU of {found.needed:g}."
    )
    return finish(
        {"width": theme.WIDTH - 240, "height": 40 * len(rows), "layer": layers}, "What becomes of texts", reading
    )
