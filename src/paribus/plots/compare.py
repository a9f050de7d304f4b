"""Two networks beside each other: flips of each class, and how alike their layers are."""

from __future__ import annotations

from collections.abc import Sequence

from paribus.analysis.comparison import ClassChurn, Layers
from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import Spec, finish, layer, nothing, quoted
from paribus.records import wording

CLASSES = 30  # bars that can be read
CELL, SIDE = 40.0, 460.0  # pixels of a cell of few layers, and of all
LEGIBLE = 14  # pixels below which not every layer is named


def churn(found: Sequence[ClassChurn]) -> Chart:
    """What the second network lost of each class, to the left, and what it won, to the right."""
    title = "Flips of each class"
    some = sorted(found, key=lambda one: -(one.lost + one.won))[:CLASSES]
    if not some:
        return nothing(title, "There are no examples.")
    names = wording.distinct(one.name for one in some)
    rows = [
        {"name": name, "number": sign * number, "arm": kind}
        for name, one in zip(names, some, strict=True)
        for kind, sign, number in (("right → wrong", -1, one.lost), ("wrong → right", 1, one.won))
    ]
    reach = max(1, *(max(one.lost, one.won) for one in some))
    colours = [theme.VERDICTS["worse"], theme.VERDICTS["better"]]
    x: Spec = {
        "field": "number",
        "type": "quantitative",
        "stack": None,
        "scale": {"domain": [-reach, reach]},
        "axis": {"title": "examples", "tickMinStep": 1, "format": "d", "labelExpr": "format(abs(datum.value), 'd')"},
    }
    y: Spec = {"field": "name", "type": "nominal", "sort": names, "axis": {"title": None, "labelLimit": 220}}
    colour: Spec = {
        "field": "arm",
        "type": "nominal",
        "scale": {"domain": ["right → wrong", "wrong → right"], "range": colours},
        "legend": {"symbolType": "square"},
    }
    bars = layer({"type": "bar", "height": 12}, rows, x=x, y=y, color=colour)
    return finish({"width": 460, "height": {"step": 20}, **bars}, title)


def layers(found: Layers, first: str, second: str) -> Chart:
    """CKA of every layer of one network with every layer of the other, the first layers at the top and the left."""
    rows = [
        {"x": j, "y": i, "value": value}
        for i, line in enumerate(found.cka)
        for j, value in enumerate(line)
        if value is not None
    ]
    title = "How alike are the layers?"
    if not rows:
        return nothing(title, "No layer gives features that vary.")
    side = max(len(found.first), len(found.second))
    cell = min(CELL, SIDE / side)
    x, y = _along("x", found.second, second, cell), _along("y", found.first, first, cell)
    colour: Spec = {
        "field": "value",
        "type": "quantitative",
        "scale": {"domain": [0, 1], "scheme": "viridis", "clamp": True},
        "legend": {"orient": "right", "title": "CKA", "gradientLength": 160, "tickCount": 5},
    }
    view = {"width": cell * len(found.second), "height": cell * len(found.first)}
    square = {"type": "rect", "width": cell, "height": cell}
    reading = (
        f"Linear CKA without bias over {found.examples:,} examples: 1 alike but for turning and scaling, 0 unrelated."
    )
    return finish({**view, **layer(square, rows, x=x, y=y, color=colour)}, title, reading)


def _along(field: str, names: Sequence[str], whose: str, cell: float) -> Spec:
    """The layers of a network along an axis, as many named as can be read."""
    step = max(1, round(LEGIBLE / cell))
    shown = [place for place in range(len(names)) if (len(names) - 1 - place) % step == 0]
    texts = {str(place): wording.clean(names[place]) for place in shown}
    named = " : ".join(f"datum.value == {place} ? {quoted(text)}" for place, text in texts.items())
    axis = {"title": whose, "values": shown, "labelExpr": f"{named} : ''", "grid": False, "labelLimit": 160}
    axis["labelOverlap"] = False
    if field == "x":
        axis["labelAngle"] = -60
    domain = [-0.5, len(names) - 0.5]
    scale: Spec = {"domain": domain, "nice": False, "zero": False, "reverse": field == "y"}
    return {"field": field, "type": "quantitative", "scale": scale, "axis": axis}
