"""The executor that runs jobs on a cluster of SLURM's, through submitit.

Each place is a job of SLURM's that serves runs until there are none left: the queue is joined once for many runs.
Places and this process talk through files of a folder that they share, so no node needs an open port. How jobs go
their way stands in :mod:`.dispatch`, what a place does in :mod:`.station`.
"""

from __future__ import annotations

import atexit
import shutil
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any

from paribus import files
from paribus.errors import StudyError, nearest
from paribus.records.environment import cores
from paribus.studies.executors.batch import Batch
from paribus.studies.executors.dispatch import Dispatch
from paribus.studies.executors.job import EventListener, Job, Waiting
from paribus.studies.executors.places import tokens
from paribus.studies.executors.worker import pack
from paribus.training.interruption import interruptible

INSTALL = "pip install 'paribus[slurm]'"
LOCAL = "local"  # processes of this machine, as submitit starts them where there is no SLURM
WORKERS = 64  # runs at the same time: what finds no place waits in SLURM's queue
MINUTES = 480  # after which a place is given back; its run goes on in another
OURS = {  # options of sbatch that other options of the command decide
    "cpus_per_task": "--cpus-per-run",
    "gpus_per_node": "--gpus-per-run",
    "gpus_per_task": "--gpus-per-run",
    "nodes": "",
    "ntasks_per_node": "",
}
STRUCTURED = {"setup", "teardown", "additional_parameters", "srun_args"}  # options whose values are no words


class SlurmCluster:
    """Jobs on a SLURM cluster.

    Args:
        workers: runs at the same time; 64 by default, or on this machine one per core.
        device: where the runs will be computed.
        address: options of ``sbatch`` as ``partition=gpu,time=240,mem=16GB``, times in minutes; ``local`` for
            processes of this machine.
        cpus_per_run: processors that a run asks for; by default as many as it has threads.
        gpus_per_run: GPUs that it asks for; by default one with ``--device cuda``, else none.
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
    ) -> None:
        if workers is not None and workers < 1:
            raise StudyError("there is at least one worker", got=workers, hint=f"leave it out for {WORKERS}")
        self.local = address == LOCAL
        self.options = {} if self.local else options(address)
        self.workers = workers or (cores() if self.local else WORKERS)
        self._cpus = _whole("--cpus-per-run", cpus_per_run, 1)
        gpus = _whole("--gpus-per-run", gpus_per_run, 0)
        self._gpus = gpus if gpus is not None else int(device.startswith("cuda"))

    def prepare(self, threads: int) -> None:
        """Refuse a machine that cannot submit jobs.

        Raises:
            StudyError: naming what is missing.
        """
        submitit = _loaded()
        known = _known(submitit)
        for name in self.options:
            if name not in known:
                hint = nearest(name, known) or "write it as sbatch does, with _ for -"
                raise StudyError("submitit knows no such option of sbatch", got=name, hint=hint)
        if not self.local and (missing := next((name for name in ("sbatch", "srun") if not shutil.which(name)), "")):
            hint = "start the command on a machine of the cluster; for trying it out here: --on slurm:local"
            raise StudyError("this machine submits no jobs to SLURM", got=f"no {missing}", hint=hint)

    def run(self, jobs: Iterable[Job | None], listen: EventListener, fail_fast: bool = False) -> None:
        """Run all jobs."""
        waiting = Waiting(jobs, self.workers)
        if (first := next(iter(waiting), None)) is None:
            return
        self.prepare(1)
        batch = self._batch(first.path, max(job.settings.threads or 1 for job in waiting))
        batch.pack(pack(frozenset(job.needs for job in waiting if job.needs)))
        with ExitStack() as stack:
            request = stack.enter_context(interruptible())
            token = stack.enter_context(tokens())
            study = Dispatch(waiting, listen, self.workers, batch, gpu=self._gpus > 0, token=token)
            stack.callback(study.close)
            study.serve(request, fail_fast)

    def _batch(self, path: Path, threads: int) -> Batch:
        """Places with the resources that a run of so many threads asks for; those of the study's last look, if so."""
        cpus = self._cpus or threads
        key = repr((self.local, sorted(self.options.items()), cpus, self._gpus))
        if key in _kept and _kept[key].desk.is_dir():
            return _kept[key]
        release()
        above = next(place for place in path.absolute().parents[1:] if place.is_dir())
        desk = above / files.temporary_name()
        with files.disk_errors(desk):
            desk.mkdir(mode=0o700)
        submitit = _loaded()
        if self.local:
            submitter = submitit.LocalExecutor(desk / "jobs")
            submitter.update_parameters(timeout_min=7 * 24 * 60, gpus_per_node=self._gpus)
        else:
            submitter = submitit.SlurmExecutor(desk / "jobs")
            asked: dict[str, Any] = {"time": MINUTES, "job_name": "paribus", "cpus_per_task": cpus, **self.options}
            submitter.update_parameters(**asked, **({"gpus_per_node": self._gpus} if self._gpus else {}))
        _kept[key] = Batch(desk, submitter, self.local)
        return _kept[key]


_kept: dict[str, Batch] = {}  # places of this process, which a study's next look finds again


@atexit.register
def release() -> None:
    """Give all places back."""
    while _kept:
        _kept.popitem()[1].end()


def options(text: str) -> dict[str, Any]:
    """Options of ``sbatch`` as they stand behind ``--on slurm:``; numbers are numbers, and a bare name is switched on.

    Raises:
        StudyError: for one that other options decide.
    """
    found: dict[str, Any] = {}
    for word in filter(None, text.split(",")):
        name, equals, value = word.strip().removeprefix("--").partition("=")
        name = name.replace("-", "_")
        if name in OURS:
            hint = f"say {OURS[name]}" if OURS[name] else "a run is one process on one node"
            raise StudyError(f"what a run asks for is no option of sbatch here: {name}", got=word, hint=hint)
        found[name] = (int(value) if value.isdigit() else value) if equals else True
    if "time" in found and not (isinstance(found["time"], int) and found["time"] > 0):
        raise StudyError("time is a number of minutes", got=found["time"], hint="for example time=240 for four hours")
    return found


def _loaded() -> ModuleType:
    """Submitit itself.

    Raises:
        StudyError: where it is not installed.
    """
    try:
        import submitit
    except ImportError as error:
        raise StudyError("--on slurm needs submitit", got=str(error), hint=INSTALL) from None
    return submitit


def _known(submitit: Any) -> list[str]:
    """Options that submitit passes on, and whose values are words or numbers."""
    return sorted(submitit.SlurmExecutor._valid_parameters() - OURS.keys() - STRUCTURED)


def _whole(name: str, value: float | None, least: int) -> int | None:
    """A number of processors or GPUs, which SLURM does not share out in parts.

    Raises:
        StudyError: for a part of one.
    """
    if value is None:
        return None
    if value < least or value != int(value):
        hint = "SLURM gives whole ones; parts are for --on ray"
        raise StudyError(f"{name} is a whole number on SLURM, {least} or more", got=value, hint=hint)
    return int(value)
