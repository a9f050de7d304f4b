"""Small pictures as SVG text: a line chart, and the shapes that the drawing of graphs is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from math import log10

Point = tuple[float, float]
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")  # told apart by colour-blind eyes
WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 560, 300, 70, 130, 34, 44


def document(width: float, height: float, parts: Sequence[str], title: str) -> str:
    """A whole picture on white."""
    start = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}"'
    style = 'font-family="sans-serif" font-size="12" role="img"'
    body = "\n".join([f"<title>{escape(title)}</title>", '<rect width="100%" height="100%" fill="white"/>', *parts])
    return f"{start} {style}>\n{body}\n</svg>\n"


def text(x: float, y: float, words: str, anchor: str = "middle", more: str = "") -> str:
    """Words around, before ("end") or after ("start") a point."""
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" {more}>{escape(words)}</text>'


def line(points: Sequence[Point], colour: str = "#888", more: str = "") -> str:
    """A line through points."""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" {more}/>'


def box(x: float, y: float, width: float, height: float, fill: str) -> str:
    """A rectangle with round corners, given its centre."""
    corner = f'x="{x - width / 2:.1f}" y="{y - height / 2:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect {corner} rx="6" fill="{fill}" stroke="#555"/>'


def chart(series: Mapping[str, Sequence[Point]], title: str, x: str, y: str, log: bool = False) -> str:
    """Lines over common axes, each with its name at its end; ``log`` makes the vertical axis logarithmic."""
    lift: Callable[[float], float] = (lambda v: log10(max(v, 1e-300))) if log else float
    points = {name: [(a, lift(b)) for a, b in line_] for name, line_ in series.items()}
    xs, ys = ([p[i] for line_ in points.values() for p in line_] for i in (0, 1))
    low, high = (min(ys), max(ys)) if log else (min(0.0, *ys), max(ys))
    across = _scale(min(xs), max(xs), LEFT, WIDTH - RIGHT)
    up = _scale(low, high, HEIGHT - BOTTOM, TOP)
    parts = [text(WIDTH / 2, 18, title, more='font-weight="bold"'), text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, x)]
    parts.append(text(LEFT, TOP - 8, y, "end"))
    for value in (low, (low + high) / 2, high):
        label = f"{10**value:.0e}" if log else f"{value:.3g}"
        parts += [
            line([(LEFT, up(value)), (WIDTH - RIGHT, up(value))], "#ddd"),
            text(LEFT - 6, up(value) + 4, label, "end"),
        ]
    parts += [text(across(value), HEIGHT - 26, f"{value:.3g}") for value in (min(xs), max(xs))]
    ends = _apart([up(line_[-1][1]) for line_ in points.values()])
    for i, ((name, line_), end) in enumerate(zip(points.items(), ends, strict=True)):
        colour = COLOURS[i % len(COLOURS)]
        parts.append(line([(across(a), up(b)) for a, b in line_], colour, 'stroke-width="2"'))
        parts.append(text(WIDTH - RIGHT + 6, end + 4, name, "start", f'fill="{colour}"'))
    return document(WIDTH, HEIGHT, parts, title)


def _scale(low: float, high: float, start: float, end: float) -> Callable[[float], float]:
    """From numbers to pixels."""
    return lambda v: start + (v - low) / ((high - low) or 1.0) * (end - start)


def _apart(heights: Sequence[float], distance: float = 14.0) -> list[float]:
    """Heights of the names, lifted where they would overlap."""
    placed = dict.fromkeys(range(len(heights)), 0.0)
    last = float("inf")
    for i in sorted(placed, key=lambda i: -heights[i]):
        placed[i] = last = min(heights[i], last - distance)
    return list(placed.values())
