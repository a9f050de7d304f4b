"""How far a study is: arms × seeds, each a run. Fed with events while it runs, or read from its run folders."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING, Any, Literal

from paribus.errors import DamagedRecord, ParibusError
from paribus.evidence import mean_interval
from paribus.records.metric import Metric
from paribus.records.result import ArmResult
from paribus.records.run import RunFolder, State
from paribus.records.study import StudyDesign, run_folder
from paribus.records.wording import level, tells_difference
from paribus.studies.effects import effects
from paribus.studies.figures import choose, in_points
from paribus.studies.looks import looks
from paribus.studies.measure import find_figure, find_metric, measure_of

if TYPE_CHECKING:  # it imports torch, which reading folders does not need
    from paribus.studies.executors.job import Event

Stage = Literal["waiting", "running", "finished", "diverged", "failed", "interrupted"]
STAGES: dict[State, Stage] = {
    "new": "waiting",
    "running": "running",
    "finished": "finished",
    "diverged": "diverged",
    "interrupted": "interrupted",
    "failed": "failed",
    "killed": "failed",
    "crashed": "failed",
}
SIGNS: dict[Stage, str] = {"waiting": "·", "failed": "✗", "diverged": "∞", "interrupted": "‖"}
STATES: dict[Stage, State] = {stage: state for state, stage in reversed(STAGES.items())}
OVER: tuple[Stage, ...] = ("finished", "diverged", "failed")
MOST_FINDINGS = 6  # comparisons that are told while a study runs
MOST_JUDGED = 30  # with more arms than these nothing is judged before the end: it would take too long


@dataclass
class RunProgress:
    """One run: where it stands, how far it is (0 … 1, or only in epochs), and the figure last seen."""

    stage: Stage = "waiting"
    share: float = 0.0
    value: float | None = None
    epoch: int = 0


@dataclass
class StudyProgress:
    """All runs of a study.

    Args:
        question: what the study asks.
        arms: names of the arms.
        seeds: the seeds.
        figure: full name of the figure shown, ``val/accuracy``.
        metric: how to read it.
        design: of the study; without it nothing is judged.
    """

    question: str
    arms: Sequence[str]
    seeds: Sequence[int]
    figure: str
    metric: Metric
    design: StudyDesign | None = None
    runs: dict[tuple[str, int], RunProgress] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    doing: str = ""  # what is done before the first run starts
    tried: int = 0  # trials of tuning that are over
    started: float = field(default_factory=time.monotonic)
    done_before: float = 0.0  # share of the work that was done when this began
    looking: bool = False  # at what is there already: known runs are told one after another
    infos: dict[str, dict[str, Any]] = field(default_factory=dict)  # arm → what its data are
    _judged: tuple[int, tuple[str, ...]] = (-1, ())  # how many runs were over, and what was found

    @classmethod
    def of(cls, design: StudyDesign) -> StudyProgress:
        """A study of which nothing is known yet."""
        arms = [arm.name for arm in design.arms()]
        return cls(design.question, arms, design.seeds, find_figure(design), find_metric(design), design)

    @classmethod
    def from_folders(cls, design: StudyDesign, folder: Path) -> StudyProgress:
        """A study as its run folders record it, whichever process runs it."""
        progress = cls.of(design)
        for arm in design.arms():
            for seed in design.seeds:
                progress.runs[arm.name, seed] = known = _from_folder(run_folder(folder, arm, seed), progress.figure)
                progress._read_scale(known.value)
        progress.done_before = progress.share
        return progress

    def update(self, event: Event) -> None:
        """Take in an event of an executor."""
        if event.job.tuning:
            self._tune(event)
            return
        self.doing = ""
        if self.looking and event.kind != "known":  # once, not for each of thousands
            self.done_before, self.looking = self.share, False
        job = event.job
        if self.design and event.kind in ("known", "finished") and not self.infos.get(job.arm):
            self.infos[job.arm] = _info(job.folder)
        if job.seed not in self.seeds:  # seeds are added while a study is undecided
            self.seeds = [*self.seeds, job.seed]
        run = self.runs.setdefault((job.arm, job.seed), RunProgress())
        if event.progress:
            now = event.progress
            run.stage, run.epoch = "running", now.epoch
            run.share = now.step / now.steps if now.steps else 0.0  # nobody knows how long a training of others takes
            run.value = now.figures.get(self.figure, run.value)
        elif event.kind == "known":
            self.runs[job.arm, job.seed] = _from_folder(job.folder, self.figure)
            self.looking = True
        elif event.kind == "started" or event.kind == "progress":
            run.stage = "running"
        else:
            run.stage, run.share = event.kind, run.share if event.kind == "interrupted" else 1.0
            if event.kind == "finished" and not self.figure and (result := job.folder.result):
                self.figure, self.metric = choose(result.metrics)
            if event.kind == "finished" and (final := job.figure(self.figure)) is not None:
                run.value = final  # of the weights that stay, which need not be the last ones
            if event.kind in ("failed", "diverged"):
                self.errors.append(f"{job.arm}, seed {job.seed}: {event.summary}")
        self._read_scale(self.run(job.arm, job.seed).value)

    def _tune(self, event: Event) -> None:
        """Take in an event of a trial: the arms are not at work yet."""
        if event.kind in ("known", *OVER):
            self.tried += 1
        if event.kind == "failed":
            self.errors.append(f"tuning of {event.job.arm}: {event.summary}")
        trials = self.design.trials * len(self.arms) if self.design else 0
        self.doing = f"tuning: {self.tried} of {max(trials, self.tried)} trials"

    def run(self, arm: str, seed: int) -> RunProgress:
        """Where one run stands."""
        return self.runs.get((arm, seed), RunProgress())

    def text(self, arm: str, seed: int) -> str:
        """Where one run stands, in a word."""
        run = self.run(arm, seed)
        if run.stage == "running":
            return f"epoch {run.epoch}" if run.epoch and not run.share else f"{run.share:.0%}"
        return level(self.metric, run.value) if run.stage == "finished" else SIGNS[run.stage]

    def mean(self, arm: str) -> str:
        """Mean of the finished runs of an arm."""
        values = [run.value for (name, _), run in self.runs.items() if name == arm and run.stage == "finished"]
        known = [value for value in values if value is not None]
        return level(self.metric, fmean(known)) if known else ""

    def _read_scale(self, value: float | None) -> None:
        """A share above 1 is none: whoever trained writes it in per cent, and all figures are read so from here on."""
        if self.metric.percent and value is not None and value > 1 and self.design is not None and self.design.foreign:
            self.design = in_points(self.design.model_copy(update={"figure": self.metric}))
            self.metric = find_metric(self.design)

    @property
    def findings(self) -> tuple[str, ...]:
        """What the evidence says so far, by intervals that hold at every look; nothing before they tell anything."""
        if self._judged[0] != self.finished:
            found: tuple[str, ...] = ()
            with suppress(ParibusError):  # what cannot be judged is said at the end, and stops no study
                found = tuple(self._find())
            self._judged = (self.finished, found)
        return self._judged[1]

    def _find(self) -> Iterator[str]:
        """Every comparison that has an interval, and by which rule they were judged."""
        if self.design is None or len(self.arms) > MOST_JUDGED:
            return
        if not self.design.foreign and not any(self.infos.values()):  # which claims can be made is not known yet
            return
        design = self.design.model_copy(update={"seeds": tuple(self.seeds)})
        arms = [self._arm(name) for name in self.arms]
        found = effects(design, arms, measure_of(design, [self.infos.get(name, {}) for name in self.arms]))
        told = [str(effect) for effect in found if tells_difference(effect.estimate)]
        yield from told[:MOST_FINDINGS]
        rule = replace(looks(design, arms, found), running=self.finished < self.total)
        yield from filter(None, [rule.sentence if told else ""])

    def _arm(self, name: str) -> ArmResult:
        """What is known of an arm so far."""
        runs = {seed: self.run(name, seed) for seed in self.seeds}
        values = {seed: run.value if run.stage == "finished" else None for seed, run in runs.items()}
        states = {seed: STATES[run.stage] for seed, run in runs.items()}
        return ArmResult(name, {}, states, values, mean_interval(list(values.values())))

    @property
    def total(self) -> int:
        """How many runs there are."""
        return len(self.arms) * len(self.seeds)

    @property
    def finished(self) -> int:
        """How many are over."""
        return sum(run.stage in OVER for run in self.runs.values())

    @property
    def share(self) -> float:
        """How much of the work is done, 0 … 1."""
        return sum(run.share for run in self.runs.values()) / max(self.total, 1)

    @property
    def elapsed(self) -> float:
        """Seconds since this began."""
        return time.monotonic() - self.started

    @property
    def remaining(self) -> float | None:
        """Seconds that the rest will take at the pace so far; ``None`` while that is unknown."""
        done = 0.0 if self.looking else self.share - self.done_before
        return self.elapsed * (1 - self.share) / done if done > 0.02 else None


def _info(folder: RunFolder) -> dict[str, Any]:
    """What the data of a run are; nothing where that is damaged."""
    with suppress(DamagedRecord):
        return folder.info()
    return {}


def _from_folder(folder: RunFolder, figure: str) -> RunProgress:
    """Where a run stands by its status file; one that is damaged has failed."""
    try:
        status = folder.status
        stage = STAGES[status.state]
        result = folder.result if stage == "finished" else None
    except DamagedRecord:
        return RunProgress("failed", 1.0)
    if result:
        return RunProgress(stage, 1.0, result.metrics.get(figure))
    if stage in OVER:
        return RunProgress(stage, 1.0)
    rows = folder.history if stage != "waiting" else []
    return RunProgress(stage, status.epoch / max(status.epochs, 1), rows[-1].get(figure) if rows else None)
