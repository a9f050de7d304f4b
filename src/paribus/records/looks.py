"""At which looks the intervals of a study hold: at its end, at looks that were planned, or at every one."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

from paribus.records.wording import FEW_SEEDS, count

Looking = Literal["planned", "anytime"]
"""``planned``: results count at the end, or at looks planned before. ``anytime``: whenever one looks, and seeds may be
added after each look."""
LOOKING: tuple[Looking, ...] = get_args(Looking)
MUCH = 0.995  # more than this is told as a factor


@dataclass(frozen=True)
class Looks:
    """By which rule the verdicts of a study were found.

    Args:
        rule: ``end`` of a study of a fixed size, ``planned`` looks, or ``anytime``: at every look at once.
        over: runs that came to an end.
        runs: all runs that are planned so far.
        running: whether some of them are going on right now.
        pairs: complete seeds of the comparison that has most of them.
        wider: by which share its interval is wider than at a planned end with as many seeds; infinite where there is
            no interval yet, ``None`` where the rule is another.
    """

    rule: Literal["end", "planned", "anytime"] = "end"
    over: int = 0
    runs: int = 0
    running: bool = False
    pairs: int = 0
    wider: float | None = None

    @property
    def whole(self) -> bool:
        """Whether no run is still to come."""
        return self.over >= self.runs

    @property
    def sentence(self) -> str:
        """What readers must know of it in a line; nothing where a study has come to the end that was planned."""
        if self.whole:
            return f"Looks at any time: {self._price}." if self.rule == "anytime" else ""
        state = "Still running" if self.running else "Not finished"
        about = f"{state}, {self.over} of {count(self.runs, 'run')} are over"
        if self.rule == "planned":
            return f"{about}: verdicts are those of the last planned look."
        if self.rule == "end":
            return f"{about}: these figures may still change."
        return f"{about}: {self._price}."

    @property
    def _price(self) -> str:
        if self.wider is None:
            return "intervals hold at every look"
        if math.isinf(self.wider):
            return f"intervals hold at every look, and begin at {FEW_SEEDS} seeds"
        price = (
            f"{1 + self.wider:.1f} times as wide as" if self.wider > MUCH else f"{100 * self.wider:.0f} % wider than"
        )
        return f"intervals hold at every look; at {count(self.pairs, 'seed')} they are {price} at a planned end"
