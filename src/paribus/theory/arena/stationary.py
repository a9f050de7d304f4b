"""Points where the gradient is zero: found by Newton's method, classified by the eigenvalues of the Hessian."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from paribus.errors import TheoryError
from paribus.scratch.graph import Array
from paribus.theory.arena.problems import Point, Problem
from paribus.theory.arena.verify import Check, check

ROUNDS = 80  # of Newton's method; to a degenerate point it only halves the distance each time
FLAT = 1e-7  # eigenvalues below this part of the largest (or of 1) are zero for all that can be said
ZERO = 1e-8  # a gradient is zero below this part of the gradients met on the way (or of 1)
STEEPEST = 1e100  # second derivatives beyond it stand for none
STILL = 1e-6  # half widths of the domain: Newton's last step was not longer
SAME = 1e-4  # half widths of the domain: closer points are one


@dataclass(frozen=True)
class Stationary:
    """A point where the gradient vanishes.

    Args:
        point: where.
        value: of the function there.
        gradient: its largest entry in absolute value, the proof.
        eigenvalues: of the Hessian, ascending: positive ones for a minimum, both signs for a saddle.
        kind: minimum, maximum, saddle, degenerate where an eigenvalue is zero and no other decides, kink where there is
            no Hessian, slope where the gradient is not zero after all.
        note: what the neighbourhood shows where the eigenvalues leave it open, by sampling.
    """

    point: Point
    value: float
    gradient: float
    eigenvalues: Point
    kind: str
    note: str = ""


@dataclass(frozen=True)
class Map:
    """Stationary points of a surface, lowest first, and from how many starts they were found; 0 if they were given."""

    problem: Problem
    points: tuple[Stationary, ...]
    starts: int
    seed: int
    checked: Check


def search(problem: Problem, starts: int = 400, seed: int = 0) -> Map:
    """Look for stationary points from random starts of the domain. What no start leads to is not found."""
    checked = check(problem)
    ends, kinds = polish(problem, problem.draw(starts, seed))
    inside = ((ends >= problem.low) & (ends <= problem.high)).all(-1) & problem.defined(ends)
    found: list[Array] = []
    for end in [*ends[inside & np.array([bool(kind) for kind in kinds])], *map(np.array, problem.minima)]:
        if not any((np.abs(end - other) <= SAME * problem.half).all() for other in found):
            found.append(end)
    points = sorted((describe(problem, x) for x in found), key=lambda one: (one.value, one.point))
    return Map(problem, tuple(points), starts, seed, checked)


def with_found_minimum(problem: Problem, starts: int = 200) -> Problem:
    """A problem of which no minimum is known, with the lowest that a search finds; as it is where none is found."""
    found = [one for one in search(problem, starts).points if one.kind == "minimum"]
    if not found:
        return problem
    lowest = found[0].value
    minima = tuple(one.point for one in found if one.value <= lowest + 1e-9 * max(1.0, abs(lowest)))
    return replace(problem, minima=minima, lowest=lowest, source=f"the lowest found from {starts} random starts")


def at(problem: Problem, point: Sequence[float]) -> Map:
    """One given point: is it stationary, and of which kind?

    Raises:
        TheoryError: for a point of another dimension.
    """
    checked = check(problem)
    if len(point) != problem.dimensions:
        rule = f"a point of {problem.name} has {problem.dimensions} coordinates"
        raise TheoryError(rule, got=", ".join(f"{x:g}" for x in point))
    if not np.isfinite(problem.value(np.array(point, float))):
        raise TheoryError(f"{problem.name} has no value at this point", got=", ".join(f"{x:g}" for x in point))
    return Map(problem, (describe(problem, tuple(point)),), 0, 0, checked)


def describe(problem: Problem, point: Array | Point) -> Stationary:
    """What a point is, by its gradient and the eigenvalues of its Hessian."""
    x = np.asarray(point, float)
    with np.errstate(all="ignore"):
        hessian, value = problem.hessian(x), float(problem.value(x))
    slope = float(np.abs(problem.gradient(x)).max())
    if not (np.abs(hessian) < STEEPEST).all():
        note = f"the gradient jumps here; {_around(problem, x)}"
        return Stationary(tuple(x.tolist()), value, slope, (), "kink", note)
    eigenvalues = np.linalg.eigvalsh(hessian)
    kind = classify(eigenvalues) if slope <= 1e-6 * max(1.0, float(np.abs(eigenvalues).max())) else "slope"
    if kind == "slope":
        lowest = problem.boxed and tuple(x.tolist()) in problem.minima
        note = "lowest only because the domain ends here" if lowest else "the gradient is not zero: not stationary"
        return Stationary(tuple(x.tolist()), value, slope, tuple(eigenvalues.tolist()), kind, note)
    note = _around(problem, x) if kind == "degenerate" else ""
    clean = np.where(np.abs(x) < 1e-12 * problem.half, 0.0, x)
    return Stationary(tuple(clean.tolist()), value, slope, tuple(eigenvalues.tolist()), kind, note)


def classify(eigenvalues: Array) -> str:
    """The kind of a stationary point from the eigenvalues of its Hessian."""
    flat = FLAT * max(1.0, float(np.abs(eigenvalues).max()))
    up, down = bool((eigenvalues > flat).any()), bool((eigenvalues < -flat).any())
    if up and down:
        return "saddle"
    if (np.abs(eigenvalues) <= flat).any():
        return "degenerate"
    return "minimum" if up else "maximum"


def polish(problem: Problem, points: Array) -> tuple[Array, list[str]]:
    """Newton's method on the gradient from points (starts, n), all at once.

    Returns:
        The ends (starts, n), and the kind of each; an empty text where no stationary point was reached.
    """
    x, scale = points.copy(), np.ones(len(points))
    with np.errstate(all="ignore"):
        for _ in range(ROUNDS):
            g = problem.gradient(x)
            scale = np.fmax(scale, np.abs(g).max(-1))
            step = _newton(problem.hessian(x), g)
            length = np.abs(step / problem.half).max(-1, keepdims=True)
            moved = x - step * np.minimum(1.0, 0.5 / np.maximum(length, 1e-300))  # half the way to the edge at most
            x = np.where(np.isfinite(moved), moved, x)
        # far down a slope the gradient is small, too; but there Newton's steps go on
        reached = (np.abs(problem.gradient(x)).max(-1) <= ZERO * scale) & (length[:, 0] <= STILL)
        hessians = problem.hessian(x)
    sound = reached & np.isfinite(hessians).all((-1, -2))
    return x, [classify(np.linalg.eigvalsh(h)) if ok else "" for h, ok in zip(hessians, sound, strict=True)]


def _newton(hessians: Array, gradients: Array) -> Array:
    """H⁺g for every point; directions in which the Hessian is zero are left alone."""
    sound = np.isfinite(hessians).all((-1, -2), keepdims=True)
    values, vectors = np.linalg.eigh(np.where(sound, hessians, np.eye(hessians.shape[-1])))
    usable = np.abs(values) > 1e-14 * np.maximum(np.abs(values).max(-1, keepdims=True), 1e-300)
    along = np.einsum("kji,kj->ki", vectors, gradients) * np.where(usable, 1 / np.where(usable, values, 1.0), 0.0)
    return np.asarray(np.einsum("kij,kj->ki", vectors, along))


def _around(problem: Problem, x: Array, directions: int = 64) -> str:
    """Is it higher or lower nearby? A search in random directions, which is no proof."""
    turns = np.random.default_rng(0).normal(size=(directions, problem.dimensions))
    turns /= np.linalg.norm(turns, axis=1, keepdims=True)
    rise = problem.value(x + 1e-2 * problem.half * turns) - float(problem.value(x))
    small = 1e-12 * max(1.0, float(np.abs(rise).max()))
    higher, lower = int((rise > small).sum()), int((rise < -small).sum())
    return f"of {directions} directions {higher} lead up and {lower} down"
