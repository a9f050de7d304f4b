"""The executor that runs jobs on a cluster of machines, through ray.

Each run is a task of ray's with the processors and GPUs that it asks for; ray finds it a place, and where all are taken
it waits. A run of a node that is lost goes on elsewhere from its last checkpoint. What happens on a node stands in
:mod:`.remote`, how the cluster is found in :mod:`.connection`.
"""

from __future__ import annotations

import logging
import os
import pickle
import sys
import time
import weakref
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paribus.data.prepare import travel
from paribus.errors import Interrupted, ParibusError, StudyError, message_of
from paribus.records.recipe import Recipe
from paribus.studies.executors import connection
from paribus.studies.executors.job import Event, EventListener, Job, Waiting, ending
from paribus.studies.executors.killed import record_killed, write_killed
from paribus.studies.executors.parcel import Arrivals, Changes
from paribus.studies.executors.remote import OWN, Bell, Order, Report, train, versions
from paribus.studies.executors.worker import pack
from paribus.training.interruption import StopRequest, interruptible

LOSSES = 3  # of one run, after which it is given up: something about it kills its nodes
PATIENCE_SECONDS = 30.0  # that interrupted runs get to save their state
QUEUE_SECONDS = 15.0  # after which it is said that a run waits for a place

logger = logging.getLogger(__name__)


class RayCluster:
    """Jobs on a ray cluster.

    Args:
        workers: runs at the same time; by default as many as the cluster has room for when they begin.
        device: where the runs will be computed; on ``cpu`` they ask for no GPU.
        address: ``HOST:PORT`` of the cluster; ``auto`` for the one that runs on this machine; ``local`` for one that is
            made of this machine for this study. By default what ``RAY_ADDRESS`` says, or else ``local``.
        cpus_per_run: processors that a run asks for, such as 2 or 0.5; by default as many as it has threads.
        gpus_per_run: GPUs that it asks for, such as 1, or 0.25 for four runs on each; by default one where the cluster
            has GPUs, else none.
        collect: train in a folder of the node and send it back, for machines that share no disk.
    """

    isolated, forks = True, False

    def __init__(
        self,
        workers: int | None = None,
        device: str = "auto",
        *,
        address: str = "",
        cpus_per_run: float | None = None,
        gpus_per_run: float | None = None,
        collect: bool = False,
    ) -> None:
        if workers is not None and workers < 1:
            raise StudyError("there is at least one worker", got=workers, hint="leave it out for as many as fit")
        _check_share("--cpus-per-run", cpus_per_run)
        _check_share("--gpus-per-run", gpus_per_run, zero=True)
        self.address, self.collect = address, collect
        self._workers, self._device = workers, device
        self._cpus, self._gpus = cpus_per_run, gpus_per_run

    @property
    def workers(self) -> int:
        """Runs at the same time."""
        return self._workers or self._room(1)[2]

    def prepare(self, threads: int) -> None:
        """Decide for runs of this many threads how workers begin: always as fresh processes of another machine."""

    def run(self, jobs: Iterable[Job | None], listen: EventListener, fail_fast: bool = False) -> None:
        """Run all jobs."""
        self._connect()
        waiting = Waiting(jobs, self._workers or 1)
        threads = max((job.settings.threads or 1 for job in waiting), default=1)
        cpus, gpus, room = self._room(threads)
        with ExitStack() as stack:
            request = stack.enter_context(interruptible())
            tokens = stack.enter_context(_tokens())
            study = _Study(waiting, listen, self._workers or room, cpus, gpus, None if self.collect else tokens)
            stack.callback(study.close)
            study.serve(request, fail_fast)

    def _connect(self) -> None:
        if connection.connect(self.address):
            weakref.finalize(self, connection.disconnect)

    def _room(self, threads: int) -> tuple[float, float, int]:
        """The CPUs and GPUs of a run, and how many runs fit."""
        self._connect()
        known = connection.nodes()
        cpus = float(threads if self._cpus is None else self._cpus)
        gpus = self._gpus
        if gpus is None:
            gpus = 1.0 if self._device != "cpu" and any(node.gpus for node in known) else 0.0
        return cpus, gpus, connection.room(known, cpus, gpus)


@dataclass(eq=False)
class _Task:
    """A run that was given to the cluster."""

    job: Job
    stream: Any  # of references to reports
    losses: int
    started: bool = False
    node: str = ""
    arrivals: Arrivals | None = None
    ended: bool = False
    told_to_stop: bool = False
    held: ExitStack = field(default_factory=ExitStack)  # what is kept until it ends: the lock of a folder that is sent


