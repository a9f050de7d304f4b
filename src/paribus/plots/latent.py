"""Where examples lie in the space of codes."""

from __future__ import annotations

from paribus.analysis.latent import LatentMap
from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import Spec, finish, layer, nothing, number, span
from paribus.records import wording

SIDE = 560  # pixels


def latent(found: LatentMap) -> Chart:
    """Every example as a dot in the plane of codes, in the colour of its class."""
    title = "Where the examples lie"
    if not found.x:
        return nothing(title, "There are no examples.")
    names = found.names or ("example",) * len(found.x)
    rows = [{"x": x, "y": y, "name": wording.clean(name)} for x, y, name in zip(found.x, found.y, names, strict=True)]
    x, y = (
        number(field, span(values, 0.03), axis, tickCount=6)
        for field, values, axis in (("x", found.x, found.axes[0]), ("y", found.y, found.axes[1]))
    )
    dots = layer({"type": "point", "filled": True, "size": 22, "opacity": 0.75}, rows, x=x, y=y, color=_colour(found))
    reading = "Each dot is the mean code of one example. Colours were not known to the network."
    return finish({"width": SIDE, "height": SIDE, **dots}, title, *([reading] if found.names else []))


def _colour(found: LatentMap) -> Spec:
    """The classes in as many colours as there are."""
    if not found.names:
        return {"value": theme.ACCENT}
    names = sorted(set(map(wording.clean, found.names)))
    return {
        "field": "name",
        "type": "nominal",
        "scale": {"domain": names, "scheme": "tableau10" if len(names) <= 10 else "tableau20"},
        "legend": {"orient": "right", "symbolType": "circle", "columns": 1 + len(names) // 24},
    }
