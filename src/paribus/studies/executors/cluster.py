"""The executor that runs jobs on a cluster of machines, through ray.

Each run is a task of ray's with the processors and GPUs that it asks for; ray finds it a place, and where all are taken
it waits. A run of a node that is lost goes on elsewhere from its last checkpoint. How jobs go their way stands in
:mod:`.dispatch`, what happens on a node in :mod:`.remote` and :mod:`.node`, how the cluster is found in
:mod:`.connection`.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable
from contextlib import ExitStack

from paribus.errors import StudyError
from paribus.studies.executors import connection
from paribus.studies.executors.cargo import Cargo
from paribus.studies.executors.dispatch import Dispatch
from paribus.studies.executors.job import EventListener, Job, Waiting
from paribus.studies.executors.orders import versions
from paribus.studies.executors.places import tokens
from paribus.studies.executors.tasks import Tasks
from paribus.studies.executors.worker import pack
from paribus.training.interruption import interruptible


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
        """Connect, and refuse runs of so many threads where no node has room for one.

        Nodes load torch while this machine still reads the data.

        Raises:
            StudyError: naming what is wrong.
        """
        cpus, gpus, room = self._room(threads)
        load = connection.loaded().remote(num_cpus=cpus, num_gpus=gpus, max_retries=0)(versions)
        for _ in range(min(self._workers or room, room)):
            load.remote()

    def run(self, jobs: Iterable[Job | None], listen: EventListener, fail_fast: bool = False) -> None:
        """Run all jobs."""
        self._connect()
        waiting = Waiting(jobs, self._workers or 1)
        threads = max((job.settings.threads or 1 for job in waiting), default=1)
        cpus, gpus, room = self._room(threads)
        with ExitStack() as stack:
            request = stack.enter_context(interruptible())
            token = None if self.collect else stack.enter_context(tokens())
            places = Tasks(pack(frozenset(job.needs for job in waiting if job.needs)), cpus, gpus)
            cargo = Cargo(places.ray)
            study = Dispatch(waiting, listen, self._workers or room, places, gpu=gpus > 0, token=token, cargo=cargo)
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


def _check_share(name: str, value: float | None, zero: bool = False) -> None:
    """Refuse a part of a machine that cannot be had."""
    if value is None or (zero and value == 0):
        return
    if value <= 0 or (zero and value > 1 and value != int(value)):
        hint = "for example 1, 2, or 0.25 where four runs share one"
        raise StudyError(f"{name} is a share of one, or a whole number", got=value, hint=hint)