class _Study:
    """Jobs on their way through a cluster.

    Args:
        waiting: those that have not begun.
        listen: told of all that happens.
        workers: runs at the same time.
        cpus, gpus: of each.
        tokens: makes the files by which nodes see that they share a folder; none where folders are sent back.
    """

    def __init__(
        self, waiting: Waiting, listen: EventListener, workers: int, cpus: float, gpus: float, tokens: Any
    ) -> None:
        self.ray = connection.library()
        self.waiting, self.listen, self.workers, self.tokens = waiting, listen, workers, tokens
        self.gpu = gpus > 0
        here = self.ray.get_runtime_context().get_node_id()
        strategy = self.ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(here, soft=True)
        bell: Any = self.ray.remote(Bell)
        self.bell = bell.options(num_cpus=0, max_concurrency=100_000, scheduling_strategy=strategy).remote()
        options = {"num_cpus": cpus, "num_gpus": gpus, "max_retries": 0, "max_calls": 0, "num_returns": "streaming"}
        self.train: Any = self.ray.remote(**options)(train)
        self.packed = self.ray.put(pack(frozenset(job.needs for job in waiting if job.needs)))
        self.tasks: dict[Any, _Task] = {}
        self.again: deque[tuple[Job, int]] = deque()  # lost, or without their data: how often they were lost
        self.entries: dict[str, travel.Entry | None] = {}  # what a recipe reads
        self.sent: dict[str, Any] = {}  # name in the cache → references
        self.versions, self.since = versions(), time.monotonic()

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
            while len(self.tasks) < self.workers and (found := self._next()):
                self._submit(*found)
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

    def stop(self) -> None:
        """Ask running jobs to save and stop, and wait for them; those that have not begun never do."""
        with suppress(self.ray.exceptions.RayError):
            self.ray.get(self.bell.ring.remote(), timeout=10)
        for task in list(self.tasks.values()):
            task.told_to_stop = True
            if not task.started:
                self._cancel(task, force=False)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.tasks and time.monotonic() < deadline:
            with suppress(ParibusError):
                self._receive()

    def close(self) -> None:
        """Let go of everything on the cluster; what still works there is ended."""
        for task in list(self.tasks.values()):
            self._cancel(task, force=True)
        with suppress(self.ray.exceptions.RayError):
            self.ray.kill(self.bell)

    def _next(self) -> tuple[Job, int] | None:
        if self.again:
            return self.again.popleft()
        job = self.waiting.next()
        return (job, 0) if job else None

    def _submit(self, job: Job, losses: int) -> None:
        """Give a job to the cluster; one whose folder cannot be had fails here."""
        held, content, token = ExitStack(), (), ""
        try:
            if self.tokens is not None:
                token = self.tokens(job.path)
            else:
                job.folder.refuse_links()
                held.enter_context(job.folder.lock())
                content = self._put(job.path)
        except ParibusError as error:
            held.close()
            self._end(job, *ending(error))
            return
        order = Order(
            pickle.dumps(job),
            str(job.path.absolute()),
            token,
            content,
            self._data(job),
            losses,
            self.gpu,
            self.versions,
            str(Path.cwd()),
            tuple(sys.path),
            {name: str(Path(os.environ[name]).expanduser().absolute()) for name in OWN if os.environ.get(name)},
        )
        stream = self.train.remote(order, self.packed, self.bell, self.sent)
        arrivals = Arrivals(job.path) if self.tokens is None else None
        self.tasks[stream] = _Task(job, stream, losses, arrivals=arrivals, held=held)

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
                if not task.ended:
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
        if report.lacks:
            for name in report.lacks:
                self._send(name)
            self._forget(task)
            self.again.append((task.job, task.losses))
            return False
        if not task.started:
            task.started, task.node, self.since = True, report.node, time.monotonic()
            if not task.losses:
                self.listen(Event(task.job, "started"))
        for piece in report.pieces:
            assert task.arrivals is not None
            task.arrivals.take(piece)
        failed = False
        for kind, progress, error, summary in report.events:
            self.listen(Event(task.job, kind, progress, error, summary))  # type: ignore[arg-type]
            failed |= kind == "failed"
        if report.exitcode is not None:
            error = record_killed(task.job, report.exitcode)
            self._end(task.job, "failed", error, error)
            failed = True
        if report.ended:
            task.ended = True
            self._forget(task)
        return failed

    def _lost(self, task: _Task, said: str) -> bool:
        """A run whose node or task is gone goes on elsewhere; true if it is given up."""
        if task.told_to_stop:
            self._end(task.job, "interrupted", "", "")
            return False
        if "memory" in said.lower() or task.losses + 1 >= LOSSES:
            advice = "lower training.batch_size or --jobs, or raise --cpus-per-run so that fewer share a node"
            error = write_killed(task.job, f"its place on the cluster was lost: {said}; if memory ran out, {advice}")
            self._end(task.job, "failed", error, error.splitlines()[0])
            return True
        where = f" on {task.node}" if task.node else ""
        logger.warning("%s, seed %s%s was lost and goes on elsewhere: %s", task.job.arm, task.job.seed, where, said)
        self.again.append((task.job, task.losses + 1))
        return False

    def _end(self, job: Job, kind: Any, error: str, summary: str) -> None:
        self.listen(Event(job, kind, error=error, summary=summary))

    def _forget(self, task: _Task) -> None:
        self.tasks.pop(task.stream, None)
        task.held.close()

    def _cancel(self, task: _Task, force: bool) -> None:
        with suppress(Exception):  # it has ended by itself
            self.ray.cancel(task.stream, force=force)
        if force:
            self._forget(task)

    def _data(self, job: Job) -> tuple[str, ...]:
        """The decoded data that a job reads, by their name in the cache."""
        if not isinstance(job.recipe, Recipe):
            return ()
        known = repr(job.recipe.data)
        if known not in self.entries:
            self.entries[known] = travel.entry_of(job.recipe.data)
        entry = self.entries[known]
        return (entry.name,) if entry else ()

    def _send(self, name: str) -> None:
        """Put decoded data where nodes can fetch them."""
        entry = next(entry for entry in self.entries.values() if entry and entry.name == name)
        if name not in self.sent:
            self.sent[name] = (self._put(entry.folder), entry.places)

    def _put(self, folder: Path) -> tuple[tuple[str, tuple[Any, ...]], ...]:
        """Put the files of a folder into the cluster's object store, in pieces.

        Raises:
            StudyError: where that has no room.
        """
        found: dict[str, list[Any]] = {}
        try:
            for piece in Changes(folder).pieces():
                found.setdefault(piece.name, []).append(self.ray.put(piece.content))
        except (self.ray.exceptions.ObjectStoreFullError, self.ray.exceptions.OutOfDiskError) as error:
            hint = "let nodes share a cache (PARIBUS_CACHE), or start them with a larger --object-store-memory"
            raise StudyError("the cluster's object store has no room", got=str(error).splitlines()[0], hint=hint) from None
        return tuple((name, tuple(pieces)) for name, pieces in found.items())

    def _tell_of_waiting(self) -> None:
        """Say once that nothing has a place."""
        if any(task.started for task in self.tasks.values()) or time.monotonic() < self.since + QUEUE_SECONDS:
            return
        free = self.ray.available_resources()
        logger.warning(
            "runs wait for a place on the cluster: %g of its CPUs and %g of its GPUs are free",
            free.get("CPU", 0),
            free.get("GPU", 0),
        )
        self.since = float("inf")


