"""What the losses of a generator say of its quality: often nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import colours, finish, layer, nothing, number
from paribus.records import wording
from paribus.records.run import RunFolder

FIGURES = {
    "generator loss": "val/generator_loss",
    "discriminator loss": "val/discriminator_loss",
    "Fréchet distance": "val/frechet",
}


def quality(folder: RunFolder) -> Chart:
    """Losses and Fréchet distance over the epochs, each as a multiple of its first value, on a logarithmic axis."""
    title = "Losses and quality"
    rows = [row for name, figure in FIGURES.items() for row in _multiples(folder.metrics(), name, figure)]
    if not any(row["arm"] == "Fréchet distance" for row in rows):
        return nothing(title, "No Fréchet distance has been recorded.")
    y = number("value", title="multiple of the first epoch's value", tickCount=5)
    y["scale"]["type"], y["axis"]["format"] = "log", ".3~g"
    x = number("epoch", title="epoch", tickMinStep=1, grid=False)
    line = {"type": "line", "strokeWidth": 2.2, "point": {"size": 18} if len(rows) < 12 else False}
    dots = layer(line, rows, x=x, y=y, color=colours(list(FIGURES), theme.ARMS))
    reading = "A loss measures one network against the other; the distance measures what is drawn against the data."
    return finish({"width": theme.WIDTH - 80, "height": 300, **dots}, title, reading)


def _multiples(rows: Sequence[Mapping[str, Any]], name: str, figure: str) -> list[dict[str, Any]]:
    """Values over the first one; a figure that is not positive throughout has no place on a logarithmic axis."""
    values = [(row["epoch"], row.get(figure)) for row in rows]
    known = [(epoch, value) for epoch, value in values if wording.known(value)]
    if not known or min(value for _, value in known) <= 0:
        return []
    return [{"arm": name, "epoch": epoch, "value": value / known[0][1]} for epoch, value in known]
