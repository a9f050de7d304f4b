"""Schedules: the learning rate as a pure function of the number of steps taken. Give one to a rule as its ``lr``."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Sequence
from math import cos, pi

Schedule = Callable[[int], float]


def constant(lr: float) -> Schedule:
    """Always lr."""
    return lambda step: lr


def steps(lr: float, at: Sequence[int], factor: float = 0.1) -> Schedule:
    """lr times ``factor`` for each of the steps ``at`` that has been reached."""
    return lambda step: lr * factor ** bisect_right(sorted(at), step)


def exponential(lr: float, factor: float) -> Schedule:
    """lr·factorˢ."""
    return lambda step: lr * factor**step


def cosine(lr: float, total: int, lowest: float = 0.0) -> Schedule:
    """From lr down to ``lowest`` along half a cosine, over ``total`` steps (Loshchilov and Hutter 2017, equation 5)."""
    return lambda step: lowest + (lr - lowest) * (1 + cos(pi * min(step, total) / total)) / 2


def warm_up(schedule: Schedule, over: int, start: float = 0.0) -> Schedule:
    """A straight line from ``start`` times the schedule's first rate up to it, then the schedule from its beginning."""
    return lambda step: schedule(0) * (start + (1 - start) * step / over) if step < over else schedule(step - over)


def one_cycle(highest: float, total: int, rising: float = 0.3, start: float = 25.0, final: float = 1e4) -> Schedule:
    """From highest/start up, then down to highest/start/final, each along half a cosine (Smith and Topin 2018)."""
    low, top, last = highest / start, rising * total - 1, total - 1

    def lr(step: int) -> float:
        if step <= top:
            return _half_cosine(low, highest, step / top)
        return _half_cosine(highest, low / final, min(1.0, (step - top) / (last - top)))

    return lr


def _half_cosine(start: float, end: float, part: float) -> float:
    return end + (start - end) * (1 + cos(pi * part)) / 2
