"""The state of a study while it runs: arms × seeds, each cell a run. Drawn by :mod:`paribus.reports.live`."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import fmean
from typing import Any

from paribus.records.metric import Metric
from paribus.records.wording import level


@dataclass
class Cell:
    """One run: where it stands, how far it is (0 … 1), and the figure last seen."""

    state: str = "waiting"
    share: float = 0.0
    value: float | None = None


@dataclass
class Board:
    """All runs of a study, fed with events.

    Args:
        question: what the study asks.
        arms: names of the arms.
        seeds: the seeds.
        figure: full name of the figure shown, ``val/accuracy``.
        metric: how to read it.
    """

    question: str
    arms: Sequence[str]
    seeds: Sequence[int]
    figure: str
    metric: Metric
    cells: dict[tuple[str, int], Cell] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    doing: str = ""  # what is done before the first run starts
    started: float = field(default_factory=time.monotonic)
    done_before: float = 0.0  # share of the work that was done when this board was made

    def hear(self, event: Any) -> None:
        """Take in an event of an executor."""
        self.doing = ""
        if event.job.seed not in self.seeds:  # seeds are added while a study is undecided
            self.seeds = [*self.seeds, event.job.seed]
        cell = self.cells.setdefault((event.job.arm, event.job.seed), Cell())
        if event.kind == "progress":
            cell.state, cell.share = "running", event.progress.step / event.progress.steps
            cell.value = event.progress.figures.get(self.figure, cell.value)
        elif event.kind == "known":
            cell.state, cell.share = event.job.folder.status.state, 1.0
            cell.value = event.job.figure(self.figure)
            self.done_before = self.share
        elif event.kind == "started":
            cell.state = "running"
        else:
            cell.state, cell.share = event.kind, cell.share if event.kind == "interrupted" else 1.0
            if event.kind == "finished" and (final := event.job.figure(self.figure)) is not None:
                cell.value = final  # of the weights that stay, which need not be the last ones
            self._note(event)

    def _note(self, event: Any) -> None:
        if event.kind in ("failed", "diverged"):
            first, _, rest = event.error.partition("\n")
            advice = rest.partition("next: ")[2]
            self.errors.append(f"{event.job.arm}, seed {event.job.seed}: {first}" + (f" ({advice})" if advice else ""))

    def cell(self, arm: str, seed: int) -> Cell:
        """One run's cell."""
        return self.cells.get((arm, seed), Cell())

    def text(self, arm: str, seed: int) -> str:
        """One cell in a word."""
        cell = self.cell(arm, seed)
        if cell.state == "running":
            return f"{cell.share:.0%}"
        if cell.state == "finished":
            return level(self.metric, cell.value)
        return {"waiting": "·", "failed": "✗", "diverged": "∞", "interrupted": "‖"}[cell.state]

    def mean(self, arm: str) -> str:
        """Mean of the finished runs of an arm."""
        values = [cell.value for (name, _), cell in self.cells.items() if name == arm and cell.state == "finished"]
        known = [value for value in values if value is not None]
        return level(self.metric, fmean(known)) if known else ""

    @property
    def total(self) -> int:
        """How many runs there are."""
        return len(self.arms) * len(self.seeds)

    @property
    def finished(self) -> int:
        """How many are over."""
        return sum(cell.state in ("finished", "diverged", "failed") for cell in self.cells.values())

    @property
    def share(self) -> float:
        """How much of the work is done, 0 … 1."""
        return sum(cell.share for cell in self.cells.values()) / max(self.total, 1)

    @property
    def elapsed(self) -> float:
        """Seconds since this board was made."""
        return time.monotonic() - self.started

    @property
    def remaining(self) -> float | None:
        """Seconds that the rest will take at the pace so far; ``None`` before there is a pace."""
        done = self.share - self.done_before
        return self.elapsed * (1 - self.share) / done if done > 0.02 else None
