"""The index that a number of clusters was chosen by."""

from __future__ import annotations

from paribus.analysis.clusters import INDICES, Clusters, Grouping
from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import Spec, finish, heading, layer, number, span

HEIGHT, GAP = 200, 62


def indices(found: Clusters) -> Chart:
    """The index of every number of clusters, a panel for each method; a ring around what was chosen."""
    size = {"width": theme.WIDTH / len(found.groupings) - GAP, "height": HEIGHT}
    view = {
        "concat": [{**size, "layer": _panel(one)} for one in found.groupings],
        "columns": len(found.groupings),
        "bounds": "flush",
        "spacing": GAP,
    }
    return finish(view, "How many clusters?", "Rings: the number that was chosen.")


def _panel(one: Grouping) -> list[Spec]:
    rows = [{"c": number_, "y": value} for number_, value in one.indices.items()]
    better = "more" if INDICES[one.method][1] else "less"
    x = number("c", (min(one.indices) - 0.5, max(one.indices) + 0.5), "clusters", tickMinStep=1, format="d", grid=False)
    shared = {"x": x, "y": number("y", span(one.indices.values()), f"{one.index} ({better} is better)", tickCount=5)}
    line = {"type": "line", "strokeWidth": 2, "color": theme.ACCENT, "point": {"size": 30, "color": theme.ACCENT}}
    ring = {"type": "point", "size": 220, "strokeWidth": 2, "color": theme.ARMS[2], "opacity": 1}
    return [
        layer(line, rows, **shared),
        layer(ring, [row for row in rows if row["c"] == one.number], **shared),
        heading([one.method]),
    ]
