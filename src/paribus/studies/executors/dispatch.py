"""A study's jobs on their way through a cluster: places are asked for, runs given to them, reports taken in.

Whose run is lost with its node or place is given to another one; what happens on a node stands in :mod:`.node`.
"""

from __future__ import annotations

import logging
import os
import pickle
import sys
import time
from collections import deque
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paribus.errors import Interrupted, ParibusError, StudyError
from paribus.studies.executors.cargo import Cargo, Sent
from paribus.studies.executors.job import Event, EventListener, Job, Waiting, ending
from paribus.studies.executors.killed import record_killed, wait_until_left, write_killed
from paribus.studies.executors.orders import OWN, Order, Report, versions
from paribus.studies.executors.parcel import Arrivals
from paribus.studies.executors.places import INSTALLED, Places, Token
from paribus.training.interruption import StopRequest

EMPTY_LOSSES = 10  # one after another of places that had not begun
LEAVE_SECONDS = 20.0  # that the process of a run which is given up may take to notice and leave
LOSSES = 3  # of one run, after which it is given up: something about it kills its nodes
PATIENCE_SECONDS = 30.0  # that interrupted runs get to save their state
QUEUE_SECONDS = 60.0  # after which it is said that runs wait for a place

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class _Task:
    """A place that was asked for, and the run that it is given as soon as it is there.

    Args:
        name: of the place.
        job: its run; none before it is there.
        losses: how often that run was lost before.
        node: where it is.
        arrivals: takes in what is sent back.
        told_to_stop: whether its run is to save and stop.
        held: what is kept until it ends: the lock of a folder that is sent back.
    """

    name: str
    job: Job | None = None
    losses: int = 0
    node: str = ""
    arrivals: Arrivals | None = None
    told_to_stop: bool = False
    held: ExitStack = field(default_factory=ExitStack)


