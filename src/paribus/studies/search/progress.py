"""How far a search is: its trials, fed with events while it runs."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from paribus.records.metric import Metric
from paribus.records.search import SearchDesign, Trial, best_of
from paribus.records.wording import format_figure, level, show
from paribus.studies.executors.job import Event
from paribus.studies.measure import find_figure, find_metric
from paribus.studies.search.design import judged, steps

SIGNS = {"waiting": "·", "failed": "✗", "diverged": "∞"}


@dataclass
class SearchProgress:
    """All trials of a search.

    Args:
        design: of the search.
        figure: full name of the figure that counts.
        metric: how to read it.
        total: how many trials there will be.
    """

    design: SearchDesign
    figure: str
    metric: Metric
    total: int
    trials: dict[int, Trial] = field(default_factory=dict)
    shares: dict[int, float] = field(default_factory=dict)  # of the whole training, of those that run
    errors: list[str] = field(default_factory=list)
    doing: str = ""  # what is done before the first trial begins
    started: float = field(default_factory=time.monotonic)
    known: int = 0  # trials that were over before

    @classmethod
    def of(cls, design: SearchDesign) -> SearchProgress:
        """A search of which nothing is known yet."""
        study = judged(design)
        return cls(design, find_figure(study), find_metric(study), steps(design).trials)

    @property
    def question(self) -> str:
        """What the search asks."""
        return self.design.question

    def update(self, trial: Trial, event: Event | None) -> None:
        """Take in what happened to a trial; without an event it is as it was found."""
        self.doing = ""
        self.trials[trial.number] = trial
        if event is None:
            self.known += trial.over
        elif event.progress is not None:
            self.shares[trial.number] = event.progress.step / max(event.progress.steps, 1)
        elif event.kind in ("failed", "diverged"):
            self.errors.append(f"trial {trial.number}: {event.summary}")
        if trial.state != "running":
            self.shares.pop(trial.number, None)

    def text(self, trial: Trial) -> str:
        """Where a trial stands, in a word."""
        if trial.state == "running":
            return f"{self.shares.get(trial.number, 0.0):.0%}"
        return SIGNS.get(trial.state) or level(self.metric, trial.value)

    def settings(self, trial: Trial) -> str:
        """Its values in a line."""
        return ", ".join(f"{path}={show(value)}" for path, value in trial.settings.items())

    def line(self, trial: Trial) -> str:
        """A trial that has ended, in a line."""
        how = f" ({trial.epochs} epochs)" if trial.state == "paused" else ""
        return f"trial {trial.number}: {self.text(trial)}{how}  {self.settings(trial)}"

    def best(self, most: int) -> list[Trial]:
        """The best trials so far, of those that were trained as long; then those that run now."""
        left, found = tuple(self.trials.values()), list[Trial]()
        while len(found) < most and (one := best_of(left, self.metric)) is not None:
            found.append(one)
            left = tuple(trial for trial in left if trial.number != one.number)
        shown = {trial.number for trial in found}
        return [*found, *(trial for trial in left if trial.state == "running" and trial.number not in shown)]

    @property
    def finished(self) -> int:
        """How many came to their end, or were stopped early."""
        return sum(trial.over or trial.state == "paused" for trial in self.trials.values())

    @property
    def share(self) -> float:
        """How much of the work is done, 0 … 1: in trials."""
        return min(1.0, (self.finished + sum(self.shares.values())) / max(self.total, 1))

    @property
    def pace(self) -> str:
        """How far, and how good."""
        if self.doing:
            return self.doing
        winner = best_of(tuple(self.trials.values()), self.metric)
        found = (
            winner
            and f"; best {self.figure} {format_figure(self.figure, winner.value, {self.metric.name: self.metric})}"
        )
        return f"{self.finished} of {self.total} trials{found or ''}"
