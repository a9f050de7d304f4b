"""What became of a treatment: one field changed, over paired seeds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

Word = Literal["confirmed", "not confirmed", "undecided"]


@dataclass(frozen=True)
class Treated:
    """A treatment that was tried.

    Args:
        cause: the id of the finding that proposed it.
        field: what was changed.
        before, after: its value in the run, and in the treatment.
        word: ``confirmed`` where the treated runs are better, ``undecided`` where these seeds do not tell.
        says: the difference with its interval, and the verdict of the study.
        metric: the figure that was compared.
        difference: treated less untreated, in the unit of the metric; ``None`` where runs diverged.
        low, high: its interval.
        n: pairs of runs, of seeds other than the run's own.
        confidence: of the interval.
        diverged: how many runs did, untreated and treated.
        study: its folder.
    """

    cause: str
    field: str
    before: Any
    after: Any
    word: Word
    says: str
    metric: str
    difference: float | None
    low: float | None
    high: float | None
    n: int
    confidence: float
    diverged: tuple[int, int]
    study: str

    def plain(self) -> Mapping[str, Any]:
        """As JSON has it."""
        return asdict(self)