class Dispatch:
    """Jobs on their way through a cluster.

    Args:
        waiting: those that have not begun.
        listen: told of all that happens.
        workers: runs at the same time.
        places: where they are run.
        gpu: whether each has one.
        token: makes the files by which nodes see that they share a folder; none where folders are sent back.
        cargo: puts what nodes lack where they can fetch it; none where they share all.
    """

    def __init__(
        self,
        waiting: Waiting,
        listen: EventListener,
        workers: int,
        places: Places,
        *,
        gpu: bool,
        token: Token | None,
        cargo: Cargo | None = None,
    ) -> None:
        self.waiting, self.listen, self.workers, self.places = waiting, listen, workers, places
        self.gpu, self.token, self.cargo = gpu, token, cargo
        self.tasks: dict[str, _Task] = {}  # by the names of their places
        self.next: deque[tuple[Job, int]] = deque()  # jobs for the next places, and how often they were lost
        self.versions, self.since, self.empty_losses = versions(), time.monotonic(), 0

    def serve(self, request: StopRequest, fail_fast: bool) -> None:
        """Run all jobs.

        Raises:
            Interrupted: when asked to stop.
            StudyError: where a node can run none of them.
        """
        while True:
            if request.stop_requested():
                self.stop()
                raise Interrupted("stopped on request; everything is saved", hint="run the same command again to go on")
            while self._busy + len(self.next) < self.workers and (job := self.waiting.next()):
                self.next.append((job, 0))
            while len(self.tasks) < self._busy + len(self.next):
                self._ask_for_place()
            if not self.tasks:
                return
            try:
                failed = self._receive()
            except ParibusError:
                self.stop()
                raise
            if failed and fail_fast:
                self.stop()
                return
            self._tell_of_waiting()

    @property
    def _busy(self) -> int:
        return sum(task.job is not None for task in self.tasks.values())

    def stop(self) -> None:
        """Ask running jobs to save and stop, and wait for them; those that have not begun never do."""
        self.next.clear()
        self.places.ring()
        for task in list(self.tasks.values()):
            task.told_to_stop = True
            if task.job is None:
                self.places.cancel(task.name, force=False)
                self._forget(task)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.tasks and time.monotonic() < deadline:
            with suppress(ParibusError):
                self._receive()

    def close(self) -> None:
        """End what still works on the cluster."""
        for task in list(self.tasks.values()):
            self.places.cancel(task.name, force=True)
            self._forget(task)

    def _ask_for_place(self) -> None:
        name = self.places.ask()
        self.tasks[name] = _Task(name)

    def _give_job(self, task: _Task) -> None:
        """Give a task that has a place the next job; one whose folder cannot be had fails here."""
        while self.next:
            job, losses = self.next.popleft()
            try:
                order = self._order(job, losses, task)
            except ParibusError as error:
                task.held.close()
                self._end(job, *ending(error))
                continue
            task.job, task.losses = job, losses
            self.places.give(task.name, order)
            if not losses:
                self.listen(Event(job, "started"))
            return
        self.places.give(task.name, None)
        self._forget(task)

    def _order(self, job: Job, losses: int, task: _Task) -> Order:
        """What a node must know of a job."""
        content: Sent = ()
        token = ""
        if self.token is not None:
            token = self.token(job.path)
        else:
            assert self.cargo is not None, "what is sent back was sent there"
            job.folder.refuse_links()
            task.held.enter_context(job.folder.lock())
            task.arrivals, content = Arrivals(job.path), self.cargo.put(job.path)
        return Order(
            job=pickle.dumps(job),
            path=str(job.path.absolute()),
            token=token,
            content=content,
            data=self.cargo.data_of(job) if self.cargo else (),
            attempt=losses,
            gpu=self.gpu,
            versions=self.versions,
            place=str(Path.cwd()),
            paths=tuple(sys.path),
            environment={name: str(Path(os.environ[name]).absolute()) for name in OWN if os.environ.get(name)},
        )

    def _receive(self) -> bool:
        """Take in what nodes say; true if a job failed.

        Raises:
            StudyError: where a node cannot run any of them.
        """
        failed = False
        for name, said in self.places.heard(0.2):
            if (task := self.tasks.get(name)) is None:
                continue
            if isinstance(said, Report):
                failed |= self._take(task, said)
                continue
            self._forget(task)
            if said.error:
                raise said.error
            failed |= self._lost(task, said.why)
        return failed

    def _take(self, task: _Task, report: Report) -> bool:
        """Take in a report; true if its job failed."""
        if report.ready:
            task.node, self.since, self.empty_losses = report.node, time.monotonic(), 0
            self._give_job(task)
            return False
        if report.lacks:
            assert self.cargo is not None, "only what it was told to have is lacking"
            self.places.give(task.name, {name: self.cargo.entry(name) for name in report.lacks})
            return False
        job, failed = task.job, False
        assert job is not None, "a task that reports has been given one"
        for piece in report.pieces:
            assert task.arrivals is not None
            task.arrivals.take(piece)
        for kind, progress, error, summary in report.events:
            self.listen(Event(job, kind, progress, error, summary))  # type: ignore[arg-type]
            failed |= kind == "failed"
        if report.exitcode is not None:
            error = record_killed(job, report.exitcode)
            self._end(job, "failed", error, error)
            failed = True
        if report.ended:
            self._forget(task)
        if report.left and not task.told_to_stop:
            logger.warning("%s, seed %s has saved and goes on elsewhere: %s", job.arm, job.seed, report.left)
            self.next.append((job, task.losses))
        elif report.left:
            self._end(job, "interrupted", "", "")
        return failed

    def _lost(self, task: _Task, said: str) -> bool:
        """A run whose node or task is gone goes on elsewhere; true if it is given up.

        Raises:
            StudyError: where tasks are lost one after another before any has a run.
        """
        if (job := task.job) is None:
            self.empty_losses += 1
            if self.empty_losses >= EMPTY_LOSSES:
                raise StudyError("the cluster loses all processes that it starts", got=said, hint=INSTALLED)
            return False
        if task.told_to_stop:
            self._end(job, "interrupted", "", "")
            return False
        if "memory" in said.lower() or task.losses + 1 >= LOSSES:
            advice = "lower training.batch_size or --jobs, or raise --cpus-per-run so that fewer share a node"
            wait_until_left(job.folder, LEAVE_SECONDS)  # or what it writes when it leaves would stand over this
            error = write_killed(job, f"its place on the cluster was lost: {said}; if memory ran out, {advice}")
            self._end(job, "failed", error, error)
            return True
        logger.warning("%s, seed %s was lost with %s and goes on elsewhere: %s", job.arm, job.seed, task.node, said)
        self.next.append((job, task.losses + 1))
        return False

    def _end(self, job: Job, kind: Any, error: str, summary: str) -> None:
        self.listen(Event(job, kind, error=error, summary=summary))

    def _forget(self, task: _Task) -> None:
        if self.tasks.pop(task.name, None):
            task.held.close()
            self.places.forget(task.name)

    def _tell_of_waiting(self) -> None:
        """Say once that nothing has a place."""
        if self._busy or time.monotonic() < self.since + QUEUE_SECONDS:
            return
        logger.warning("runs wait for a place on the cluster: %s", self.places.free())
        self.since = float("inf")
