"""Races: every optimizer from the same starting points, as far as the same number of steps takes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from paribus.errors import TheoryError
from paribus.scratch.graph import Array
from paribus.scratch.optim import Rule
from paribus.theory.arena.optimizers import Asked, Optimizer
from paribus.theory.arena.outcome import Summary, arrivals, summarise
from paribus.theory.arena.problems import Problem
from paribus.theory.arena.stationary import with_found_minimum
from paribus.theory.arena.verify import Check, check

GONE = 1e3  # half widths of the domain from its middle: a path that is further away has diverged
REST = 1e-9  # half widths: a rule that sees all coordinates at once stops after two moves that are not longer
MOST = 50_000_000  # numbers that a race may keep
GRID = (*(m * 10.0**k for k in range(-5, 2) for m in (1, 2, 5)), 100.0)  # learning rates that tuning tries
TUNING = 20  # starting points for the choice of a learning rate, drawn apart from those of the race


@dataclass(frozen=True)
class Trajectory:
    """One optimizer's paths from all starting points.

    Args:
        optimizer: the optimizer.
        points: (steps + 1, starts, n); NaN from the step on at which a path diverged.
        values: (steps + 1, starts).
        asked: evaluations of value, gradient and Hessian over all starts.
        summary: where the paths ended.
        tuned: the learning rates tried before, where this one was chosen among them.
    """

    optimizer: Optimizer
    points: Array
    values: Array
    asked: Asked
    summary: Summary
    tuned: tuple[float, ...] = ()


@dataclass(frozen=True)
class Race:
    """Optimizers on one surface.

    Args:
        problem: the surface.
        starts: the starting points, (starts, n), the same for all.
        steps: number of steps.
        trajectories: one for each optimizer.
        checked: proof that the surface's gradient and Hessian are right.
        seed: of the starting points; None where they were given.
    """

    problem: Problem
    starts: Array
    steps: int
    trajectories: tuple[Trajectory, ...]
    checked: Check
    seed: int | None = None


def race(
    problem: Problem,
    optimizers: Sequence[Optimizer],
    starts: Array | int | None = None,
    steps: int = 500,
    seed: int = 0,
    tune: bool = True,
) -> Race:
    """Let optimizers run from the same points, each with its own best learning rate unless one was given.

    Args:
        problem: the surface.
        optimizers: the optimizers.
        starts: points (starts, n), or how many to draw from the domain; the problem's own start by default.
        steps: number of steps.
        seed: of the random starting points.
        tune: whether to choose learning rates that were not given, from :data:`GRID`, where a minimum is known. With
            random starting points the choice is made on others, drawn apart.

    Raises:
        TheoryError: for starting points that do not fit the problem, and impossible numbers.
    """
    checked, drawn = check(problem), isinstance(starts, int)
    if problem.derivatives and not problem.minima:
        problem = with_found_minimum(problem)
    points = starting_points(problem, starts, seed)
    _check_size(points, steps)
    trial = problem.draw(TUNING, seed + 1_000_003) if drawn else points
    trajectories = []
    for optimizer in optimizers:
        tuned = tune and optimizer.tunable and bool(problem.minima)  # without a minimum no rate is best
        chosen = optimizer.having(lr=best_rate(problem, optimizer, trial, steps)) if tuned else optimizer
        trajectory = run(problem, chosen, points, steps)
        trajectories.append(replace(trajectory, tuned=GRID) if tuned else trajectory)
    return Race(problem, points, steps, tuple(trajectories), checked, seed if drawn else None)


def run(problem: Problem, optimizer: Optimizer, starts: Array, steps: int) -> Trajectory:
    """One optimizer from all starting points."""
    asked = Asked()
    rule = optimizer.rule(problem, asked)
    points = follow(problem, rule, starts, steps, asked)
    with np.errstate(all="ignore"):
        values = problem.value(points)
    return Trajectory(optimizer, points, values, asked, summarise(problem, points, values))


def best_rate(problem: Problem, optimizer: Optimizer, starts: Array, steps: int) -> float:
    """The learning rate of :data:`GRID` with which most paths arrive, in the fewest steps, or else get lowest."""
    asked, rates = Asked(), np.array(GRID)[:, None, None]
    rule = replace(optimizer.rule(problem, asked), lr=rates)  # type: ignore[arg-type]  # all rates at once
    points = follow(problem, rule, np.broadcast_to(starts, (len(GRID), *starts.shape)), steps, asked)
    with np.errstate(all="ignore"):
        last = np.nan_to_num(problem.value(points[-1]), nan=np.inf)
    ranks = []
    for i in range(len(GRID)):
        taken = arrivals(problem, points[:, i])
        arrived = taken[taken >= 0]
        ranks.append((-len(arrived), float(np.median(arrived)) if len(arrived) else 0.0, float(np.median(last[i]))))
    return GRID[min(range(len(GRID)), key=ranks.__getitem__)]


def starting_points(problem: Problem, starts: Any, seed: int = 0) -> Array:
    """Starting points (starts, n), checked against the domain.

    Raises:
        TheoryError: for points of another dimension or outside of the domain.
    """
    if isinstance(starts, int):
        if starts < 1:
            raise TheoryError("a race has at least one starting point", got=starts)
        return problem.draw(starts, seed)
    points = np.atleast_2d(np.array(problem.start if starts is None else starts, float))
    if points.shape[-1] != problem.dimensions or points.ndim != 2:
        raise TheoryError(
            f"a starting point of {problem.name} has {problem.dimensions} coordinates",
            got=", ".join(f"{x:g}" for x in points.reshape(-1)[:10]),
            hint="write --start " + ",".join(f"{x:g}" for x in problem.start),
        )
    if not ((points >= problem.low) & (points <= problem.high)).all():
        domain = " × ".join(f"[{a:g}, {b:g}]" for a, b in zip(problem.low, problem.high, strict=True))
        raise TheoryError(f"starting points lie in the domain {domain}", got=_said(points, problem))
    if not (defined := problem.defined(points)).all():
        rule = f"{problem.name} has no value, or no gradient, at this starting point"
        raise TheoryError(rule, got=", ".join(f"{x:g}" for x in points[~defined][0]), hint="choose another --start")
    return points


def follow(problem: Problem, rule: Rule, starts: Array, steps: int, asked: Asked) -> Array:
    """All points of all paths, (steps + 1, …, n). A rule that sees all coordinates at once walks one path at a time."""
    if not rule.joint:
        return _walk(problem, rule, starts, steps, asked)
    return np.stack([_walk(problem, rule, start, steps, asked) for start in starts.reshape(-1, starts.shape[-1])], 1)


def _walk(problem: Problem, rule: Rule, start: Array, steps: int, asked: Asked) -> Array:
    """Points (steps + 1, …, n); what diverges is NaN from there on."""
    x = np.array(start, float)
    points = np.full((steps + 1, *x.shape), np.nan)
    state, points[0] = rule.init(x), x
    middle = (np.array(problem.low) + np.array(problem.high)) / 2
    paths, still = x.size // x.shape[-1], 0
    with np.errstate(all="ignore"):  # divergence is a result
        for step in range(1, steps + 1):
            asked.gradients += paths
            try:
                moved, state = rule.update(problem.gradient(x), state, x)
            except np.linalg.LinAlgError:  # a singular Hessian: Newton's step does not exist
                points[step:] = x
                break
            moved = problem.keep(moved)
            lost = ~(np.abs(moved - middle) <= GONE * problem.half).all(-1, keepdims=True)
            still = 0 if (np.abs(moved - x) > REST * problem.half).any() else still + 1
            there = problem.defined(x)[..., None]  # a path that has left the places with values stays where it fell
            x = points[step] = np.where(lost & there, np.nan, np.where(there, moved, x))
            if rule.joint and (lost.all() or still > 1):
                points[step:] = x
                break
    return points


def _check_size(points: Array, steps: int) -> None:
    if steps < 1:
        raise TheoryError("a race has at least one step", got=steps)
    if points.size * (steps + 1) > MOST:
        raise TheoryError("the paths would not fit into memory", got=f"{len(points)} starts, {steps} steps")


def _said(points: Array, problem: Problem) -> str:
    outside = points[~((points >= problem.low) & (points <= problem.high)).all(-1)][0]
    return ", ".join(f"{x:g}" for x in outside)
