"""Weights of all layers: histograms, and singular values."""

from __future__ import annotations

from collections.abc import Callable

from paribus.analysis.weights import Matrix, Weights
from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import Spec, finish, heading, layer, number, span

COLUMNS, MOST = 4, 12  # panels beside each other, and layers that are drawn: the first and the last ones


def histograms(found: Weights) -> Chart:
    """How many weights lie where, a panel for each layer; exact zeros make the bin about 0 stand out."""
    title = "Weights by layer" + _left_out(found)
    return finish(_panels(found, _histogram), title, "Across: the weight. Upwards: how many weights have it.")


def spectra(found: Weights) -> Chart:
    """Singular values by their rank, a panel for each layer."""
    title = "Singular values by layer" + _left_out(found)
    reading = "Across: the rank. A few large ones before many small ones: the layer uses few directions."
    return finish(_panels(found, _spectrum), title, reading)


def _shown(found: Weights) -> list[Matrix]:
    """All layers, or the first and the last ones."""
    matrices = list(found.matrices)
    return matrices if len(matrices) <= MOST else [*matrices[: MOST // 2], *matrices[-MOST // 2 :]]


def _left_out(found: Weights) -> str:
    return "" if len(found.matrices) <= MOST else f": the first and the last of {len(found.matrices)} layers"


def _panels(found: Weights, draw: Callable[[Matrix], Spec]) -> Spec:
    shown = _shown(found)
    size = {"width": theme.WIDTH / COLUMNS - 70, "height": 110}
    panels = [{**size, "layer": [draw(one), heading([_short(one.name)])]} for one in shown]
    return {"concat": panels, "columns": COLUMNS, "bounds": "flush", "spacing": 64}


def _short(name: str) -> str:
    """The end of a name, which tells layers apart."""
    bare = name.removesuffix(".weight")
    return bare if len(bare) <= 20 else f"…{bare[-19:]}"


def _histogram(one: Matrix) -> Spec:
    low, high = one.edges
    width = (high - low) / len(one.counts)
    rows = [
        {"x": low + place * width, "end": low + (place + 1) * width, "base": 0, "y": count}
        for place, count in enumerate(one.counts)
    ]
    x = number("x", one.edges, grid=False, tickCount=3)
    y = number("base", (0, 1.05 * max(one.counts)), tickCount=3, format="~s")
    return layer({"type": "rect", "color": theme.ACCENT}, rows, x=x, x2={"field": "end"}, y=y, y2={"field": "y"})


def _spectrum(one: Matrix) -> Spec:
    rows = [{"x": place, "y": value} for place, value in enumerate(one.singular, 1)]
    x = number("x", (0.5, max(2, len(rows)) + 0.5), grid=False, tickCount=3)
    y = number("y", (0.0, span((0.0, *one.singular))[1]), tickCount=3)
    return layer({"type": "line", "color": theme.ACCENT, "point": {"size": 12}}, rows, x=x, y=y)
