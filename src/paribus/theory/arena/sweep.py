"""Sweeps: the same race for every value of one setting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from paribus.errors import TheoryError, nearest
from paribus.theory.arena.optimizers import LABELS, Optimizer, settings_of
from paribus.theory.arena.outcome import Summary
from paribus.theory.arena.problems import Problem
from paribus.theory.arena.race import run, starting_points
from paribus.theory.arena.verify import Check, check

POINTS = 9  # values of a range, unless a number is given
MOST = 200
NEAR_ONE = ("momentum", "alpha", "beta1", "beta2")  # what matters of them is the distance from 1


@dataclass(frozen=True)
class Trial:
    """One optimizer at one value of the setting."""

    optimizer: Optimizer
    value: float
    summary: Summary


@dataclass(frozen=True)
class Sweep:
    """A setting varied, everything else equal.

    Args:
        problem: the surface.
        setting: which setting.
        trials: for each optimizer and each value.
        starts: number of starting points, the same for all.
        steps: number of steps.
        seed: of the starting points; None where they were given.
    """

    problem: Problem
    setting: str
    values: tuple[float, ...]
    trials: tuple[Trial, ...]
    starts: int
    steps: int
    checked: Check
    seed: int | None


def sweep(
    problem: Problem,
    optimizers: Sequence[Optimizer],
    setting: str,
    values: Sequence[float],
    starts: object = None,
    steps: int = 500,
    seed: int = 0,
) -> Sweep:
    """Race every optimizer that has the setting, at every value of it.

    Args:
        problem: the surface.
        optimizers: the optimizers.
        setting: ``lr``, ``beta1``, ``momentum``, …; ``adam.beta1`` is for Adam alone.
        values: what to set it to.
        starts: points, or how many to draw; the problem's own start by default.
        steps: number of steps.
        seed: of the random starting points.

    Raises:
        TheoryError: where no optimizer has the setting, or a value cannot be.
    """
    checked, points = check(problem), starting_points(problem, starts, seed)
    owner, _, name = setting.rpartition(".")
    chosen = [one for one in optimizers if owner in ("", one.name) and name in settings_of(one.name)]
    if not chosen:
        known = sorted({key for one in optimizers for key in settings_of(one.name)})
        who = LABELS.get(owner, "none of these optimizers") if owner else "none of these optimizers"
        raise TheoryError(f"{who} has no setting {name}, or does not take part", got=setting, hint=nearest(name, known))
    entered = [(one.having(**{name: value}), value) for one in chosen for value in values]
    trials = tuple(Trial(one, value, run(problem, one, points, steps).summary) for one, value in entered)
    drawn = isinstance(starts, int)
    return Sweep(problem, name, tuple(values), trials, len(points), steps, checked, seed if drawn else None)


def parse(text: str) -> tuple[str, tuple[float, ...]]:
    """``lr=1e-4..1`` or ``lr=1e-4..1:13`` (equal ratios), ``adam.beta1=0,0.5,0.9`` (these values).

    Ranges of settings close to 1, such as beta2, have equal ratios of their distance from 1.

    Raises:
        TheoryError: for anything else.
    """
    setting, equals, values = text.partition("=")
    setting = setting.strip().lower()
    try:
        if not equals or not setting:
            raise ValueError
        found = _range(setting, values) if ".." in values else [float(word) for word in values.split(",")]
    except ValueError:
        raise TheoryError(
            "a sweep is written SETTING=LOW..HIGH, SETTING=LOW..HIGH:NUMBER or SETTING=VALUE,VALUE",
            got=text,
            hint="for example --sweep lr=1e-4..1",
        ) from None
    return setting, tuple(found)


def _range(setting: str, text: str) -> list[float]:
    low, _, rest = text.partition("..")
    high, _, number = rest.partition(":")
    first, last, points = float(low), float(high), int(number or POINTS)
    near_one = setting.rpartition(".")[2] in NEAR_ONE
    first, last = (1 - first, 1 - last) if near_one else (first, last)
    if not (first > 0 and last > 0 and first != last and np.isfinite([first, last]).all()):
        raise TheoryError(
            "a range has two different ends below 1" if near_one else "a range of equal ratios has two ends above 0",
            got=f"{setting}={text}",
            hint="list the values: " + setting + "=0,0.5,0.9",
        )
    if not 2 <= points <= MOST:
        raise TheoryError(f"a range has 2 to {MOST} values", got=f"{setting}={text}")
    values = np.geomspace(first, last, points)
    return [float(f"{1 - value if near_one else value:.6g}") for value in values]
