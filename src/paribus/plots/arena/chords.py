"""A surface along one line: the trials of a line search, and the chord that disproves convexity."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from paribus.plots import theme
from paribus.plots.arena.axes import point
from paribus.plots.chart import Chart
from paribus.plots.grammar import finish, layer, nothing, number, span
from paribus.theory.arena import Convexity, Trace


def backtracking(trace: Trace, step: int = 1) -> Chart:
    """The line along which a line search looked, its trials, and the line below which Armijo accepts."""
    one = trace.steps[step - 1]
    title = f"Backtracking on {trace.problem.name}, step {step}"
    if not one.trials:
        return nothing(title, "This optimizer searches no line.")
    x, g = np.array(one.before), np.array(one.lines[0].values)
    d = next((np.array(line.values) for line in one.lines if line.symbol == "d"), -g)
    accepted, shown = one.trials[-1], _shown(one.trials)
    reach = 1.15 * max(trial.length for trial in shown)
    lengths = np.linspace(0.0, reach, 200)
    slope = trace.settings["slope"] * float(g @ d)
    curve = [
        {"x": a, "y": float(v)} for a, v in zip(lengths, trace.problem.value(x + lengths[:, None] * d), strict=True)
    ]
    bound = [{"x": a, "y": one.value + slope * a} for a in (0.0, reach)]
    dots = [
        {"x": t.length, "y": t.value, "colour": theme.VERDICTS["better" if t.accepted else "worse"], "text": str(i)}
        for i, t in enumerate(one.trials, 1)
        if t in shown
    ]
    across = number("x", (0.0, reach), title="step length a", grid=False, tickCount=6)
    up = number("y", span([row["y"] for row in (*curve, *bound)]), title="f(x + a d)", tickCount=5)
    label = {"type": "text", "dy": -12, "fontSize": 11}
    view = {
        "width": theme.WIDTH - 120,
        "height": 280,
        "layer": [
            layer({"type": "line", "color": theme.INK, "strokeWidth": 2, "clip": True}, curve, x=across, y=up),
            layer({"type": "line", "color": theme.ACCENT, "strokeDash": [5, 4]}, bound, x=across, y=up),
            layer({"type": "point", "filled": True, "size": 80, "opacity": 1}, dots, x=across, y=up, color="colour"),
            layer(label, dots, x=across, y=up, text={"field": "text"}, color="colour"),
        ],
    }
    hidden = len(one.trials) - len(shown)
    said = f"Blue: f(x) + c·a·g·d, c = {trace.settings['slope']:g}. "
    said += f"Trial {len(one.trials)} (a = {accepted.length:.4g}) is accepted"
    return finish(view, title, said + (f"; the first {hidden} lie outside of the picture." if hidden else "."))


def crossing(found: Convexity) -> Chart:
    """The surface along the chord that disproves convexity."""
    title, one = f"{found.problem.name} crosses a chord", found.witness
    if one is None:
        return nothing(title, "No such chord was found.")
    a, b = np.array(one.a), np.array(one.b)
    parts = np.linspace(0.0, 1.0, 200)
    values = found.problem.value(a + parts[:, None] * (b - a))
    curve = [{"x": float(t), "y": float(v)} for t, v in zip(parts, values, strict=True)]
    ends = [curve[0], curve[-1]]
    middle = {"x": 1 - one.weight, "y": one.value, "to": one.chord}
    x = number("x", (0.0, 1.0), title=f"from a = {point(one.a)} to b = {point(one.b)}", grid=False, values=[0, 0.5, 1])
    y = number("y", span([row["y"] for row in curve]), title="f", tickCount=5)
    layers = [
        layer({"type": "line", "color": theme.INK, "strokeWidth": 2}, curve, x=x, y=y),
        layer(
            {"type": "line", "color": theme.ACCENT, "strokeDash": [5, 4], "point": {"size": 50, "color": theme.ACCENT}},
            ends,
            x=x,
            y=y,
        ),
        layer(
            {"type": "rule", "color": theme.VERDICTS["worse"], "strokeWidth": 2}, [middle], x=x, y=y, y2={"field": "to"}
        ),
        layer(
            {"type": "point", "filled": True, "size": 80, "opacity": 1, "color": theme.VERDICTS["worse"]},
            [middle],
            x=x,
            y=y,
        ),
    ]
    told = "A convex function lies below each of its chords (blue). In the middle this one lies above."
    return finish({"width": theme.WIDTH - 120, "height": 260, "layer": layers}, title, told)


def _shown(trials: Sequence[Any]) -> list[Any]:
    """The last trials, as far as they fit into one picture."""
    return [trial for trial in trials if trial.length <= 8 * max(trials[-1].length, 1e-300)]
