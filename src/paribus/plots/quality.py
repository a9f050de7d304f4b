"""Losses of a generator beside the quality of what it draws."""

from __future__ import annotations

from paribus.analysis.quality import FIGURES, Quality
from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import colours, finish, layer, number


def quality(found: Quality) -> Chart:
    """Losses and Fréchet distance over the epochs, each as a multiple of its first value, on a logarithmic axis."""
    rows = [
        {"arm": name, "epoch": epoch, "value": value}
        for name, epochs in found.epochs.items()
        for epoch, value in zip(epochs, found.multiples[name], strict=True)
    ]
    y = number("value", title="multiple of the first epoch's value", tickCount=5)
    y["scale"]["type"], y["axis"]["format"] = "log", ".3~g"
    x = number("epoch", title="epoch", tickMinStep=1, grid=False)
    line = {"type": "line", "strokeWidth": 2.2, "point": {"size": 18} if len(rows) < 12 else False}
    dots = layer(line, rows, x=x, y=y, color=colours(list(FIGURES), theme.ARMS))
    reading = "A loss measures one network against the other; the distance measures what is drawn against the data."
    return finish({"width": theme.WIDTH - 80, "height": 300, **dots}, "Losses and quality", reading)
