"""A race in motion: an SVG picture whose dots walk their paths, by SMIL, which browsers play without a script."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from paribus.plots import theme
from paribus.plots.arena.contour import LINE, contours
from paribus.plots.arena.maps import frame
from paribus.theory.arena import Race, Trajectory

Array = NDArray[np.float64]

SIDE, LEFT, TOP, BOTTOM = 540, 56, 14, 34  # pixels: of the map, and around it
ROW, NAMES = 21, 220  # height of a name in the list beside the map, and width of the list
SECONDS, REST = 12.0, 2.0  # of the walk, and of the stillness at its end
FRAMES = 240


def animation(race: Race, path: int = 0) -> str:
    """The paths from one starting point as a moving picture; an empty text where there are more than two coordinates.

    Time runs slower at first, where most happens: after a part t of the time t² of the steps are done.
    """
    if race.problem.dimensions > 2:
        return ""
    low, high, background, height = _stage(race, path)
    to_pixels = _scale(low, high)
    trajectories = [_trajectory(i, trajectory, path, race, to_pixels) for i, trajectory in enumerate(race.trajectories)]
    names = [_name(i, trajectory.optimizer.label) for i, trajectory in enumerate(race.trajectories)]
    width, tall = LEFT + SIDE + 16 + NAMES, TOP + SIDE + BOTTOM
    start = to_pixels(height(race.starts[path][None]))[0]
    ring = f'<circle cx="{start[0]:.1f}" cy="{start[1]:.1f}" r="6" fill="none" stroke="{theme.INK}" stroke-width="2"/>'
    parts = [
        background,
        *_ticks(low, high),
        '<g clip-path="url(#stage)">',
        *trajectories,
        _minima(race, height, to_pixels),
        ring,
        "</g>",
    ]
    clip = f'<clipPath id="stage"><rect x="{LEFT}" y="{TOP}" width="{SIDE}" height="{SIDE}"/></clipPath>'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {tall}" class="motion" role="img"'
    label = escape(f"paths of {len(race.trajectories)} optimizers on {race.problem.name}, step by step", quote=True)
    body = "\n".join([*parts, *names])
    return f'{head} aria-label="{label}" font-family="{escape(theme.FONT)}" font-size="12">{clip}\n{body}\n</svg>'


def horizon(race: Race, path: int = 0) -> int:
    """How many steps are worth seeing: until the last path has come to rest, and a little longer."""
    last = 0
    for trajectory in race.trajectories:
        points = trajectory.points[:, path]
        known = points[np.isfinite(points).all(-1)]
        away = np.abs(known - known[-1]) > 5e-3 * race.problem.half
        last = max(last, int(np.flatnonzero(away.any(-1)).max(initial=0)))
    return min(race.steps, round(1.2 * last) + 5)


def steps_shown(steps: int) -> list[float]:
    """The step at which the walk is in every frame, the rest at the end included."""
    walk = [steps * (i / (FRAMES - 1)) ** 2 for i in range(FRAMES)]
    return walk + [float(steps)] * round(FRAMES * REST / SECONDS)


def _stage(race: Race, path: int) -> tuple[Array, Array, str, Callable[[Array], Array]]:
    """Corners of the picture, what is painted there, and how points (…, n) become places in the plane."""
    problem = race.problem
    low, high = frame(race, path)
    if problem.dimensions == 2:
        return low, high, _map(race, low, high), lambda points: points
    low, high = np.array(problem.low), np.array(problem.high)
    across = np.linspace(low, high, 300)
    values = problem.value(across)
    air = 0.06 * float(values.max() - values.min()) or 1.0
    corners = np.append(low, values.min() - air), np.append(high, values.max() + air)

    def height(points: Array) -> Array:
        with np.errstate(all="ignore"):
            return np.concatenate([points, problem.value(points)[..., None]], -1)

    line = _polyline(_scale(*corners)(height(across)), theme.INK, 2)
    return *corners, line, height


def _map(race: Race, low: Array, high: Array) -> str:
    shapes = []
    for region, colour in contours(race.problem.value, low, high, SIDE, SIDE).regions:
        text = "".join("M" + "L".join(f"{a + LEFT:.1f},{b + TOP:.1f}" for a, b in loop) + "Z" for loop in region)
        shapes.append(f'<path d="{text}" fill="{colour}" stroke="{LINE}" stroke-width="0.6"/>')
    return "\n".join(shapes)


def _scale(low: Array, high: Array) -> Callable[[Array], Array]:
    """From places to pixels."""
    size = np.array([SIDE, -SIDE]) / (high - low)
    corner = np.array([LEFT, TOP + SIDE])
    return lambda points: corner + (points - low) * size


def _trajectory(i: int, trajectory: Trajectory, path: int, race: Race, to_pixels: Callable[[Array], Array]) -> str:
    """The trail and the dot of one optimizer."""
    points = trajectory.points[:, path]
    known = points[np.isfinite(points).all(-1)]
    times = np.minimum(steps_shown(horizon(race, path)), len(known) - 1)
    flat = [np.interp(times, np.arange(len(known)), column) for column in known.T]
    places = np.stack(flat, -1)
    if race.problem.dimensions == 1:
        places = np.concatenate([places, race.problem.value(places)[:, None]], -1)
    pixels = np.clip(to_pixels(places), -5000, 5000)  # a path may leave the picture by far
    passed = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(pixels, axis=0).T))])
    whole, colour = max(float(passed[-1]), 1.0), _colour(i)
    trail = ""
    if race.problem.dimensions == 2:
        dash = f'stroke-dasharray="{whole:.1f} {whole:.1f}"'
        trail = _polyline(pixels, colour, 1.8, dash, _animate("stroke-dashoffset", whole - passed))
    moves = _animate("cx", pixels[:, 0]) + _animate("cy", pixels[:, 1])
    last = pixels[-1]
    look = f'r="5" fill="{colour}" stroke="#fff" stroke-width="1"'
    return trail + f'<circle cx="{last[0]:.1f}" cy="{last[1]:.1f}" {look}>{moves}</circle>'


def _animate(attribute: str, values: Sequence[float] | Array) -> str:
    texts = ";".join(f"{value:.1f}" for value in values)
    timing = f'dur="{SECONDS + REST:g}s" repeatCount="indefinite"'
    return f'<animate attributeName="{attribute}" values="{texts}" {timing}/>'


def _polyline(pixels: Array, colour: str, width: float, more: str = "", inside: str = "") -> str:
    text = " ".join(f"{a:.1f},{b:.1f}" for a, b in pixels)
    return f'<polyline points="{text}" fill="none" stroke="{colour}" stroke-width="{width}" {more}>{inside}</polyline>'


def _ticks(low: Array, high: Array) -> list[str]:
    """Four round numbers or so on both axes."""
    found = []
    for value in _round_numbers(low[0], high[0]):
        x = LEFT + SIDE * (value - low[0]) / (high[0] - low[0])
        found.append(
            f'<text x="{x:.1f}" y="{TOP + SIDE + 20}" text-anchor="middle" fill="{theme.MUTED}">{value:g}</text>'
        )
    for value in _round_numbers(low[1], high[1]):
        y = TOP + SIDE * (high[1] - value) / (high[1] - low[1]) + 4
        found.append(f'<text x="{LEFT - 8}" y="{y:.1f}" text-anchor="end" fill="{theme.MUTED}">{value:g}</text>')
    return [text.replace(">-", ">−") for text in found]


def _round_numbers(low: float, high: float) -> list[float]:
    rough = (high - low) / 7
    power = 10.0 ** np.floor(np.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough)
    return [float(f"{k * step:.6g}") for k in range(int(np.ceil(low / step)), int(np.floor(high / step)) + 1)]


def _minima(race: Race, height: Callable[[Array], Array], to_pixels: Callable[[Array], Array]) -> str:
    marks = []
    for place in race.problem.minima:
        x, y = to_pixels(height(np.array(place)[None]))[0]
        marks.append(f'<path d="M{x - 5:.1f},{y:.1f}h10M{x:.1f},{y - 5:.1f}v10" stroke="#000" stroke-width="2"/>')
    return "".join(marks)


def _name(i: int, label: str) -> str:
    x, y = LEFT + SIDE + 18, TOP + 14 + ROW * i
    dot = f'<circle cx="{x + 5}" cy="{y - 4}" r="5" fill="{_colour(i)}"/>'
    return f'{dot}<text x="{x + 16}" y="{y}" fill="{theme.INK}">{escape(label)}</text>'


def _colour(i: int) -> str:
    return PALETTE[i % len(PALETTE)]


# All optimizers share one map here, so there are thirteen colours: those of the arms, then darker and paler relatives.
PALETTE = (*theme.ARMS, "#8f1d5b", "#6b8e23", "#7a4a1d", "#5b3fa8", "#b0a000", "#00a3a3")
