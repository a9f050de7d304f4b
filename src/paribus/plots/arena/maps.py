"""Contour maps with paths or stationary points on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from paribus.plots import theme
from paribus.plots.arena.axes import dashes, named, palette, step_axis, thin
from paribus.plots.arena.contour import LINE, Contours, contours
from paribus.plots.chart import Chart
from paribus.plots.grammar import Row, Spec, colours, finish, heading, layer, nothing, number
from paribus.theory.arena import Map, Problem, Race, Trajectory

SIDE = 540  # pixels of a map
COLUMNS = 4  # of small maps, where there are more optimizers than colours
MARKS = {"minimum": "circle", "maximum": "triangle-up", "saddle": "cross", "degenerate": "diamond", "kink": "circle"}
KINDS = {"minimum": "#0072b2", "maximum": "#d55e00", "saddle": "#1f2933", "degenerate": "#cc79a7", "kink": "#009e73"}


def paths(race: Race, path: int = 0) -> Chart:
    """Where each optimizer went from one starting point: on a contour map, or on the curve of a function of one."""
    problem, title = race.problem, f"Paths on {race.problem.name}"
    if problem.dimensions > 2:
        return nothing(title, f"A map has two coordinates, this surface has {problem.dimensions}.")
    if problem.dimensions == 1:
        return _line(race, path, title)
    low, high = frame(race, path)
    if len(race.trajectories) <= len(theme.ARMS):
        return _one_map(race, path, low, high, title)
    return _many_maps(race, path, low, high, title)


def landmarks(found: Map) -> Chart:
    """Stationary points on the map, by kind."""
    problem, title = found.problem, f"Stationary points of {found.problem.name}"
    if problem.dimensions != 2:
        return nothing(title, "A map has two coordinates.")
    low, high = np.array(problem.low), np.array(problem.high)
    rows = [{"arm": one.kind, "x": one.point[0], "y": one.point[1]} for one in found.points if one.kind in MARKS]
    kinds = [kind for kind in MARKS if any(row["arm"] == kind for row in rows)]
    x, y = _axes(low, high)
    shape = {"field": "arm", "type": "nominal", "scale": {"domain": kinds, "range": [MARKS[k] for k in kinds]}}
    shape["legend"] = {"symbolType": "circle", "symbolStrokeWidth": 1}
    shades = {"field": "arm", "type": "nominal", "scale": {"domain": kinds, "range": [KINDS[k] for k in kinds]}}
    mark = {"type": "point", "filled": True, "size": 70 if len(rows) < 40 else 34, "opacity": 1, "strokeWidth": 0}
    bands = _bands(problem, low, high, SIDE)
    points = layer(mark, rows, x=x, y=y, color={**shades, "legend": {"symbolType": "circle"}}, shape=shape)
    view = {"width": SIDE, "height": SIDE, "layer": [*_painted(bands), points]}
    return finish(view, title, _key(bands))


def frame(race: Race, path: int) -> tuple[Any, Any]:
    """What the map shows: all paths, start and minima as far as they lie in the domain, with air; at least a tenth."""
    problem = race.problem
    low, high = np.array(problem.low, float), np.array(problem.high, float)
    points = np.concatenate(
        [
            race.starts[path : path + 1],
            *(trajectory.points[:, path] for trajectory in race.trajectories),
            *(np.array([m]) for m in problem.minima),
        ]
    )
    inside = points[((points >= low) & (points <= high)).all(-1)]
    near, far = inside.min(0), inside.max(0)
    air = np.maximum(0.15 * (far - near), 0.05 * (high - low))
    return np.maximum(low, near - air), np.minimum(high, far + air)


def _one_map(race: Race, path: int, low: Any, high: Any, title: str) -> Chart:
    bands, (x, y) = _bands(race.problem, low, high, SIDE), _axes(low, high)
    trajectories = named(race)
    names = [label for label, _ in trajectories]
    rows = [row for label, trajectory in trajectories for row in _steps(label, trajectory, path)]
    colour = colours(names, theme.ARMS)
    view = {
        "width": SIDE,
        "height": SIDE,
        "layer": [*_painted(bands), *_walks(rows, x, y, colour), *_places(race, path, x, y)],
    }
    return finish(view, title, _key(bands), _legend(race))


def _many_maps(race: Race, path: int, low: Any, high: Any, title: str) -> Chart:
    side = theme.WIDTH / COLUMNS - 42
    bands = _bands(race.problem, low, high, side, 60)
    x, y = _axes(low, high, 3, titles=False)
    panels = []
    for label, trajectory in named(race):
        rows, colour = _steps(label, trajectory, path), {"value": theme.ARMS[2]}
        marks = [*_painted(bands), *_walks(rows, x, y, colour), *_places(race, path, x, y), heading([label])]
        panels.append({"width": side, "height": side, "layer": marks})
    view = {"concat": panels, "columns": COLUMNS, "bounds": "flush", "spacing": {"row": 48, "column": 40}}
    return finish(view, title, _key(bands), _legend(race))


def _line(race: Race, path: int, title: str) -> Chart:
    """Paths of a function of one variable, on its curve; later steps lie over earlier ones."""
    problem, trajectories = race.problem, named(race)
    low, high = problem.low[0], problem.high[0]
    places = np.linspace(low, high, 300)
    curve = [{"x": float(a), "y": float(v)} for a, v in zip(places, problem.value(places[:, None]), strict=True)]
    rows = [
        {"arm": label, "x": row["x"], "step": row["step"]}
        for label, trajectory in trajectories
        for row in _steps(label, trajectory, path, True)
    ]
    names = [label for label, _ in trajectories]
    colour, x = colours(names, palette(len(names))), number("x", (low, high), title="x", grid=False)
    size = {"width": theme.WIDTH / 2 - 70, "height": 300}
    best = [{"x": place[0]} for place in problem.minima]
    rule = layer({"type": "rule", "strokeDash": [3, 3], "color": theme.MUTED}, best, x=x)
    shape = layer({"type": "line", "color": theme.INK, "strokeWidth": 2}, curve, x=x, y=number("y", title=None))
    line = layer(
        {"type": "line", "strokeWidth": 2, "clip": True},
        rows,
        x=step_axis(race.steps),
        y=number("x", (low, high), title=None),
        color=colour,
    )
    level = layer({"type": "rule", "strokeDash": [3, 3], "color": theme.MUTED}, best, y=number("x", (low, high)))
    if len(names) > len(theme.ARMS):
        line["encoding"]["strokeDash"] = dashes(names)
    panels = [
        {**size, "layer": [shape, rule, heading(["the function"])]},
        {**size, "layer": [line, level, heading(["x, step by step"])]},
    ]
    view = {"concat": panels, "columns": 2, "bounds": "flush", "spacing": 70}
    return finish(view, title, "Dashed: the global minimum.")


def _bands(problem: Problem, low: Any, high: Any, side: float, cells: int = 160) -> Contours:
    return contours(problem.value, low, high, side, side, cells)


def _painted(bands: Contours) -> list[Spec]:
    """The bands as shapes in pixels, the highest first."""
    views = []
    for region, colour in bands.regions:
        outlines = [[[round(a, 1), round(b, 1)] for a, b in loop] for loop in region]
        shape = {"type": "Feature", "geometry": {"type": "MultiPolygon", "coordinates": [outlines]}, "properties": {}}
        mark = {"type": "geoshape", "fill": colour, "stroke": LINE, "strokeWidth": 0.6}
        views.append(
            {
                "data": {"values": [shape], "format": {"type": "json"}},
                "projection": {"type": "identity", "scale": 1, "translate": [0, 0]},
                "mark": mark,
            }
        )
    return views


def _walks(rows: Sequence[Row], x: Spec, y: Spec, colour: Spec) -> list[Spec]:
    last = {row["arm"]: row for row in rows}
    order = {"field": "step", "type": "quantitative"}
    return [
        layer(
            {"type": "line", "strokeWidth": 1.8, "clip": True},
            rows,
            x=x,
            y=y,
            color=colour,
            order=order,
            detail={"field": "arm"},
        ),
        layer(
            {
                "type": "point",
                "filled": True,
                "size": 60,
                "opacity": 1,
                "stroke": "white",
                "strokeWidth": 1,
                "clip": True,
            },
            list(last.values()),
            x=x,
            y=y,
            color=colour,
        ),
    ]


def _places(race: Race, path: int, x: Spec, y: Spec) -> list[Spec]:
    minima = [{"x": place[0], "y": place[1]} for place in race.problem.minima]
    start = [{"x": float(race.starts[path, 0]), "y": float(race.starts[path, 1])}]
    ring = {"type": "point", "size": 90, "color": theme.INK, "strokeWidth": 2, "filled": False, "opacity": 1}
    mark = {"type": "point", "shape": _star(), "size": 130, "filled": True, "color": "#000000", "opacity": 1}
    return [
        layer({**mark, "stroke": "white", "strokeWidth": 0.8, "clip": True}, minima, x=x, y=y),
        layer(ring, start, x=x, y=y),
    ]


def _star() -> str:
    """Five points, as the path of a mark."""
    turns = np.pi / 5 * np.arange(10)
    reach = np.where(np.arange(10) % 2, 0.4, 1.0)
    corners = zip(reach * np.sin(turns), -reach * np.cos(turns), strict=True)
    return "M" + "L".join(f"{x:.3f},{y:.3f}" for x, y in corners) + "Z"


def _steps(label: str, trajectory: Trajectory, path: int, single: bool = False) -> list[Row]:
    points = trajectory.points[:, path]
    kept = [step for step in thin(len(points)) if np.isfinite(points[step]).all()]
    if single:
        return [{"arm": label, "step": step, "x": float(points[step, 0])} for step in kept]
    return [{"arm": label, "step": step, "x": float(points[step, 0]), "y": float(points[step, 1])} for step in kept]


def _axes(low: Any, high: Any, ticks: int = 6, titles: bool = True) -> tuple[Spec, Spec]:
    def axis(i: int, name: str) -> Spec:
        title = name if titles else None
        return number(name, (float(low[i]), float(high[i])), title=title, grid=False, tickCount=ticks, titlePadding=4)

    return axis(0, "x"), axis(1, "y")


def _key(bands: Contours) -> str:
    if bands.ratio is not None:
        return f"Darker is lower; from band to band the height above the lowest place grows {bands.ratio:.2g} times."
    return f"Darker is lower; from band to band it is {bands.distance:.3g} higher." if bands.distance else "A plane."


def _legend(race: Race) -> str:
    star = " Star: global minimum." if race.problem.minima else ""
    return f"Ring: start.{star} Dot: where a path is after the last step."