def _cause(error: Any) -> ParibusError:
    """Why a node could not run a job: what paribus said there, or else what Python did."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, ParibusError):
        return cause
    said = str(cause or error).strip().splitlines()
    hint = "is paribus installed on all machines of the cluster, in the version that is used here?"
    return StudyError("a node of the cluster cannot run this study", got=said[-1] if said else "", hint=hint)


@contextmanager
def _tokens() -> Iterator[Any]:
    """Makes a file in the folder that holds a run folder, by which nodes see that they share it; gone at the end."""
    from paribus import files

    made: dict[Path, Path] = {}

    def token(path: Path) -> str:
        folder = next(place for place in path.absolute().parents if place.is_dir())
        if folder not in made:
            made[folder] = folder / files.temporary_name()
            with files.disk_errors(made[folder]):
                made[folder].touch()
        return str(made[folder])

    try:
        yield token
    finally:
        for file in made.values():
            with suppress(OSError):
                file.unlink(missing_ok=True)


def _check_share(name: str, value: float | None, zero: bool = False) -> None:
    """Refuse a part of a machine that cannot be had."""
    if value is None or (zero and value == 0):
        return
    if value <= 0 or (zero and value > 1 and value != int(value)):
        hint = "for example 1, 2, or 0.25 where four runs share one"
        raise StudyError(f"{name} is a share of one, or a whole number", got=value, hint=hint)
