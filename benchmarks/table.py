"""Ratios with their spread, as a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median


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


def ratios(first: Callable[[], float], second: Callable[[], float], repeats: int) -> list[float]:
    """Seconds of ``first`` over seconds of ``second``, alternating so that a noisy minute hits both."""
    first(), second()  # warm up both
    values = []
    for turn in range(repeats):
        if turn % 2:
            b, a = second(), first()
        else:
            a, b = first(), second()
        values.append(a / b)
    return values


HEAD = "| figure | reach | median | range | n |\n|---|---|---|---|---|"
