"""Where a network looks for every token that it writes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from paribus.data.sources.pairs.tokens import SPACE
from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import Spec, finish, nothing, quoted
from paribus.records import wording

if TYPE_CHECKING:
    from paribus.tasks.sequences.alignment import Alignment

COLUMNS = 2
CELL = 26  # pixels of the largest cell


def alignments(found: Sequence[Alignment], title: str = "Where it looks") -> Chart:
    """A matrix for each pair: read across, written down, the darker the more it looks there."""
    shown = [one for one in found if one.source and one.written]
    if not shown:
        return nothing(title, "There is nothing to draw.")
    room = theme.WIDTH / min(COLUMNS, len(shown)) - 110
    view = {
        "concat": [_matrix(one, room) for one in shown],
        "columns": min(COLUMNS, len(shown)),
        "spacing": 40,
        "resolve": {"scale": {"color": "shared", "x": "independent", "y": "independent"}},
    }
    return finish(view, title, "Across: what was read. Down: what was written. Each row sums to 1.")


def _matrix(one: Alignment, room: float) -> Spec:
    cell = min(CELL, room / max(len(one.source), len(one.written)))
    rows = [
        {"read": across, "written": down, "weight": weight}
        for down, line in enumerate(one.weights)
        for across, weight in enumerate(line)
    ]
    return {
        "width": cell * len(one.source),
        "height": cell * len(one.written),
        "mark": {"type": "rect"},
        "data": {"values": rows},
        "encoding": {
            "x": _tokens("read", one.source, "top"),
            "y": _tokens("written", one.written, "left"),
            "color": {
                "field": "weight",
                "type": "quantitative",
                "scale": {"domain": [0, 1], "range": [theme.PAPER, theme.ACCENT], "interpolate": "rgb", "clamp": True},
                "legend": {"orient": "right", "title": "weight", "gradientLength": 120, "tickCount": 3},
            },
        },
    }


def _tokens(field: str, tokens: Sequence[str], orient: str) -> Spec:
    """The tokens along an axis; equal ones stand at different places."""
    # few fonts have the sign for a space
    names = {str(place): wording.clean(token).replace(SPACE, "_") for place, token in enumerate(tokens)}
    named = " : ".join(f"datum.value == {place} ? {quoted(name)}" for place, name in names.items())
    axis: Spec = {"title": None, "orient": orient, "labelExpr": f"{named} : ''", "labelOverlap": False, "domain": False}
    if orient == "top":
        axis |= {"labelAngle": -60, "labelAlign": "left"}
    scale = {"domain": list(range(len(tokens))), "paddingInner": 0.04, "paddingOuter": 0}
    return {"field": field, "type": "ordinal", "scale": scale, "axis": axis}
