"""What a worker process of the pool does: jobs, one after another, until its parent hangs up or is gone."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import sys
import traceback
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from paribus import files
from paribus.commands.devices import WORKER
from paribus.records import plugins
from paribus.records.parts import register_all, registered
from paribus.streams import patient, reopen_closed
from paribus.studies.executors import shared
from paribus.studies.executors.job import Job, ending
from paribus.training.interruption import SIGNALS

POSIX = hasattr(signal, "pthread_sigmask")


def pack(needed: Collection[str] = ()) -> bytes:
    """The user's own parts with their code, and what its jobs need: a worker can import neither notebooks nor plug-ins.

    Args:
        needed: names of what is sent, among what jobs share.
    """
    import cloudpickle

    parts = registered()
    modules = {factory.__module__ for entries in parts.values() for factory in entries.values()}
    loaded = [sys.modules[name] for name in modules if name.startswith(plugins.PREFIX)]
    for module in loaded:
        cloudpickle.register_pickle_by_value(module)
    try:
        return bytes(cloudpickle.dumps((parts, {name: shared.things[name] for name in needed})))
    finally:
        for module in loaded:
            cloudpickle.unregister_pickle_by_value(module)


@contextmanager
def unsettled() -> Iterator[None]:
    """While a worker is started: in it, nothing is collected and no signal is heard before it has settled in.

    A signal that a fork hears before would be taken by what its parent does at signals, and be lost.
    """
    collects = gc.isenabled()
    gc.disable()
    heard = signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS) if POSIX else set()
    try:
        yield
    finally:
        if POSIX:
            signal.pthread_sigmask(signal.SIG_SETMASK, heard)
        if collects:
            gc.enable()


def work(pipe: Connection, inherited: Sequence[Connection], packed: bytes, number: int = 0) -> None:
    """What a worker process does: jobs, until its parent hangs up or is gone.

    Args:
        pipe: where jobs come from and events go to.
        inherited: the parent's ends of all pipes, which a fork copies; as long as a worker holds one open, no other
            worker can notice that the parent is gone.
        packed: the user's own parts and functions, for a process that was not forked.
        number: of this worker among those that work at the same time.
    """
    for end in inherited:
        end.close()
    settle_in(packed, number)
    with suppress(BrokenPipeError):
        while job := _next(pipe):
            carry_out(job, pipe)


def settle_in(packed: bytes, number: int = 0) -> None:
    """Make a fresh process a worker: what it listens to, and what it knows.

    Args:
        packed: the user's own parts and functions, for a process that was not forked.
        number: of this worker among those that work at the same time.
    """
    # only the parent may end what it left: a process group waits for its threads then, which a fork does not have
    gc.freeze()
    gc.enable()
    os.environ[WORKER] = str(number)
    for name in ("SIGINT", "SIGHUP"):  # the parent decides what Ctrl-C means, and a closed terminal
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if POSIX:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
    multiprocessing.current_process().daemon = False  # somebody's own training may start processes, to read its data
    if packed:
        import cloudpickle

        parts, things = cloudpickle.loads(packed)
        register_all(parts)
        shared.things.update(things)


def _next(pipe: Connection) -> Job | None:
    """The next job; none if the parent has hung up or is gone."""
    with suppress(EOFError, OSError):
        job: Job = pipe.recv()
        return job
    return None


def carry_out(job: Job, pipe: Connection) -> None:
    """Run one job; what happens to it, its end included, goes into the pipe as kind, progress, error and summary."""
    import torch

    # before anything is computed: a forked worker must never enter its parent's dead thread pool
    torch.set_num_threads(job.settings.threads or 1)

    def listen(progress: Any) -> None:
        try:
            pipe.send(("progress", progress, "", ""))
        except OSError:  # the parent is gone: save and stop
            os.kill(os.getpid(), signal.SIGTERM)

    log, end = job.path / "log.txt", None
    try:
        with files.disk_errors(log), output_to(log):
            try:
                job.run(listen)
                end = ("finished", None, "", "")
            except (Exception, KeyboardInterrupt) as error:
                kind, message, summary = ending(error)
                end = (kind, None, message, summary)
                if kind == "failed":
                    traceback.print_exc()
    except Exception as error:  # of the log: what the job itself said counts more
        kind, message, summary = ending(error)
        end = end or (kind, None, message, summary)
    pipe.send(end)


@contextmanager
def output_to(path: Path) -> Iterator[None]:
    """Append to a file what this process prints: from Python, and from libraries that write to descriptors 1 and 2.

    What cannot be written, because the disk is full, is lost, and that is all.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        opener = files.not_behind_a_link
        file = open(path, "a", encoding="utf-8", errors="backslashreplace", buffering=1, opener=opener)  # noqa: SIM115
    except OSError:  # the job itself will say that the folder cannot be written
        yield
        return
    reopen_closed()
    kept = [os.dup(1), os.dup(2)]
    try:
        with redirect_stdout(patient(file)), redirect_stderr(patient(file)):
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
            yield
    finally:
        for number, copy in zip((1, 2), kept, strict=True):
            os.dup2(copy, number)
            os.close(copy)
        with suppress(OSError):
            file.close()
