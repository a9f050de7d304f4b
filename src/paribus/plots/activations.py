"""Activations: values and derivatives as curves, and what their product leaves of a gradient."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from paribus.plots import theme
from paribus.plots.chart import Chart
from paribus.plots.grammar import Spec, finish, heading, layer, number
from paribus.theory.activations import Activation, Depth

REACH = 5.0  # what happens beyond can be guessed
COLUMNS = 3
GAP = 1e-6  # beside a kink: the curve ends on one side and goes on from the other

Row = dict[str, float | str | None]


def activations(functions: Sequence[Activation]) -> Chart:
    """A panel for each activation: f in the accent colour, f′ dashed, both on the same axes."""
    columns = min(COLUMNS, len(functions))
    width = theme.WIDTH / max(columns, 2) - 62
    panels = [_panel(f, width) for f in functions]
    view: Spec = {"concat": panels, "columns": columns, "bounds": "flush", "spacing": 54}
    return finish(view, "Activations and their derivatives", "Solid: f(x). Dashed: its derivative f′(x).")


def depths(ways: Sequence[Depth]) -> Chart:
    """Norm of a gradient over the number of layers it came through, on a logarithmic axis, a line for each net."""
    rows: list[Row] = [
        {"x": k, "y": value, "arm": way.activation}
        for way in ways
        for k, value in enumerate((1.0, *way.gradient))
        if value > 0
    ]
    y = number("y", title="gradient, relative to the output")
    y["scale"]["type"], y["axis"]["format"] = "log", ".0e"
    names = [way.activation for way in ways]
    colour = {
        "field": "arm",
        "type": "nominal",
        "scale": {"domain": names, "range": _palette(len(names))},
        "legend": {"symbolType": "stroke"},
    }
    line = layer({"type": "line", "strokeWidth": 2.2}, rows, x=number("x", title="layers back"), y=y, color=colour)
    return finish({"width": theme.WIDTH - 90, "height": 260, "layer": [line]}, "A gradient on its way back")


def _panel(f: Activation, width: float) -> Spec:
    x, y = number("x", (-REACH, REACH), tickCount=5), number("y", _limits(f), tickCount=5)
    value = {"type": "line", "strokeWidth": 2.4, "color": theme.ACCENT, "clip": True}
    slope = {"type": "line", "strokeWidth": 1.8, "color": theme.ARMS[2], "strokeDash": [5, 3], "clip": True}
    values, slopes = _curves(f)
    layers = [
        *_axes(),
        layer(value, values, x=x, y=y),
        layer(slope, slopes, x=x, y=y, detail={"field": "piece"}),  # on top: the slope of relu lies on relu
        heading([f.name]),
    ]
    return {"width": width, "height": width * 0.62, "layer": layers}


def _axes() -> list[Spec]:
    """Thin lines through the origin."""
    rule = {"type": "rule", "color": theme.FAINT, "strokeWidth": 1}
    return [layer(rule, [{"zero": 0}], **{way: {"field": "zero", "type": "quantitative"}}) for way in ("x", "y")]


def _curves(f: Activation) -> tuple[list[Row], list[Row]]:
    """Points of f, and of f′ in the pieces that its kinks leave."""
    x = np.linspace(-REACH, REACH, 201)
    values: list[Row] = [{"x": float(a), "y": float(b)} for a, b in zip(x, f.value(x), strict=True)]
    slopes: list[Row] = []
    ends = (-REACH, *f.kinks, REACH)
    for piece, (left, right) in enumerate(pairwise(ends)):
        inside = np.linspace(left + GAP, right - GAP, 101)
        slopes += [
            {"x": float(a), "y": float(b), "piece": str(piece)} for a, b in zip(inside, f.slope(inside), strict=True)
        ]
    return values, slopes


def _limits(f: Activation) -> tuple[float, float]:
    """From below the range, or −2, to above it, or 3: a common scale for curves that grow for ever."""
    top = max(min(f.high, 3.0), f.lipschitz)
    bottom = min(max(f.low, -2.0), 0.0)
    air = 0.08 * (top - bottom)
    return bottom - air, top + air


def _palette(count: int) -> list[str]:
    """Colours without the slate of a reference, over again where there are many."""
    colours = theme.ARMS[1:]
    return [colours[i % len(colours)] for i in range(count)]
