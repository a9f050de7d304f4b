"""Values step by step, sweeps, and Reddi's walk."""

from __future__ import annotations

import math

import numpy as np

from paribus.plots import theme
from paribus.plots.arena.axes import dashes, named, palette, point, step_axis, thin
from paribus.plots.chart import Chart
from paribus.plots.grammar import colours, finish, heading, layer, number, span
from paribus.theory.arena import LABELS, Online, Race, Sweep

FLOOR = 1e-16  # heights below cannot be told from 0


def falls(race: Race, path: int = 0) -> Chart:
    """The height above the lowest known value, step by step, for one starting point."""
    lowest = race.problem.lowest
    bottom = lowest if lowest is not None else min(float(np.nanmin(one.values[:, path])) for one in race.trajectories)
    rows = [
        {"arm": label, "step": step, "y": max(float(trajectory.values[step, path]) - bottom, FLOOR)}
        for label, trajectory in named(race)
        for step in thin(len(trajectory.values))
        if np.isfinite(trajectory.values[step, path]) and trajectory.values[step, path] < 1e12
    ]
    names = [label for label, _ in named(race)]
    y = number("y", title="height above the minimum", tickCount=6, format=".0e")
    y["scale"]["type"] = "log"
    x = step_axis(race.steps)
    shown = layer({"type": "line", "strokeWidth": 1.8}, rows, x=x, y=y, color=colours(names, palette(len(names))))
    if len(names) > len(theme.ARMS):  # a second family of lines, so that 13 can be told apart
        shown["encoding"]["strokeDash"] = dashes(names)
    reading = [] if lowest is not None else ["No minimum is known: heights are above the lowest value met."]
    view = {"width": theme.WIDTH - 90, "height": 300, "layer": [shown]}
    return finish(view, f"{race.problem.name} from {point(race.starts[path])}", *reading)


def sweeps(sweep: Sweep) -> Chart:
    """The median last value, and the share of starts that arrived, against the setting."""
    lowest = sweep.problem.lowest
    labels = list(dict.fromkeys(LABELS[trial.optimizer.name] for trial in sweep.trials))
    finite = [trial.summary.last for trial in sweep.trials if math.isfinite(trial.summary.last)]
    bottom = lowest if lowest is not None else min(finite, default=0.0)
    rows = [
        {
            "arm": LABELS[trial.optimizer.name],
            "x": trial.value,
            "y": max(trial.summary.last - bottom, FLOOR) if trial.summary.last < 1e12 else None,
            "share": 100 * trial.summary.reached.value,
            "low": 100 * trial.summary.reached.low,
            "high": 100 * trial.summary.reached.high,
        }
        for trial in sweep.trials
    ]
    x, colour = number("x", title=sweep.setting, grid=False, tickCount=6), colours(labels, palette(len(labels)))
    if min(sweep.values) > 0 and max(sweep.values) > 20 * min(sweep.values):
        x["scale"]["type"], x["axis"]["format"] = "log", ".0e"
    y = number("y", title=None, tickCount=5, format=".0e")
    y["scale"]["type"] = "log"
    line = {"type": "line", "strokeWidth": 2, "point": {"size": 30, "filled": True}}
    share = number("share", (-2, 102), title=None, tickCount=5)
    size = {"width": theme.WIDTH / 2 - 70, "height": 240}
    panels = [
        {**size, "layer": [layer(line, rows, x=x, y=y, color=colour), heading(["median height at the end"])]},
        {
            **size,
            "layer": [
                layer(
                    {"type": "rule", "opacity": 0.35},
                    rows,
                    x=x,
                    y={**share, "field": "low"},
                    y2={"field": "high"},
                    color=colour,
                ),
                layer(line, rows, x=x, y=share, color=colour),
                heading(["starts that arrived (%), 95 % intervals"]),
            ],
        },
    ]
    view = {"concat": panels, "columns": 2, "bounds": "flush", "spacing": 70, "resolve": {"scale": {"color": "shared"}}}
    told = f"{sweep.starts} starts, {sweep.steps} steps. A gap in a line: most paths diverged."
    return finish(view, f"{sweep.problem.name}: what {sweep.setting} does", told)


def online(walk: Online) -> Chart:
    """Reddi's counterexample: where the optimizers are, and their average regret."""
    names = [one.name for one in walk.walks]
    kept = [
        3 * step + 2 for step in thin(walk.steps // 3, 600)
    ]  # once every three steps: x goes up and down in between
    rows = [
        {"arm": one.name, "step": t + 1, "x": float(one.x[t]), "regret": float(one.regret[t])}
        for one in walk.walks
        for t in kept
    ]
    x = number("step", (0, walk.steps), title="step", grid=False, tickCount=4)
    size = {"width": theme.WIDTH / 2 - 60, "height": 220}
    line, colour = {"type": "line", "strokeWidth": 1.8}, colours(names, theme.ARMS[1:])
    y = number("x", (-1.05, 1.05), title=None, tickCount=5)
    regret = number(
        "regret", span([0.0, *(float(one.regret[t]) for one in walk.walks for t in kept)]), title=None, tickCount=5
    )
    panels = [
        {
            **size,
            "layer": [
                layer(line, rows, x=x, y=y, color=colour),
                heading([f"x after every third step (best: {walk.best:+g})".replace("-", "−")]),
            ],
        },
        {
            **size,
            "layer": [layer({**line, "clip": True}, rows, x=x, y=regret, color=colour), heading(["average regret"])],
        },
    ]
    view = {"concat": panels, "columns": 2, "bounds": "flush", "spacing": 60, "resolve": {"scale": {"color": "shared"}}}
    return finish(
        view, f"Reddi's counterexample, C = {walk.c:g}", "Regret: loss so far minus that of the best point, per step."
    )
