"""Where paths end: at the global minimum, another minimum, a saddle, the edge, nowhere yet, or at infinity."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from paribus.scratch.graph import Array
from paribus.theory.arena.problems import Point, Problem
from paribus.theory.arena.stationary import polish

WITHIN = 1e-3  # half widths of the domain: so close, in every coordinate, is there
KINDS = (
    "global minimum",
    "local minimum",
    "edge",
    "saddle",
    "maximum",
    "degenerate",
    "on the way",
    "no value",
    "diverged",
)


@dataclass(frozen=True)
class Share:
    """A fraction of starts with its Wilson interval of 95 % (Wilson 1927)."""

    count: int
    of: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The fraction."""
        return self.count / self.of


@dataclass(frozen=True)
class End:
    """How one path ended: one of :data:`KINDS`, where, and after how many steps it stayed there."""

    kind: str
    place: Point | None = None
    steps: int | None = None


@dataclass(frozen=True)
class Summary:
    """How all paths of an optimizer ended.

    Args:
        ends: one for each start.
        reached: share of starts that arrived at a global minimum (or, with none known, at any minimum).
        steps: 10th, 50th and 90th percentile of the steps until they stayed there; None if none did.
        last: median of the last values; infinite where most diverged.
    """

    ends: tuple[End, ...]
    reached: Share
    steps: tuple[float, float, float] | None
    last: float

    @property
    def kinds(self) -> dict[str, int]:
        """How many paths ended how."""
        found = Counter(end.kind for end in self.ends)
        return {kind: found[kind] for kind in KINDS if found[kind]}

    @property
    def places(self) -> list[tuple[Point, str, int]]:
        """Where they ended, most frequented first: place, kind, number of paths."""
        found = Counter((end.place, end.kind) for end in self.ends if end.place is not None)
        return [(place, kind, number) for (place, kind), number in found.most_common() if place is not None]


def wilson(count: int, of: int) -> Share:
    """A fraction with its interval, sound also at 0 and 1."""
    from scipy.stats import binomtest  # half a second, which lists and traces need not wait for

    interval = binomtest(count, of).proportion_ci(0.95, "wilson")
    return Share(count, of, float(interval.low), float(interval.high))


def arrivals(problem: Problem, points: Array) -> Array:
    """For paths (steps + 1, starts, n): after how many steps each stayed at a global minimum, −1 if it did not."""
    taken = np.full(points.shape[1], -1)
    for best in problem.minima:
        found = settled(problem, points, np.array(best))
        taken = np.where(taken < 0, found, taken)
    return taken


def settled(problem: Problem, points: Array, place: Array) -> Array:
    """After how many steps each path stayed within :data:`WITHIN` of its place, −1 if it did not."""
    with np.errstate(invalid="ignore"):
        outside = ~(np.abs(points - place) <= WITHIN * problem.half).all(-1)  # (steps + 1, starts)
    first = len(points) - np.argmax(outside[::-1], 0)
    return np.where(outside[-1], -1, np.where(outside.any(0), first, 0))


def summarise(problem: Problem, points: Array, values: Array) -> Summary:
    """How paths (steps + 1, starts, n) ended."""
    ends = endings(problem, points)
    goal = "global minimum" if problem.minima else "local minimum"
    taken = [end.steps for end in ends if end.kind == goal and end.steps is not None]
    low, middle, high = map(float, np.percentile(taken, [10, 50, 90])) if taken else (0.0, 0.0, 0.0)
    last = float(np.median(np.nan_to_num(values[-1], nan=np.inf, posinf=np.inf)))
    return Summary(ends, wilson(len(taken), len(ends)), (low, middle, high) if taken else None, last)


def endings(problem: Problem, points: Array) -> tuple[End, ...]:
    """The end of every path."""
    last = points[-1]
    gone = ~np.isfinite(last).all(-1)
    empty = ~gone & ~problem.defined(np.where(gone[:, None], problem.start, last))
    taken = arrivals(problem, points)
    near, kinds = polish(problem, np.where(gone[:, None], problem.start, last))
    there = settled(problem, points, near)
    edge = _on_edge(problem, last)
    ends = []
    for i in range(len(last)):
        if gone[i]:
            ends.append(End("diverged"))
        elif empty[i]:
            ends.append(End("no value", _rounded(problem, last[i])))
        elif taken[i] >= 0:
            ends.append(End("global minimum", _nearest(problem, last[i]), int(taken[i])))
        elif kinds[i] and there[i] >= 0:
            ends.append(End(_named(kinds[i]), _rounded(problem, near[i]), int(there[i])))
        else:
            ends.append(End("edge", _rounded(problem, last[i])) if edge[i] else End("on the way"))
    return tuple(ends)


def _named(kind: str) -> str:
    return "local minimum" if kind == "minimum" else kind


def _nearest(problem: Problem, x: Array) -> Point:
    return min(problem.minima, key=lambda best: float(np.abs(x - best).max()))


def _rounded(problem: Problem, x: Array) -> Point:
    """A place, rounded so that those who stand together count together."""
    digits = int(max(0, 3 - np.floor(np.log10(problem.half.max()))))
    return tuple(float(v) + 0.0 for v in np.round(x, digits))


def _on_edge(problem: Problem, x: Array) -> Array:
    """Whether a point rests on the edge of the box: no way down leads inside (Karush, Kuhn and Tucker)."""
    if not problem.boxed:
        return np.zeros(len(x), bool)
    with np.errstate(all="ignore"):
        g = problem.gradient(x)
        held = ((x <= problem.low) & (g > 0)) | ((x >= problem.high) & (g < 0))
        free = np.where(held, 0.0, np.abs(g)).max(-1)
        return np.asarray(held.any(-1) & (free <= 1e-3 * np.maximum(1.0, np.abs(g).max(-1))))
