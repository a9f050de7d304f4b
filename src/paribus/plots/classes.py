"""The accuracy of classes against how far apart they lie."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from paribus.analysis.classes import Classes, ClassSeeds
from paribus.evidence import Estimate
from paribus.evidence.proportion import Proportion
from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import Row, Spec, finish, heading, layer, number, span, within
from paribus.records import wording

HEIGHT, GAP = 300, 62
NEAR, LINE = 0.2, 13  # share of a panel that a name takes, and pixels of a line
X, Y = "separation (mean silhouette)", "accuracy (%)"
Ends = Proportion | Estimate


def separation(found: Classes) -> Chart:
    """Every class as a dot with its interval over the examples, a panel for each space."""
    panels = {
        layer_: [_row(one.name, one.separation[layer_], one.accuracy) for one in found.classes] for layer_ in found.says
    }
    return _chart(panels, "Bars: intervals over the examples.")


def separation_of_seeds(found: ClassSeeds) -> Chart:
    """Every class as a dot with its intervals over the seeds, a panel for each space."""
    panels = {
        space: [_row(name, one, found.accuracy[name]) for name, one in of_classes.items()]
        for space, of_classes in found.separation.items()
    }
    return _chart(panels, f"Bars: intervals over {wording.count(found.seeds, 'seed')}.")


def _row(name: str, apart: float | Ends, accuracy: Ends) -> Row:
    x = (apart, apart, apart) if isinstance(apart, float) else (apart.value, apart.low, apart.high)
    y = tuple(min(100.0, max(0.0, 100 * end)) for end in (accuracy.value, accuracy.low, accuracy.high))
    return dict(zip(("x", "left", "right", "y", "low", "high"), (*x, *y), strict=True)) | {"name": wording.clean(name)}


def _chart(panels: Mapping[str, Sequence[Row]], bars: str) -> Chart:
    size = {"width": (theme.WIDTH - 20) / len(panels) - GAP, "height": HEIGHT}
    ends = within(span(row[it] for rows in panels.values() for row in rows for it in ("low", "high")), percent=True)
    view = {
        "concat": [{**size, "layer": _panel(name, rows, ends)} for name, rows in panels.items()],
        "columns": len(panels),
        "bounds": "flush",
        "spacing": GAP,
    }
    reading = "To the right classes lie further apart: 0 is on the border to another class, below 0 beyond it."
    return finish(view, "Accuracy against separation", reading, bars)


def _panel(name: str, rows: Sequence[Row], ends: tuple[float, float]) -> list[Spec]:
    across = span((row[it] for row in rows for it in ("left", "right")), 0.12)
    x = number("x", across, X, tickCount=5)
    y = number("y", ends, Y, tickCount=5)
    named = _apart(rows, NEAR * (across[1] - across[0]), LINE * (ends[1] - ends[0]) / HEIGHT)
    rule = {"type": "rule", "color": theme.FAINT}
    text = {"type": "text", "align": "left", "dx": 8, "baseline": "middle", "fontSize": 11, "color": theme.INK}
    dot = {"type": "point", "filled": True, "size": 60, "opacity": 1, "color": theme.ACCENT}
    return [
        layer(rule, rows, x=x, y=number("low", ends, Y, tickCount=5), y2={"field": "high"}),
        layer(rule, rows, x=number("left", across, X, tickCount=5), x2={"field": "right"}, y=y),
        layer(dot, rows, x=x, y=y),
        layer(text, named, x=x, y=number("at", ends, Y, tickCount=5), text={"field": "name"}),
        heading([name]),
    ]


def _apart(rows: Sequence[Row], width: float, line: float) -> list[Row]:
    """Rows with places for their names, moved down where another name would be written over."""
    placed: list[Row] = []
    for row in sorted(rows, key=lambda row: -row["y"]):
        at = row["y"]
        for other in placed:
            if abs(row["x"] - other["x"]) < width and other["at"] - at < line:
                at = min(at, other["at"] - line)
        placed.append({**row, "at": at})
    return placed
