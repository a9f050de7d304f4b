"""Jobs, the runs of a study, and the events that executors report."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Literal, Protocol

from paribus.errors import DamagedRecord, Diverged, Interrupted, ParibusError, Paused, message_of
from paribus.records.inputs import Inputs, identity_of
from paribus.records.own import OwnTraining
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder, RunResult
from paribus.training.execution import Settings
from paribus.training.loop import train
from paribus.training.monitor import Listener, Progress


@dataclass(frozen=True)
class Job:
    """A run of a study.

    Args:
        arm: name of its arm.
        seed: its seed.
        recipe: what is trained; of somebody's own trainings what stands in place of it.
        path: its run folder.
        settings: how it is carried out.
        inputs: what it reads, where that is known.
        tuning: whether it is a trial of its arm's tuning.
    """

    arm: str
    seed: int
    recipe: Recipe | OwnTraining
    path: Path
    settings: Settings
    inputs: Inputs | None = None
    tuning: bool = False
    computes: ClassVar[bool] = True  # in the process that runs it, with as many threads as the settings say

    @property
    def identity(self) -> str:
        """Of its recipe and of what it reads."""
        return identity_of(self.recipe.identity, self.inputs)

    @property
    def folder(self) -> RunFolder:
        """Its run folder."""
        return RunFolder(self.path)

    @property
    def needs(self) -> str:
        """The name, among what jobs share, of what it works with; empty for nothing."""
        return ""

    def figure(self, name: str) -> float | None:
        """A figure of its final weights, if it is finished."""
        result = self.folder.result
        return result.metrics.get(name) if result else None

    def run(self, listen: Listener) -> RunResult | None:
        """Train it here and now; there is no result where it only went as far as it should for now."""
        assert isinstance(self.recipe, Recipe), "those of others are run by jobs of their own"
        with suppress(Paused):
            return train(self.folder, self.recipe, self.seed, self.settings, listen, inputs=self.inputs)
        return None


@dataclass(frozen=True)
class Event:
    """What happened to a job: it was over before, started, went on, or ended.

    Args:
        job: the job.
        kind: what happened.
        progress: how far it is.
        error: why it did not finish.
        summary: the same in a line, with what to do next.
    """

    job: Job
    kind: Literal["known", "started", "progress", "finished", "diverged", "failed", "interrupted"]
    progress: Progress | None = None
    error: str = ""
    summary: str = ""


Ending = Literal["diverged", "failed", "interrupted"]
EventListener = Callable[[Event], None]


class Executor(Protocol):
    """Runs jobs. However one of them ends, the others go on."""

    @property
    def workers(self) -> int:
        """Jobs that run at the same time."""
        ...

    @property
    def isolated(self) -> bool:
        """Whether every job runs in a process of its own, which may die or print without harm."""
        ...

    def run(self, jobs: Iterable[Job | None], listen: EventListener, fail_fast: bool = False) -> None:
        """Run all jobs and report each; with ``fail_fast`` stop at the first that fails.

        A job that fails is an event, not an exception. Where each job is decided by how others ended, jobs are an
        iterator: it is asked for the next one when that can begin, after ``listen`` was told of all that has happened,
        and gives ``None`` where the next one is not known before another has ended.

        Raises:
            Interrupted: when asked to stop; running jobs have saved their state.
        """
        ...


class Waiting:
    """Jobs that have not begun, and those that an iterator gives later.

    Args:
        jobs: all of them, or an iterator as :meth:`Executor.run` takes it.
        first: how many are asked for at the beginning, where not all are known.
    """

    def __init__(self, jobs: Iterable[Job | None], first: int) -> None:
        self.complete = known = isinstance(jobs, Sequence)  # all of them, from the beginning
        self._later: Iterator[Job | None] = iter(()) if known else iter(jobs)
        self._known: deque[Job] = deque(job for job in jobs if job) if known else deque()
        self._over = known
        while not known and len(self._known) < first and (job := self._ask()):
            self._known.append(job)

    def __iter__(self) -> Iterator[Job]:
        return iter(self._known)

    def next(self) -> Job | None:
        """The next job; none where it is not known yet, or there is no further one."""
        return self._known.popleft() if self._known else self._ask()

    def _ask(self) -> Job | None:
        try:
            return None if self._over else next(self._later)
        except StopIteration:
            self._over = True
            return None


def ending(error: BaseException) -> tuple[Ending, str, str]:
    """How a job ended that raised this, why, and why in a line."""
    kind: Ending = "failed"
    if isinstance(error, Diverged):
        kind = "diverged"
    elif isinstance(error, (Interrupted, KeyboardInterrupt)):
        kind = "interrupted"
    if isinstance(error, ParibusError):
        rule = f"{error.rule}, in {error.got}" if isinstance(error, DamagedRecord) else error.rule
        return kind, str(error), f"{rule} ({error.hint})" if error.hint else rule
    message = message_of(error)
    return kind, message, message.splitlines()[0]
