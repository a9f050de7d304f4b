"""A run as tools log it: what was set, and figures by step. Every store is read into this, and written from it."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from paribus.records.wording import count, show

Points = tuple[tuple[int, float], ...]
"""The course of a figure: (step, value) in the order of the steps; what was not finite is NaN or infinite."""

FINISHED = "finished"


@dataclass(frozen=True)
class Logged:
    """A run as tools log it.

    Args:
        name: of the run, as its store calls it.
        study: what it belongs to: a study, an experiment, a project.
        params: what was set, dotted field → value; the seed is one of them.
        curves: figure → its course.
        settings: those of ``params`` that make its arm; empty where nobody says which do.
        arm: how people call that arm.
        state: ``finished``, or how else it stands.
        started: when, in seconds since 1970; 0 if that is not known.
    """

    name: str
    study: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    curves: Mapping[str, Points] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    arm: str = ""
    state: str = FINISHED
    started: float = 0.0

    @property
    def seed(self) -> Any:
        """Its seed, where it is called so."""
        return self.params.get("seed")


def in_order(logged: Mapping[str, Iterable[tuple[int, float]]], run: str, notes: list[str]) -> dict[str, Points]:
    """Figures by step; where one was logged more than once for a step, the last value counts, and that is noted."""
    found = {}
    for name, points in logged.items():
        given = list(points)
        last = dict(given)
        found[name] = tuple(sorted(last.items()))
        if doubled := len(given) - len(last):
            times = count(doubled, "step")
            notes.append(f"{run} logged {name} more than once for {times}; the last value counts.")
    return found


def flat(content: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Nested settings by dotted name: ``{"model": {"use": "cnn"}}`` → ``model.use``."""
    for key, value in content.items():
        if isinstance(value, Mapping) and value:
            yield from flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def as_text(value: Any) -> str:
    """A setting as a text that :func:`from_text` reads."""
    return repr(value) if isinstance(value, float) else show(value)


_WORDS = {"true": True, "false": False, "null": None, "none": None}
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?", re.IGNORECASE)


def from_text(text: str) -> Any:
    """What a store has kept as text: a number, a truth value or nothing where it reads as one.

    >>> from_text("0.1"), from_text("3"), from_text("True"), from_text("adam"), from_text("1_000")
    (0.1, 3, True, 'adam', '1_000')
    """
    if _NUMBER.fullmatch(text):
        return int(text) if re.fullmatch(r"[-+]?\d{1,18}", text) else float(text)
    return _WORDS.get(text.lower(), text)


def number(value: Any) -> float | None:
    """A figure as a number; ``None`` for what is none, truth values included."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return math.nan if value in ("NaN", "nan") else None
    return float(value)
