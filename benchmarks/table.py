"""Ratios with their spread, as a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

Work = Callable[[], float]  # seconds of something that is measured


@dataclass(frozen=True)
class Row:
    """One figure: its values over the repetitions, and what it should reach."""

    name: str
    values: Sequence[float]
    reach: str
    unit: str = ""

    def text(self) -> str:
        """As a row of a Markdown table."""
        low, high = min(self.values), max(self.values)
        figure = f"{median(self.values):.3g}{self.unit}"
        return f"| {self.name} | {self.reach} | {figure} | {low:.3g} … {high:.3g} | {len(self.values)} |"


def ratios(first: Work, second: Work, repeats: int) -> list[float]:
    """Seconds of ``first`` over seconds of ``second``, alternating so that a noisy minute hits both."""
    return beside(first, [second], repeats)[0]


def beside(first: Work, others: Sequence[Work], repeats: int, warm: Sequence[Work] = ()) -> list[list[float]]:
    """Seconds of ``first`` over seconds of each of several others, all in turns, every other time backwards.

    Args:
        first, others: what is measured.
        repeats: how often.
        warm: shorter work that warms up; all of the above by default.
    """
    works = (first, *others)
    for work in warm or works:
        work()
    values: list[list[float]] = [[] for _ in others]
    for turn in range(repeats):
        places = range(len(works))
        seconds = {place: works[place]() for place in (reversed(places) if turn % 2 else places)}
        for place, found in enumerate(values, 1):
            found.append(seconds[0] / seconds[place])
    return values


HEAD = "| figure | reach | median | range | n |\n|---|---|---|---|---|"
