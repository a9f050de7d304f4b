"""Losses of a generator beside the quality of what it draws."""

from __future__ import annotations

from paribus.analysis.quality import DISTANCE, Quality
from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import Spec, epochs, finish, heading, layer, number, span

FEW = 12  # points that are drawn as dots too


def quality(found: Quality) -> Chart:
    """Losses and Fréchet distance over the epochs, a panel for each: a loss may be negative."""
    size = {"width": theme.WIDTH / len(found.values) - 62, "height": 220}
    view = {
        "concat": [{**size, "layer": [_line(found, name), heading([name])]} for name in found.values],
        "columns": len(found.values),
        "bounds": "flush",
        "spacing": 62,
    }
    reading = "A loss measures one network against the other; the distance measures what is drawn against the data."
    return finish(view, "Losses and quality", reading)


def _line(found: Quality, name: str) -> Spec:
    seen, values = found.epochs[name], found.values[name]
    rows = [{"epoch": epoch, "value": value} for epoch, value in zip(seen, values, strict=True)]
    colour = theme.ARMS[2] if name == DISTANCE else theme.INK
    line = {"type": "line", "strokeWidth": 2.2, "color": colour}
    if len(rows) < FEW:
        line["point"] = {"size": 24, "color": colour, "filled": True}
    return layer(line, rows, x=epochs(max(seen), min(seen)), y=number("value", span(values), tickCount=5))
