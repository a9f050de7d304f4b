"""Is a surface convex? A witness disproves it; only a reason proves it. Finding no witness proves nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from paribus.scratch import ops
from paribus.scratch.graph import Array
from paribus.theory.arena.problems import Point, Problem
from paribus.theory.arena.verify import Check, check

CANDIDATES = 200  # points of negative curvature among which the clearest witness is chosen
MARGIN = 1e-9  # of the values: a chord must be crossed by more than rounding


@dataclass(frozen=True)
class Witness:
    """Two points whose chord the surface crosses: f(λa + (1 − λ)b) > λf(a) + (1 − λ)f(b).

    Args:
        a: one end.
        b: the other end.
        weight: λ.
        between: λa + (1 − λ)b.
        value: f(between).
        chord: λf(a) + (1 − λ)f(b).
    """

    a: Point
    b: Point
    weight: float
    between: Point
    value: float
    chord: float

    @property
    def clarity(self) -> float:
        """How far the surface crosses the chord, relative to the values."""
        return (self.value - self.chord) / max(1.0, abs(self.value), abs(self.chord))


@dataclass(frozen=True)
class Bend:
    """Where the surface bends down: a point, the smallest eigenvalue of the Hessian there, and its direction."""

    point: Point
    eigenvalue: float
    direction: Point


@dataclass(frozen=True)
class Convexity:
    """Whether a surface is convex, and what shows it.

    Args:
        problem: the surface, over its domain.
        verdict: "not convex" with a witness, "convex" with a reason, or "no witness found".
        witness: the chord that is crossed.
        bend: the most negative curvature that was found.
        reason: the proof, where there is one.
        smallest: smallest eigenvalue of the Hessian at all tried points.
        tries: number of points tried.
    """

    problem: Problem
    verdict: str
    witness: Witness | None
    bend: Bend | None
    reason: str
    smallest: float
    tries: int
    checked: Check


# Lower bounds of the Hessian's smallest eigenvalue that hold everywhere, with the second derivative they rest on.
REASONS: dict[str, tuple[str, Callable[[Array], Any]]] = {
    "softplus": (
        "the second derivative 100σ(1 − σ) + 2, σ = sigmoid(10x), is nowhere below 2",
        lambda x: 100 * ops.sigmoid(10 * x) * (1 - ops.sigmoid(10 * x)) + 2,
    ),
}


def convexity(problem: Problem, tries: int = 2000, seed: int = 0) -> Convexity:
    """Look for a witness against convexity, or give the reason why there is none."""
    checked, points = check(problem), problem.draw(tries, seed)
    with np.errstate(all="ignore"):
        hessians = problem.hessian(points)
        finite = np.isfinite(hessians).all((-1, -2))
    points, hessians = points[finite], hessians[finite]
    values, vectors = np.linalg.eigh(hessians)
    lowest = int(np.argmin(values[:, 0]))
    smallest = float(values[lowest, 0])
    bend = Bend(_point(points[lowest]), smallest, _point(vectors[lowest, :, 0])) if smallest < 0 else None
    down = np.flatnonzero(values[:, 0] < 0)[:CANDIDATES]
    along = (found for i in down if (found := across(problem, points[i], vectors[i, :, 0])))
    witness = max(along, key=lambda one: one.clarity, default=None) or _random_chord(problem, points)
    reason = "" if witness else _reason(problem, points, hessians)
    verdict = "not convex" if witness else "convex" if reason else "no witness found"
    return Convexity(problem, verdict, witness, bend if witness else None, reason, smallest, len(points), checked)


def across(problem: Problem, x: Array, direction: Array) -> Witness | None:
    """A chord through x along a direction of negative curvature, as long as the surface still crosses it."""
    length, digits = float(problem.half.min()), int(max(0, 3 - np.floor(np.log10(problem.half.min()))))
    while length > 1e-6 * problem.half.min():
        a, b = (np.round(x + sign * length * direction, digits) for sign in (-1, 1))  # easier to check by hand
        found = chord(problem, a, b, 0.5)
        if found:
            return found
        length /= 2
    return None


def chord(problem: Problem, a: Array, b: Array, weight: float) -> Witness | None:
    """The witness that two points and a weight make, if they are one and lie in the domain."""
    ends = np.stack([a, b])
    if not ((ends >= problem.low) & (ends <= problem.high)).all():
        return None
    between = weight * a + (1 - weight) * b
    value, (at_a, at_b) = float(problem.value(between)), problem.value(ends)
    level = float(weight * at_a + (1 - weight) * at_b)
    if not value > level + MARGIN * max(1.0, abs(at_a), abs(at_b)):
        return None
    return Witness(_point(a), _point(b), weight, _point(between), value, level)


def _random_chord(problem: Problem, points: Array) -> Witness | None:
    """Chords between random points: for kinks, which no Hessian shows."""
    pairs = zip(points[0::2], points[1::2], strict=False)
    return next((found for a, b in pairs if (found := chord(problem, a, b, 0.5))), None)


def _reason(problem: Problem, points: Array, hessians: Array) -> str:
    if problem.constant is not None:
        eigenvalues = np.linalg.eigvalsh(np.array(problem.constant))
        said = ", ".join(f"{value:.6g}" for value in eigenvalues)
        return f"the Hessian is the same everywhere, with eigenvalues {said}: none is negative"
    if problem.name not in REASONS:
        return ""
    text, second = REASONS[problem.name]
    diagonal = np.diagonal(hessians, axis1=-2, axis2=-1)
    if not np.allclose(second(points), diagonal, rtol=1e-9, atol=1e-9):
        return ""  # the formula is not that of this function: no proof
    return f"{text} (formula = autograd at {len(points)} points)"


def _point(x: Array) -> Point:
    return tuple(x.tolist())
