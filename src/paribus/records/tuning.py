"""How the arms of a study came to values of their own: what each tried, what came of it, what was chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from paribus.records.run import State
from paribus.records.wording import show

SEED = 2000  # of all trials, whose chance is the same in every arm; studies count theirs from 0, pilots from 1000


@dataclass(frozen=True)
class Trial:
    """One training of an arm with certain values.

    Args:
        values: dotted field → value.
        figure: of the examples for tuning; ``None`` where it diverged, failed or is not over.
        state: of its run.
        error: why it has no figure.
    """

    values: Mapping[str, Any]
    figure: float | None
    state: State
    error: str = ""


@dataclass(frozen=True)
class Tuning:
    """The tuning of one arm.

    Args:
        arm: its name.
        figure: what its trials are compared by, on examples that no run of the study looks at.
        scales: dotted field → how its range was covered: ``log``, ``linear`` or ``values``.
        trials: in the order of their values.
        chosen: dotted field → value; empty before its trials are over.
    """

    arm: str
    figure: str
    scales: Mapping[str, str]
    trials: tuple[Trial, ...]
    chosen: Mapping[str, Any]

    @property
    def ends(self) -> tuple[str, ...]:
        """Fields of which the lowest or highest value that was tried is the chosen one."""
        found = []
        for field, value in self.chosen.items():
            tried = [trial.values[field] for trial in self.trials]
            if self.scales[field] != "values" and value in (min(tried), max(tried)):
                found.append(field)
        return tuple(found)

    @property
    def at_an_end(self) -> str:
        """What is to be said where the best lies at an end of what was tried; else nothing."""
        said = []
        for field in self.ends:
            lowest = self.chosen[field] == min(trial.values[field] for trial in self.trials)
            said.append(f"{field}={show(self.chosen[field])} is the {'lowest' if lowest else 'highest'} that was tried")
        if not said:
            return ""
        return f"Tuning of {self.arm}: {' and '.join(said)}. A wider range (--tune) may hold a better one."
