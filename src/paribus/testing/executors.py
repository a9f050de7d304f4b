"""What every executor must do. One line applies it, in any file that pytest collects:

>>> class TestMine(ExecutorContract, make=lambda: Mine(workers=2)): ...  # doctest: +SKIP

A job is a few steps on the handwritten digits, and most tests look at one and the same run of many jobs, good and bad,
so the suite takes seconds.
"""

# ruff: noqa: D102, N802 (the name of a test says what it tests, and which requirement)
from __future__ import annotations

import os
import signal
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import pytest
import torch
from torch import Tensor, nn

from paribus.errors import Interrupted
from paribus.records.parts import Part, register_own
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.studies.executors.job import Event, Executor, Job
from paribus.studies.executors.worker import output_to
from paribus.training.execution import Settings
from paribus.training.loop import train

QUICK = Settings(device="cpu", threads=1, checkpoint_seconds=1000.0)
LONG = {"budget.epochs": 200}  # long enough to be interrupted: more than a second
ENDLESS = {"budget.epochs": 1_000_000}  # for what is stopped and never goes on


class Small(nn.Module):
    """A linear classifier; what it does besides is what a test is about.

    Args:
        mischief: raise an error, give NaN, kill the process, or print, each in the first forward pass.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        num_classes: int,
        mischief: Literal["none", "raise", "diverge", "kill", "print"] = "none",
    ) -> None:
        super().__init__()
        self.linear = nn.Linear(int(torch.tensor(input_shape).prod()), num_classes)
        self.mischief = mischief

    def forward(self, inputs: Tensor) -> Tensor:
        """Misbehave once, then classify."""
        mischief, self.mischief = self.mischief, "none"
        if mischief == "raise":
            raise ArithmeticError("mischief managed")
        if mischief == "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        if mischief == "print":
            print("said by Python")
            print("complained by Python", file=sys.stderr)
            os.write(1, b"said by a library\n")
            os.write(2, b"complained by a library\n")
        outputs: Tensor = self.linear(inputs.flatten(1))
        return outputs * float("nan") if mischief == "diverge" else outputs


def recipe(changes: Mapping[str, Any] | None = None) -> Recipe:
    """A recipe that trains in a moment."""
    quick = {"model": Part(Small), "split.limit": 200, "budget.epochs": 2, "training.precision": "fp32"}
    loaded = Recipe.load("digits/mlp", {**quick, **(changes or {})})
    register_own(loaded.parts())
    return loaded


def plan(root: Path, *recipes: Recipe, seeds: Sequence[int] = (0,)) -> list[Job]:
    """One job for every seed and recipe, with its run folder."""
    jobs = [
        Job(f"arm-{i}", seed, recipe, root / f"arm-{i}" / f"seed-{seed}", QUICK)
        for seed in seeds
        for i, recipe in enumerate(recipes)
    ]
    for job in jobs:
        job.folder.create(job.recipe, job.seed)
    return jobs


class Record:
    """A listener that remembers what happened to each job, and may act at the first progress of one."""

    def __init__(self, at_progress: Callable[[], None] | None = None) -> None:
        self.events: dict[tuple[str, int], list[Event]] = defaultdict(list)
        self.at_progress = at_progress

    def __call__(self, event: Event) -> None:
        """Take in an event."""
        self.events[event.job.arm, event.job.seed].append(event)
        if event.kind == "progress" and self.at_progress:
            act, self.at_progress = self.at_progress, None
            act()

    def ends(self) -> list[str]:
        """The last event of each job that was started, in the order of the starts."""
        return [events[-1].kind for events in self.events.values()]

    def of(self, job: Job) -> list[Event]:
        """What happened to one job."""
        return self.events[job.arm, job.seed]


@dataclass(frozen=True)
class Ran:
    """One run of jobs of all kinds, two seeds each: what was told, and what was printed where the executor is."""

    jobs: Mapping[str, Sequence[Job]]
    record: Record
    printed: str


class ExecutorContract:
    """The tests. A subclass names the executor.

    Args:
        make: makes the executor.
    """

    make: ClassVar[staticmethod[[], Executor]]

    def __init_subclass__(cls, make: Callable[[], Executor]) -> None:
        cls.make = staticmethod(make)

    @classmethod
    def run(cls, jobs: Iterable[Job | None], record: Record | None = None, fail_fast: bool = False) -> Record:
        """Run jobs, and return what happened."""
        record = record or Record()
        cls.make().run(jobs, record, fail_fast)
        return record

    @pytest.fixture(scope="class")
    @classmethod
    def ran(cls, tmp_path_factory: pytest.TempPathFactory) -> Ran:
        """Good jobs among jobs that fail, diverge, print and kill their process: none touches another."""
        root = tmp_path_factory.mktemp("executor")
        kinds = {
            "good": recipe(),
            "raise": recipe({"model.mischief": "raise"}),
            "other": recipe({"optimizer.lr": 0.01}),
            "diverge": recipe({"model.mischief": "diverge"}),
            "mlp": recipe({"model": "mlp"}),
            "print": recipe({"model.mischief": "print"}),
            "own": recipe({"model": Part(_own(hidden=7))}),
        }
        if cls.make().isolated:
            kinds["kill"] = recipe({"model.mischief": "kill"})
        names, jobs = list(kinds), plan(root, *kinds.values(), seeds=(0, 1))
        with output_to(root / "printed.txt"):
            record = cls.run(jobs)
        by_kind = {name: jobs[place :: len(names)] for place, name in enumerate(names)}
        return Ran(by_kind, record, (root / "printed.txt").read_text())

    def test_every_job_runs_once_and_tells_of_it_in_order(self, ran: Ran) -> None:
        assert set(ran.record.events) == {(job.arm, job.seed) for jobs in ran.jobs.values() for job in jobs}
        for job in [*ran.jobs["good"], *ran.jobs["other"], *ran.jobs["mlp"]]:
            kinds = [event.kind for event in ran.record.of(job)]
            assert kinds == ["started", *["progress"] * (len(kinds) - 2), "finished"]
            told = [event.progress for event in ran.record.of(job) if event.progress]
            assert [progress.row["epoch"] for progress in told if progress.row] == [1, 2]
            assert told[-1].step == told[-1].steps
            assert job.folder.status.state == "finished"

    def test_nothing_to_do_is_done(self) -> None:
        assert self.run([]).events == {}

    def test_results_do_not_depend_on_the_executor(self, ran: Ran, tmp_path: Path) -> None:
        for job in [*ran.jobs["good"], *ran.jobs["mlp"]]:
            assert isinstance(job.recipe, Recipe)
            alone = train(RunFolder(tmp_path / job.arm / str(job.seed)), job.recipe, job.seed, QUICK)
            result = job.folder.result
            assert result is not None
            assert result.execution["threads"] == 1
            assert result.weights_sha256 == alone.weights_sha256

    def test_classes_of_ones_own_are_trained_wherever_jobs_run(self, ran: Ran) -> None:
        for job in ran.jobs["own"]:
            assert ran.record.of(job)[-1].kind == "finished", ran.record.of(job)[-1].error
            assert job.folder.result
            assert job.folder.result.parameters == 64 * 7 + 7 + 7 * 10 + 10

    def test_a_job_that_fails_says_why_and_touches_no_other(self, ran: Ran) -> None:
        for job in ran.jobs["raise"]:
            assert ran.record.of(job)[-1].kind == "failed"
            message = ran.record.of(job)[-1].error
            assert "ArithmeticError: mischief managed" in message
            assert "ArithmeticError: mischief managed" in ran.record.of(job)[-1].summary
            assert "executors.py, line" in message
            assert job.folder.status.state == "failed"
            if self.make().isolated:
                assert "Traceback" in (job.path / "log.txt").read_text()

    def test_R7_a_job_that_diverges_is_told_from_one_that_fails(self, ran: Ran) -> None:
        for job in ran.jobs["diverge"]:
            assert ran.record.of(job)[-1].kind == "diverged"
            last = ran.record.of(job)[-1]
            assert "train/loss is" in last.error
            assert last.summary.count("\n") == 0
            assert last.summary.endswith(")")  # what to do next
            assert job.folder.status.state == "diverged"

    def test_diverging_is_a_result_and_no_failure(self, tmp_path: Path) -> None:
        jobs = plan(tmp_path, recipe({"model.mischief": "diverge"}), recipe())
        assert self.run(jobs, fail_fast=True).ends() == ["diverged", "finished"]

    def test_fail_fast_stops_at_the_first_failure(self, tmp_path: Path) -> None:
        jobs = plan(tmp_path, recipe({"model.mischief": "raise"}), *[recipe(ENDLESS)] * 5)
        record = self.run(jobs, fail_fast=True)
        assert record.of(jobs[0])[-1].kind == "failed"
        assert "finished" not in record.ends()
        assert not record.of(jobs[-1])

    def test_R6_asked_to_stop_it_saves_and_can_go_on(self, tmp_path: Path) -> None:
        jobs = [*plan(tmp_path / "here", recipe(LONG), seeds=(0, 1)), *plan(tmp_path / "next", recipe(), seeds=(2,))]
        ask = Record(at_progress=lambda: os.kill(os.getpid(), signal.SIGTERM))
        with pytest.raises(Interrupted):
            self.run(jobs, ask)
        ends = dict(zip(ask.events, ask.ends(), strict=True))
        assert "interrupted" in ends.values()
        assert set(ends.values()) <= {"interrupted", "finished"}  # one may end while a busy machine makes us wait
        told = [job for job in jobs if any(event.progress for event in ask.of(job))]
        for job in told:
            if ends[job.arm, job.seed] == "finished":
                continue
            assert job.folder.status.state == "interrupted"
            assert list(job.folder.checkpoints.glob("*.safetensors"))
        assert self.run(jobs).ends() == ["finished"] * 3
        assert isinstance(jobs[0].recipe, Recipe)
        alone = train(RunFolder(tmp_path / "alone"), jobs[0].recipe, jobs[0].seed, QUICK)
        result = jobs[0].folder.result
        assert result
        assert result.weights_sha256 == alone.weights_sha256

    def test_a_job_may_be_decided_by_how_others_ended(self, tmp_path: Path) -> None:
        jobs, record = plan(tmp_path, *[recipe({"optimizer.lr": 0.01 * i}) for i in range(1, 5)]), Record()

        def decided() -> Iterator[Job | None]:
            yield from jobs[:3]
            while "finished" not in [event.kind for event in record.of(jobs[2])]:
                yield None
            yield jobs[3]

        self.run(decided(), record)
        assert record.ends() == ["finished"] * 4
        assert [*record.events][-1] == (jobs[3].arm, 0)

    def test_jobs_end_where_none_is_left_to_wait_for(self, tmp_path: Path) -> None:
        (job,) = plan(tmp_path, recipe())
        assert self.run(iter([None, None])).events == {}
        assert self.run(iter([job, None])).ends() == ["finished"]

    def test_a_run_may_pause_behind_an_epoch_and_go_on(self, tmp_path: Path) -> None:
        (job,) = plan(tmp_path / "here", recipe({"budget.epochs": 3, "schedule": "cosine"}))
        short = replace(job, settings=replace(QUICK, until=1))
        assert self.run([short]).ends() == ["finished"]
        assert (len(job.folder.history), job.folder.status.state, job.folder.result) == (1, "interrupted", None)
        self.run([replace(job, settings=replace(QUICK, until=3))])
        assert isinstance(job.recipe, Recipe)
        alone = train(RunFolder(tmp_path / "alone"), job.recipe, job.seed, QUICK)
        result = job.folder.result
        assert result
        assert (result.weights_sha256, result.epochs) == (alone.weights_sha256, 3)

    def test_R9_a_worker_that_is_killed_takes_no_other_along(self, ran: Ran) -> None:
        if not self.make().isolated:
            pytest.skip("jobs share this process")
        for job in ran.jobs["kill"]:
            assert ran.record.of(job)[-1].kind == "failed"
            assert "SIGKILL" in ran.record.of(job)[-1].error
            assert (job.folder.status.state, job.folder.status.pid != os.getpid()) == ("killed", True)

    def test_what_a_job_prints_is_in_its_log(self, ran: Ran) -> None:
        if not self.make().isolated:
            pytest.skip("jobs print where everything is printed")
        said = ["said by Python", "complained by Python", "said by a library", "complained by a library"]
        for job in ran.jobs["print"]:
            assert set((job.path / "log.txt").read_text().splitlines()) == set(said)
        assert [(job.path / "log.txt").read_text() for job in ran.jobs["good"]] == ["", ""]
        assert ran.printed == ""


def _own(hidden: int) -> type[nn.Module]:
    """A class that cannot be imported; what it closes over travels with it."""

    class Own(nn.Module):
        def __init__(self, num_classes: int) -> None:
            super().__init__()
            self.layers = nn.Sequential(nn.Flatten(), nn.Linear(64, hidden), nn.Linear(hidden, num_classes))

        def forward(self, inputs: Tensor) -> Any:
            return self.layers(inputs)

    return Own
