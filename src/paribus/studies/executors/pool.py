"""The executor that runs jobs in parallel worker processes on this machine.

Small trainings scale badly over cores, so each worker trains its own run, with one thread unless the study says
otherwise. On Linux workers are forked from this process after torch and the data are loaded: a worker then costs a few
milliseconds and shares the data's memory. Where forking is unsafe (CUDA, macOS, several threads a run) or unknown
(Windows) they are spawned. A worker serves many runs; when it dies, its run is recorded as killed and another worker
takes its place.
"""

from __future__ import annotations

import multiprocessing
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from itertools import count
from multiprocessing.connection import Connection, wait
from typing import Any

from paribus.data.prepare.prepared import forget
from paribus.errors import Interrupted, StudyError
from paribus.records.environment import cores
from paribus.records.recipe import Recipe
from paribus.studies.executors import connection
from paribus.studies.executors.job import Event, EventListener, Job, Waiting
from paribus.studies.executors.killed import record_killed
from paribus.studies.executors.worker import pack, unsettled, work
from paribus.training.interruption import StopRequest, interruptible

THREADED = ("jax", "tensorflow")  # libraries with threads of their own, which a fork would leave behind
PATIENCE_SECONDS = 30.0  # that interrupted workers get to save their state


class LocalPool:
    """Jobs in parallel on this machine.

    Args:
        workers: processes; by default one per core, or two where they share a GPU.
        device: where the jobs will run, which decides how processes are started.
    """

    isolated = True

    def __init__(self, workers: int | None = None, device: str = "auto") -> None:
        if workers is not None and workers < 1:
            raise StudyError("there is at least one worker", got=workers, hint="leave it out for one per core")
        self.on_gpu = _on_gpu(device)
        self.workers = workers or (2 if self.on_gpu else cores())
        threaded = any(name in sys.modules for name in THREADED) or connection.is_open()
        can_fork = sys.platform == "linux" and not self.on_gpu and not threaded
        self.context: Any = multiprocessing.get_context("fork" if can_fork else "spawn")
        self._needed: frozenset[str] = frozenset()  # of what jobs share, by those that are run

    def run(self, jobs: Iterable[Job | None], listen: EventListener, fail_fast: bool = False) -> None:
        """Run all jobs."""
        waiting = Waiting(jobs, self.workers)
        self._needed = frozenset(job.needs for job in waiting if job.needs)
        self.prepare(max((job.settings.threads or 1 for job in waiting if job.computes), default=1))
        if self.forks:
            _warm_up(waiting)
        workers: list[_Worker] = []
        with interruptible() as request:
            try:
                self._serve(waiting, workers, listen, fail_fast, request)
            finally:
                for worker in workers:
                    worker.dismiss()
                for worker in workers:
                    worker.process.join(timeout=5)
                forget()  # the next study reads what is there then

    def prepare(self, threads: int) -> None:
        """Decide for runs of this many threads how workers begin: a fork may inherit a dead thread pool."""
        if threads > 1:
            self.context = multiprocessing.get_context("spawn")

    @property
    def forks(self) -> bool:
        """Whether workers are copies of this process."""
        return bool(self.context.get_start_method() == "fork")

    def _serve(
        self,
        waiting: Waiting,
        workers: list[_Worker],
        listen: EventListener,
        fail_fast: bool,
        request: StopRequest,
    ) -> None:
        while True:
            if request.stop_requested():
                self._stop(workers, listen)
                raise Interrupted("stopped on request; everything is saved", hint="run the same command again to go on")
            for worker in [worker for worker in workers if not worker.job and not worker.alive]:
                workers.remove(worker)
            while self._busy(workers) < self.workers and (job := waiting.next()):
                worker = next((worker for worker in workers if not worker.job), None) or self._start_worker(workers)
                worker.take(job)
                listen(Event(job, "started"))
            if not self._busy(workers):
                return  # all is done, or nothing is left that the next job could wait for
            failed = self._receive(workers, listen)
            if failed and fail_fast:
                self._stop(workers, listen)
                return

    def _busy(self, workers: list[_Worker]) -> int:
        return sum(worker.job is not None for worker in workers)

    def _receive(self, workers: list[_Worker], listen: EventListener) -> bool:
        """Pass on what workers say; true if one of their jobs failed."""
        failed = False
        busy = {worker.pipe: worker for worker in workers if worker.job}
        for pipe in wait(list(busy), timeout=0.2):
            event = busy[pipe].listen()  # type: ignore[index]
            listen(event)
            failed |= event.kind == "failed"
        return failed

    def _start_worker(self, workers: list[_Worker]) -> _Worker:
        here, there = self.context.Pipe()
        inherited = [here, *(worker.pipe for worker in workers)] if self.forks else []
        packed = b"" if self.forks else pack(self._needed)
        taken = {worker.number for worker in workers}
        number = next(number for number in count() if number not in taken)
        process = self.context.Process(target=work, args=(there, inherited, packed, number), daemon=True)
        with unsettled():
            process.start()
        there.close()
        workers.append(_Worker(process, here, number))
        return workers[-1]

    def _stop(self, workers: list[_Worker], listen: EventListener) -> None:
        """Ask running jobs to save and stop, and wait for them."""
        for worker in workers:
            if worker.job:
                worker.told_to_stop = True
                worker.process.terminate()
        deadline = time.monotonic() + PATIENCE_SECONDS
        while any(worker.job for worker in workers) and time.monotonic() < deadline:
            self._receive(workers, listen)


@dataclass
class _Worker:
    """A worker process as its parent sees it."""

    process: Any
    pipe: Connection
    number: int  # among those that work at the same time: by it they share GPUs out
    job: Job | None = None
    told_to_stop: bool = False

    @property
    def alive(self) -> bool:
        return bool(self.process.is_alive())

    def take(self, job: Job) -> None:
        self.job = job
        with suppress(OSError):  # a dead worker is noticed when it is listened to
            self.pipe.send(job)

    def listen(self) -> Event:
        """Its next event; if the process is gone, that its run was killed."""
        job = self.job
        assert job is not None
        try:
            kind, progress, error, summary = self.pipe.recv()
        except (EOFError, OSError):
            self.process.join(timeout=5)
            if self.told_to_stop:  # before it had begun
                kind, progress, error = "interrupted", None, ""
            else:
                kind, progress, error = "failed", None, record_killed(job, self.process.exitcode)
            summary = error
        if kind != "progress":
            self.job = None
        return Event(job, kind, progress, error, summary)

    def dismiss(self) -> None:
        """Let an idle worker go; kill one that still works."""
        if self.job:
            self.process.kill()
        self.pipe.close()


def _warm_up(jobs: Iterable[Job]) -> None:
    """Load once in the parent what every forked worker needs: data, model classes."""
    recipes = {id(job.recipe): job.recipe for job in jobs if isinstance(job.recipe, Recipe)}  # one for all its seeds
    if not recipes:
        return
    from paribus.data.prepare.prepared import share
    from paribus.records.parts import find

    for recipe in recipes.values():
        with suppress(Exception):  # what is wrong with it is told by the job itself
            share(recipe.data)
            for kind, part in recipe.parts():
                find(kind, part.use)


def _on_gpu(device: str) -> bool:
    if device == "cpu":
        return False
    import torch

    return device != "auto" or torch.cuda.is_available()
