"""The gradient at every layer, and the bound that Jacobians set it."""

from __future__ import annotations

import math

from paribus.analysis.gradients import Gradients
from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import Row, colours, finish, layer, nothing, number

NAMES = ("‖∂loss/∂h‖", "bound by Jacobians", "‖∂loss/∂W‖")


def gradients(found: Gradients) -> Chart:
    """Norms over the layers, on a logarithmic axis."""
    title = f"The gradient on its way back, {'trained' if found.at == 'final' else 'initial'} weights"
    end = next((one.activation / one.ratio for one in found.layers if one.ratio), None)
    rows: list[Row] = []
    for place, one in enumerate(found.layers, 1):
        bound = one.bound * end if one.bound is not None and end is not None else None
        for name, value in zip(NAMES, (one.activation, bound, one.weight), strict=True):
            if value is not None and value > 0 and math.isfinite(value):
                rows.append({"x": place, "y": value, "arm": name})
    if not rows:
        return nothing(title, "No gradient arrives at any layer.")
    low, high = min(row["y"] for row in rows), max(row["y"] for row in rows)
    x = number("x", (0.5, len(found.layers) + 0.5), "layer, from the input to the output", tickMinStep=1, grid=False)
    y = number("y", (low / 2, high * 2), "norm", format="~e", tickCount=6)
    y["scale"]["type"] = "log"
    shown = [name for name in NAMES if any(row["arm"] == name for row in rows)]
    palette = [dict(zip(NAMES, (theme.ARMS[1], theme.ARMS[5], theme.ARMS[0]), strict=True))[name] for name in shown]
    line = {"type": "line", "strokeWidth": 2.2, "point": {"size": 24}}
    lines = layer(line, rows, x=x, y=y, color=colours(shown, palette))
    view = {"width": theme.WIDTH - 110, "height": 300, "layer": [lines]}
    return finish(view, title, "A straight fall on this logarithmic axis is the same loss in every layer.")
