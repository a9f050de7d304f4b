"""A study's jobs on their way through a ray cluster: places are asked for, runs given to them, reports taken in.

Whose run is lost with its node or task is given to another one; what the tasks do stands in :mod:`.remote`.
"""

from __future__ import annotations

import logging
import os
import pickle
import secrets
import sys
import time
from collections import deque
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paribus.errors import Interrupted, ParibusError, StudyError, message_of
from paribus.studies.executors import connection
from paribus.studies.executors.cargo import Cargo, Sent
from paribus.studies.executors.job import Event, EventListener, Job, Waiting, ending
from paribus.studies.executors.killed import record_killed, write_killed
from paribus.studies.executors.orders import OWN, Desk, Order, Report, versions
from paribus.studies.executors.parcel import Arrivals
from paribus.studies.executors.remote import train
from paribus.studies.executors.worker import pack
from paribus.training.interruption import StopRequest

INSTALLED = "is paribus installed on all machines of the cluster, in the version that is used here?"
EMPTY_LOSSES = 10  # one after another of tasks that had not begun
LOSSES = 3  # of one run, after which it is given up: something about it kills its nodes
PATIENCE_SECONDS = 30.0  # that interrupted runs get to save their state
QUEUE_SECONDS = 60.0  # after which it is said that runs wait for a place

Token = Callable[[Path], str]  # of a run folder: a file beside it, by which nodes know that they see the same

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class _Task:
    """A task of ray's, which is to train a run as soon as there is a place for it.

    Args:
        name: of the task.
        stream: of references to its reports.
        job: its run; none before it has a place.
        losses: how often that run was lost before.
        node: where it is.
        arrivals: takes in what is sent back.
        told_to_stop: whether its run is to save and stop.
        held: what is kept until it ends: the lock of a folder that is sent back.
    """

    name: str
    stream: Any
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
        cpus, gpus: of each.
        tokens: makes the files by which nodes see that they share a folder; none where folders are sent back.
    """

    def __init__(
        self, waiting: Waiting, listen: EventListener, workers: int, cpus: float, gpus: float, tokens: Token | None
    ) -> None:
        self.ray = connection.loaded()
        self.waiting, self.listen, self.workers, self.tokens = waiting, listen, workers, tokens
        self.gpu = gpus > 0
        self.desk, self.name = _desk(self.ray), secrets.token_hex(8)
        options = {"num_cpus": cpus, "num_gpus": gpus, "max_retries": 0, "max_calls": 0, "num_returns": "streaming"}
        self.train: Any = self.ray.remote(**options)(train)
        self.packed = self.ray.put(pack(frozenset(job.needs for job in waiting if job.needs)))
        self.tasks: dict[Any, _Task] = {}  # by their streams
        self.next: deque[tuple[Job, int]] = deque()  # jobs for the next places, and how often they were lost
        self.cargo = Cargo(self.ray)
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
        with suppress(self.ray.exceptions.RayError):
            self.ray.get(self.desk.ring.remote(self.name), timeout=10)
        for task in list(self.tasks.values()):
            task.told_to_stop = True
            if task.job is None:
                self._cancel(task, force=False)
                self._forget(task)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.tasks and time.monotonic() < deadline:
            with suppress(ParibusError):
                self._receive()

    def close(self) -> None:
        """End what still works on the cluster."""
        for task in list(self.tasks.values()):
            self._cancel(task, force=True)
            self._forget(task)

    def _ask_for_place(self) -> None:
        name = secrets.token_hex(8)
        stream = self.train.remote(name, self.name, self.packed, self.desk)
        self.tasks[stream] = _Task(name, stream)

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
            self.desk.give.remote(task.name, order)
            if not losses:
                self.listen(Event(job, "started"))
            return
        self.desk.give.remote(task.name, None)
        self._forget(task)

    def _order(self, job: Job, losses: int, task: _Task) -> Order:
        """What a node must know of a job."""
        content: Sent = ()
        token = ""
        if self.tokens is not None:
            token = self.tokens(job.path)
        else:
            job.folder.refuse_links()
            task.held.enter_context(job.folder.lock())
            task.arrivals, content = Arrivals(job.path), self.cargo.put(job.path)
        return Order(
            job=pickle.dumps(job),
            path=str(job.path.absolute()),
            token=token,
            content=content,
            data=self.cargo.data_of(job),
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
        failed, streams = False, list(self.tasks)
        ready, _ = self.ray.wait(streams, num_returns=1, timeout=0.2)
        if ready and len(streams) > 1:
            ready, _ = self.ray.wait(streams, num_returns=len(streams), timeout=0)
        for stream in ready:
            task = self.tasks[stream]
            try:
                report: Report = self.ray.get(next(stream))
            except StopIteration:
                self._forget(task)
                failed |= self._lost(task, "it ended without a word")
            except self.ray.exceptions.TaskCancelledError:
                self._forget(task)
            except self.ray.exceptions.RayTaskError as error:
                self._forget(task)
                raise _cause(error) from None
            except self.ray.exceptions.RayError as error:
                self._forget(task)
                failed |= self._lost(task, message_of(error).splitlines()[0])
            else:
                failed |= self._take(task, report)
        return failed

    def _take(self, task: _Task, report: Report) -> bool:
        """Take in a report; true if its job failed."""
        if report.ready:
            task.node, self.since, self.empty_losses = report.node, time.monotonic(), 0
            self._give_job(task)
            return False
        if report.lacks:
            self.desk.give.remote(task.name, {name: self.cargo.entry(name) for name in report.lacks})
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
            error = write_killed(job, f"its place on the cluster was lost: {said}; if memory ran out, {advice}")
            self._end(job, "failed", error, error)
            return True
        logger.warning("%s, seed %s was lost with %s and goes on elsewhere: %s", job.arm, job.seed, task.node, said)
        self.next.append((job, task.losses + 1))
        return False

    def _end(self, job: Job, kind: Any, error: str, summary: str) -> None:
        self.listen(Event(job, kind, error=error, summary=summary))

    def _forget(self, task: _Task) -> None:
        if self.tasks.pop(task.stream, None):
            task.held.close()
            self.desk.forget.remote(task.name)

    def _cancel(self, task: _Task, force: bool) -> None:
        with suppress(Exception):  # it has ended by itself
            self.ray.cancel(task.stream, force=force)

    def _tell_of_waiting(self) -> None:
        """Say once that nothing has a place."""
        if self._busy or time.monotonic() < self.since + QUEUE_SECONDS:
            return
        free = self.ray.available_resources()
        logger.warning(
            "runs wait for a place on the cluster: %g of its CPUs and %g of its GPUs are free",
            free.get("CPU", 0),
            free.get("GPU", 0),
        )
        self.since = float("inf")


_desks: dict[str, Any] = {}  # of the connection of this process: one serves all its studies


def _desk(ray: Any) -> Any:
    """The actor at which tasks wait; it stands on this machine, which is lost together with whoever asked for them."""
    place = ray.get_runtime_context()
    if (key := place.get_job_id()) not in _desks:
        strategy = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(place.get_node_id(), soft=True)
        kind = ray.remote(num_cpus=0, max_concurrency=100_000, scheduling_strategy=strategy)(Desk)
        _desks.clear()
        _desks[key] = kind.remote()
    return _desks[key]


def _cause(error: Any) -> ParibusError:
    """Why a node could not run a job: what paribus said there, or else what Python did."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, ParibusError):
        return cause
    said = str(cause or error).strip().splitlines()
    return StudyError("a node of the cluster cannot run this study", got=said[-1] if said else "", hint=INSTALLED)
