"""Who holds what in a training step: over the step, and layer by layer."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

from paribus.analysis.memory import StepMemory
from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import Row, Spec, colours, finish, layer, number, span

KINDS = ("parameters", "optimizer state", "gradients", "activations", "temporary")
PALETTE = (theme.ARMS[0], theme.ARMS[4], theme.ARMS[3], theme.ARMS[1], theme.ARMS[5])
MEGA = 1e6


def over_step(found: StepMemory) -> Chart:
    """Bytes over the operations of a step, one kind upon the other; a dashed line where the next phase begins."""
    state = sum(one.measured or 0 for one in found.kinds if one.what == "optimizer state")
    rows: list[Row] = []
    for place, moment in enumerate(found.moments):
        sizes = (found.resident - state, state, moment.gradients, moment.activations, moment.temporary)
        low = 0.0
        for kind, size in zip(KINDS, sizes, strict=True):
            rows.append({"x": place, "arm": kind, "low": low, "high": low + size / MEGA})
            low += size / MEGA
    top = max(row["high"] for row in rows)
    x = number(
        "x", (0, max(1, len(found.moments) - 1)), "operations of a step, in their order", labels=False, grid=False
    )
    y = number("low", (0, 1.12 * top), "MB", tickCount=5)
    area = layer({"type": "area"}, rows, x=x, y=y, y2={"field": "high"}, color=_colours(KINDS))
    view = {"width": theme.WIDTH - 90, "height": 280, "layer": [area, *_phases(found, x)]}
    whole = (found.resident + found.peak.total) / MEGA
    return finish(view, f"Who holds what over a training step: {whole:.3g} MB at its peak")


def _colours(kinds: Sequence[str]) -> Spec:
    """A colour for each kind, with a legend of squares."""
    return {**colours(kinds, PALETTE), "legend": {"columns": len(kinds), "symbolType": "square"}}


def _phases(found: StepMemory, x: Spec) -> list[Spec]:
    """Where forward, backward and update begin."""
    start, marks = 0, []
    for phase, members in groupby(moment.phase for moment in found.moments):
        marks.append({"x": start, "text": phase})
        start += len(list(members))
    few = marks if len(marks) <= 6 else marks[:1]
    rule = {"type": "rule", "color": theme.MUTED, "strokeDash": [4, 3]}
    words = {"type": "text", "align": "left", "dx": 4, "color": theme.INK}
    return [layer(rule, few, x=x), layer(words, few, x=x, y={"value": 8}, text={"field": "text"})]


def by_layer(found: StepMemory) -> Chart:
    """Bytes of each layer, one kind beside the other; a tick where its activations were predicted to end."""
    rows: list[Row] = []
    ticks: list[Row] = []
    for one in found.layers:
        low = 0.0
        for kind, size in zip(KINDS[:4], (one.parameters, one.state, one.gradients, one.activations), strict=True):
            if kind == "activations" and one.predicted is not None:
                ticks.append({"layer": one.path, "x": low + one.predicted / MEGA})
            rows.append({"layer": one.path, "arm": kind, "low": low, "high": low + size / MEGA})
            low += size / MEGA
    names = [one.path for one in found.layers]
    most = max([row["high"] for row in rows] + [row["x"] for row in ticks])
    ends = (0.0, span((0, most))[1])
    y = {"field": "layer", "type": "nominal", "sort": names, "axis": {"title": None, "labelLimit": 260}}
    x = number("low", ends, "MB", tickCount=6)
    bars = layer({"type": "bar"}, rows, x=x, x2={"field": "high"}, y=y, color=_colours(KINDS[:4]))
    tick = {"type": "tick", "color": theme.INK, "thickness": 2}
    predicted = [layer(tick, ticks, x={**x, "field": "x"}, y=y)] if ticks else []
    view = {"width": theme.WIDTH - 260, "height": {"step": 20}, "layer": [bars, *predicted]}
    return finish(view, "Who holds what, layer by layer", "A tick is where the activations were predicted to end.")
