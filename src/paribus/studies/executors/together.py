"""Several runs as one job of the pool: its worker drives them together, and tells of each."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, cast

from paribus.data.prepare.prepared import share
from paribus.errors import StudyError
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder, Status
from paribus.streams import patiently
from paribus.studies.executors.job import Job, ending
from paribus.studies.executors.worker import output_to
from paribus.training.fused import together
from paribus.training.interruption import StopRequest, interruptible
from paribus.training.loop import Stepwise, stepwise
from paribus.training.monitor import Listener, Progress

if TYPE_CHECKING:
    from paribus.training.fused.together import Kind


@dataclass(frozen=True)
class Told:
    """What happened to one of several runs.

    Args:
        place: which one.
        kind: what happened; ``returned`` if it is to be trained elsewhere, with the reason in ``error``.
        progress: how far it is.
        error: why it did not finish.
        summary: the same in a line.
    """

    place: int
    kind: Literal["started", "progress", "finished", "diverged", "failed", "interrupted", "returned"]
    progress: Progress | None = None
    error: str = ""
    summary: str = ""


class Nowhere(RunFolder):
    """The folder of a job that has none: each of its runs writes into its own, which may be finished already."""

    @property
    def status(self) -> Status:
        """Of nothing."""
        return Status()

    def write_status(self, status: Status) -> None:
        """Nowhere."""


@dataclass(frozen=True)
class Together(Job):
    """Some runs of a study that may be one graph.

    Args:
        members: the runs; the fields of the job itself are those of the first.
        width: the most that step together.
        lanes: runs at the same time that a common step must beat.
        measured: whether they are returned where nothing is gained.
        fail_fast: whether the first failure stops all of them.
    """

    members: tuple[Job, ...] = ()
    width: int = 64
    lanes: int = 1
    measured: bool = True
    fail_fast: bool = False

    @classmethod
    def of(cls, members: list[Job], **how: Any) -> Together:
        """Those runs; ``how`` are the other fields."""
        first = members[0]
        return cls(first.arm, first.seed, first.recipe, first.path, first.settings, members=tuple(members), **how)

    @property
    def folder(self) -> RunFolder:
        """None of its own."""
        return Nowhere(self.path)

    def run(self, listen: Callable[[Any], None]) -> None:
        """Train them here and now; what happens to each is told as progress of this job.

        Raises:
            Interrupted: when asked to stop; all that ran are saved.
            StudyError: if one failed that was to stop all.
        """
        failures: list[str] = []

        def tell(place: int, kind: Kind, what: Any) -> None:
            told = _told(place, kind, what)
            if told.kind == "failed":
                failures.append(told.summary)
                with self._log(place):
                    traceback.print_exception(what)
            listen(told)

        with suppress(Exception):  # what is wrong with them is told by each run
            share(cast("Recipe", self.recipe).data)  # one copy in memory, and one on the device
        how = together.How(self.width, self.lanes, self.measured, self.fail_fast)
        with patiently(), interruptible() as request:
            together.Together([_opening(member) for member in self.members], tell, request, how, self._log).run()
        if self.fail_fast and failures:
            raise StudyError(failures[0])

    def _log(self, place: int) -> AbstractContextManager[None]:
        """Where a run's own words go: all while it begins, and how it failed; what steps say is in the first's."""
        return output_to(self.members[place].path / "log.txt")


def _opening(job: Job) -> together.Open:
    """Begins a run."""

    def begin(listen: Listener, request: StopRequest) -> Stepwise:
        recipe = cast("Recipe", job.recipe)
        return stepwise(job.folder, recipe, job.seed, job.settings, listen, inputs=job.inputs, request=request)

    return begin


def _told(place: int, kind: Kind, what: Any) -> Told:
    """What the driver said, as plain data that can be sent."""
    if kind == "ended":
        how, message, summary = ending(what)
        return Told(place, how, error=message, summary=summary)
    if kind == "returned":
        return Told(place, kind, error=what)
    return Told(place, kind, what)
