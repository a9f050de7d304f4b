"""The layers of a net: how many values each gives, and how many inputs each of them sees."""

from __future__ import annotations

from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import Row, colours, finish, layer, number
from paribus.theory.layers import Table

NAMES = ("outputs", "field")


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
