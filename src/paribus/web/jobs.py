"""Trainings that the page starts, stops and goes on with: processes of their own, which outlive it.

What is to run lies as a file in a folder of this user's cache, one for each folder of runs, and a process that belongs
to no page takes one after another (``python -m paribus.web.queue``). So a restart of the page changes nothing, and two
pages share one queue. It does not lie among the runs: those may come from others, and nothing of theirs is a command.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from paribus import files, processes
from paribus.cache.paths import writable_cache
from paribus.errors import ParibusError, RunError, StudyError
from paribus.records.run import RunFolder
from paribus.records.store import RunSummary
from paribus.web.answers import NotThere

QUEUES = "queues"  # below the cache
MOST = 200  # jobs that wait
KEPT = 50  # jobs that are over and still listed
LOCK = "lock"  # held by the process that takes the jobs
TAIL = 4000  # bytes of what a job said that are looked at

JobState = Literal["waiting", "running", "finished", "interrupted", "failed"]
OVER = ("finished", "interrupted", "failed")


@dataclass(frozen=True)
class Job:
    """One command.

    Args:
        id: the name of its files.
        argv: behind ``python -m``.
        command: as people type it.
        name: of the folder that it works on.
        state: where it stands.
        submitted, began, ended: in seconds since 1970; 0 before.
        pid: of its process.
        code: with which it ended.
        problem: why it failed, or was interrupted.
    """

    id: str
    argv: tuple[str, ...]
    command: str
    name: str
    state: JobState = "waiting"
    submitted: float = 0.0
    began: float = 0.0
    ended: float = 0.0
    pid: int = 0
    code: int | None = None
    problem: str = ""

    def plain(self) -> dict[str, Any]:
        """As data that JSON can hold."""
        return asdict(self)


class Queue:
    """The commands that run, and those that will.

    Args:
        root: the folder of the runs.
    """

    def __init__(self, root: Path) -> None:
        self.root = root.absolute()
        self.folder = writable_cache() / QUEUES / hashlib.sha256(os.fsencode(self.root)).hexdigest()[:16]

    def jobs(self) -> list[Job]:
        """All jobs, in the order in which they run; those that are over come first."""
        found = []
        for path in sorted(self.folder.glob("*.json")) if not self.folder.is_symlink() else ():
            with suppress(ParibusError, TypeError, OSError):
                content = files.read_json(path)
                job = Job(**{**content, "argv": tuple(content["argv"])})
                if job.id == path.stem:
                    found.append(self._looked_at(job))
        return found

    def at_work(self) -> dict[str, JobState]:
        """The folders on which something works, or will: name → whether it waits or runs."""
        return {job.name: job.state for job in self.jobs() if job.state not in OVER}

    def add(self, argv: Sequence[str], command: str, name: str) -> Job:
        """Let a command run when its turn comes.

        Raises:
            StudyError: if one that works on the same folder is waiting or running, or too many wait.
        """
        active = [job for job in self.jobs() if job.state not in OVER]
        if same := next((job for job in active if job.name == name), None):
            rule = f"this is {'running' if same.state == 'running' else 'waiting'} already"
            raise StudyError(rule, got=name, hint="it stands in the queue")
        if len(active) >= MOST:
            raise StudyError(f"at most {MOST} commands wait", got=len(active), hint="take some out of the queue")
        now = time.time()
        job = Job(f"{now:017.6f}-{secrets.token_hex(4)}".replace(".", "-"), tuple(argv), command, name, submitted=now)
        self.write(job)
        self.forget()
        self.start()
        return job

    def write(self, job: Job) -> None:
        """Write down where a job stands."""
        files.write_json(self.folder / f"{job.id}.json", job.plain(), durable=False)

    def remove(self, wanted: str) -> Job:
        """Take a job out: one that runs is asked to save and stop.

        Raises:
            NotThere: if there is no such job.
        """
        job = next((job for job in self.jobs() if job.id == wanted), None)
        if job is None:
            raise NotThere("there is no such command in the queue", got=wanted)
        if job.state == "running":
            polite_stop(job.pid, job.began)
        else:
            (self.folder / f"{job.id}.json").unlink(missing_ok=True)
            self.log(job).unlink(missing_ok=True)
        return job

    def forget(self) -> None:
        """Delete what is over, but for the last ones."""
        over = [job for job in self.jobs() if job.state in OVER]
        for job in over[:-KEPT]:
            (self.folder / f"{job.id}.json").unlink(missing_ok=True)
            self.log(job).unlink(missing_ok=True)

    def log(self, job: Job) -> Path:
        """What a job said."""
        return self.folder / f"{job.id}.log"

    def start(self) -> None:
        """See to it that somebody takes the jobs: a process that stays when this one ends."""
        taker = subprocess.Popen(
            [sys.executable, "-P", "-m", "paribus.web.queue", str(self.root)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        threading.Thread(target=taker.wait, daemon=True).start()  # so that nothing is left of it when it ends

    def _looked_at(self, job: Job) -> Job:
        """A job whose process has died with whoever would have said so has failed."""
        if job.state == "running" and processes.lives(job.pid, job.began + 1) is False and not self._taken():
            return replace(job, state="failed", problem=self.said(job) or "its process has ended without a word")
        return job

    def _taken(self) -> bool:
        """Whether the process that takes the jobs lives: it says itself how the one that has just ended did."""
        from filelock import FileLock, Timeout

        try:
            with FileLock(self.folder / LOCK, timeout=0):
                return False
        except Timeout:
            return True

    def said(self, job: Job) -> str:
        """The error that a job ended with, as it was said."""
        with suppress(OSError, ParibusError), files.open_regular(self.log(job), error=ParibusError) as opened:
            size = os.fstat(opened.fileno()).st_size
            opened.seek(max(0, size - TAIL))
            lines = opened.read().decode("utf-8", "replace").splitlines()
            first = max((place for place, line in enumerate(lines) if line.startswith("error:")), default=None)
            return "\n".join(lines[first:] if first is not None else lines[-3:])[:1000]
        return ""


def go_on(kind: str, folder: Path, seeds: int | None = None) -> list[str]:
    """The words behind ``python -m`` that go on with a run, a study or a search."""
    more = ["--seeds", str(seeds)] if seeds is not None else []
    return ["paribus.web.go", kind, str(folder), *more]


def stop_run(run: RunSummary) -> str:
    """Ask a run to save and stop.

    Returns:
        What was asked: ``run``.

    Raises:
        RunError: if it does not run here.
    """
    status = _running_here(RunFolder(run.path))
    polite_stop(status.pid, status.heartbeat)
    return "run"


def stop_study(runs: Sequence[RunSummary]) -> int:
    """Ask the processes that run a study to save all and stop; how many were asked.

    A run of a study is trained by that process itself, or by a worker, which is its child and looks like it.

    Raises:
        RunError: if none of its runs runs here.
    """
    asked: set[int] = set()
    for run in runs:
        if run.state == "running":
            status = _running_here(RunFolder(run.path))
            asked.add(_leader(status.pid))
    if not asked:
        raise RunError("nothing of this is running", hint="it may have just ended")
    for pid in asked:
        polite_stop(pid, time.time())
    return len(asked)


def polite_stop(pid: int, since: float) -> None:
    """Ask a process to save and stop, if it is the one that lived at that moment."""
    if processes.lives(pid, since) is False or pid in (os.getpid(), 0, 1):
        raise RunError("this process has ended already", got=pid)
    try:
        os.kill(pid, signal.SIGTERM)
    except OSError as error:
        raise RunError(f"the process cannot be asked to stop: {error.strerror}", got=pid) from None


def _running_here(folder: RunFolder) -> Any:
    import platform

    status = folder.status
    if status.state != "running":
        raise RunError("this run is not running", got=status.state)
    if status.host != platform.node():
        raise RunError("this run is running on another machine", got=status.host, hint="stop it there")
    return status


def _leader(pid: int) -> int:
    """The process that runs a study, from one that trains a run of it: its parent, where it is a worker."""
    parent = processes.parent(pid)
    own = processes.command_line(pid)
    if parent > 1 and own and (processes.command_line(parent) == own or b"multiprocessing" in own):
        return parent
    return pid
