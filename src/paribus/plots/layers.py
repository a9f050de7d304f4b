"""The layers of a net: what goes where, how many values each gives, and how many inputs each of them sees."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import Row, colours, finish, layer, number
from paribus.theory.layers import Table
from paribus.theory.layers.kinds import ACTIVATIONS, CELLS
from paribus.theory.layers.refuse import by

NAMES = ("outputs", "field")
MOST = 120  # layers of a drawing that still helps
WIDE, HIGH, LETTERS = 190, 50, 27  # of a box, in pixels; letters that fit into it
FAMILIES = {  # which kinds have which colour
    **dict.fromkeys(("conv", "dw", "deconv"), 0),
    **dict.fromkeys(("linear", "embedding", "attention", *CELLS), 1),
    **dict.fromkeys(("pool", "avgpool", "gap", "gmp", "adaptive", "up", "zeropad"), 2),
    **dict.fromkeys(("flatten", "reshape", "last", "transpose"), 2),
    **dict.fromkeys(("bn", "ln", "gn", "instance", "dropout", *ACTIVATIONS), 3),
}


def boxes(net: Table) -> Chart | None:
    """The net as boxes with their shapes, from the input down; nothing for one that is too long to be seen."""
    if not net.rows or len(net.rows) > MOST:
        return None
    places = dict(_placed(net))
    lanes, ranks = (max(place[axis] for place in places.values()) + 1 for axis in (0, 1))
    arms = [*theme.ARMS[1:4], theme.MUTED]
    inputs = [
        (-which, f"input {which + 1}" if which else "input", by(shape), theme.MUTED)
        for which, shape in enumerate(net.graph.inputs)
    ]
    layers = [
        (row.number, row.name, by(row.output), arms[FAMILIES.get(row.layer.kind, 3)])
        for row in net.rows
        if row.layer.kind != "own"
    ]
    cards: list[Row] = [
        {
            "x": places[place][0], "x2": places[place][0] + 0.92, "middle": places[place][0] + 0.46,
            "y": places[place][1], "y2": places[place][1] + 0.72, "upper": places[place][1] + 0.24,
            "lower": places[place][1] + 0.52, "name": name if len(name) <= LETTERS else name[: LETTERS - 1] + "…",
            "shape": shape, "colour": colour,
        }
        for place, name, shape, colour in (*inputs, *layers)
    ]  # fmt: skip
    edges = [edge for row in net.rows for source in row.sources for edge in _edges(places[source], places[row.number])]
    across = {"type": "quantitative", "axis": None, "scale": {"domain": [-0.05, lanes], "nice": False}}
    down = {"type": "quantitative", "axis": None, "scale": {"domain": [-0.1, ranks], "nice": False, "reverse": True}}
    at = {"x2": {"field": "x2"}, "y2": {"field": "y2"}}
    x, y = {"field": "x", **across}, {"field": "y", **down}
    middle = {"field": "middle", **across}
    marks = [
        layer({"type": "rule", "color": theme.MUTED, "strokeWidth": 1.4}, edges, x=x, y=y, **at),
        layer({"type": "rect", "cornerRadius": 5, "fillOpacity": 0.14, "strokeWidth": 1.2}, cards, x=x, y=y, **at,
              fill="colour", stroke="colour"),
        layer({"type": "text", "fontSize": 12}, cards, x=middle, y={"field": "upper", **down}, text={"field": "name"}),
        layer({"type": "text", "fontSize": 11, "color": theme.MUTED}, cards, x=middle, y={"field": "lower", **down},
              text={"field": "shape"}),
    ]  # fmt: skip
    view = {"width": lanes * WIDE, "height": ranks * HIGH, "layer": marks, "view": {"stroke": None}}
    return finish(view, f"What goes where, with the shapes of one example: {len(layers)} layers")


def _edges(source: tuple[int, int], target: tuple[int, int]) -> list[Row]:
    """From a box to a later one: straight down, or past what stands between them on their right side."""
    (x, y), (x2, y2) = source, target
    if y2 - y == 1 or x2 != x:
        return [{"x": x + 0.46, "y": y + 0.72, "x2": x2 + 0.46, "y2": y2}]
    side, beside, start, end = x + 0.92, x + 0.97, y + 0.36, y2 + 0.36
    corners = [(side, start), (beside, start), (beside, end), (side, end)]
    return [{"x": a, "y": b, "x2": c, "y2": d} for (a, b), (c, d) in pairwise(corners)]


def _placed(net: Table) -> Iterator[tuple[int, tuple[int, int]]]:
    """The lane and the rank of every layer: below all that go in, beside what already stands there."""
    places, taken = dict[int, tuple[int, int]](), set[tuple[int, int]]()
    for lane in range(len(net.graph.inputs)):
        places[-lane] = (lane, 0)
        yield -lane, (lane, 0)
    for row in net.rows:
        if row.layer.kind == "own":
            continue
        rank = 1 + max((places[source][1] for source in row.sources), default=0)
        lane = min((places[source][0] for source in row.sources), default=0)
        while (lane, rank) in taken:
            lane += 1
        places[row.number] = (lane, rank)
        taken.add((lane, rank))
        yield row.number, (lane, rank)


def sizes(net: Table) -> Chart | None:
    """Output size and receptive field along the first axis, layer by layer; nothing where fewer than two are known."""
    known = [(row.number, row.fields[0]) for row in net.rows if row.fields and any(f.jump for f in row.fields)]
    if len(known) < 2:
        return None
    rows: list[Row] = [
        {"x": place, "y": value, "arm": name}
        for place, field in known
        for name, value in zip(NAMES, (field.outputs, field.size), strict=True)
    ]
    axes = {
        "x": number("x", title="layer", values=[place for place, _ in known], labelOverlap=True),
        "y": number("y", title="values"),
    }
    line = layer(
        {"type": "line", "strokeWidth": 2.2, "point": True}, rows, **axes, color=colours(NAMES, theme.ARMS[1:])
    )
    words = "Outputs along the first axis, and how many inputs each of them sees"
    return finish({"width": theme.WIDTH - 90, "height": 240, "layer": [line]}, words)
