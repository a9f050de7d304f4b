"""What happens on a node of a cluster: it is looked around there, and a process is forked for a run and watched.

The run has a process of its own, so that whatever kills it leaves its place to tell how, and so that it starts in
milliseconds: the place's process has loaded torch, and serves one run after another. It is forked before anything was
computed, holds on to nothing of the place's, and saves and leaves when that is gone.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any

from paribus.commands.devices import VISIBLE
from paribus.errors import StudyError
from paribus.records.run import RunFolder
from paribus.studies.executors.job import Job
from paribus.studies.executors.killed import wait_until_left
from paribus.studies.executors.orders import OWN, Order, Report, versions
from paribus.studies.executors.parcel import Changes
from paribus.studies.executors.worker import carry_out, settle_in, unsettled

TELL_SECONDS = 0.2  # between two reports of a run
SYNC_SECONDS, SYNC_SHARE = 5.0, 0.1  # between two looks at a folder that is sent back; most of the time that may take
LOCK_SECONDS = 60.0  # that a run may take to leave which was believed to be lost

_GIVEN = frozenset(name for name in OWN if name in os.environ)  # before any study has said something


def settle(order: Order, node: str) -> None:
    """Take over the folders of whoever asks where this node has none of its own, and look whether all is alike.

    Raises:
        StudyError: where this node would compute something else, or does not see the folder of the runs.
    """
    folders = {name: value for name, value in order.environment.items() if Path(value).expanduser().is_dir()}
    os.environ |= {name: value for name, value in folders.items() if name not in _GIVEN}
    _refuse_other_versions(order.versions, node)
    if order.token:
        _refuse_unseen(Path(order.token), node)


def watch(
    order: Order, packed: bytes, path: Path, node: str, stop: Callable[[], bool], changes: Changes | None = None
) -> Iterator[Report]:
    """Start the process of a run, and report until it has ended.

    Args:
        order: the run.
        packed: the user's own parts and functions.
        path: its folder here.
        node: the name of this machine.
        stop: whether it is to save and stop; asked several times a second.
        changes: of the folder, where that is sent back.
    """
    if order.token and order.attempt:
        wait_until_left(RunFolder(path), LOCK_SECONDS, stop)
    context: Any = multiprocessing.get_context("fork" if sys.platform == "linux" else "spawn")
    here, there = context.Pipe()
    process = context.Process(target=_work, args=(there, order, packed, path), daemon=True)
    with unsettled():
        process.start()
    there.close()
    told_to_stop, ended = False, False
    sync = _Sync(changes)
    try:
        while not ended:
            if not told_to_stop and stop():
                told_to_stop = True
                process.terminate()
            events, ended = _listen(here)
            if ended and not (events and events[-1][0] != "progress"):
                process.join(timeout=10)
                yield from sync.reports(node, now=True)
                if told_to_stop:  # before it had begun
                    yield Report(node, events=(*events, ("interrupted", None, "", "")), ended=True)
                else:
                    yield Report(node, events=events, ended=True, exitcode=process.exitcode or 0)
                return
            yield from sync.reports(node, now=ended)
            if events:
                yield Report(node, events=events, ended=ended)
        process.join(timeout=10)
    finally:
        if process.is_alive():
            process.kill()
        here.close()


def _listen(pipe: Connection) -> tuple[tuple[Any, ...], bool]:
    """What a run says within a moment, and whether it has ended; of reports between epochs the last is enough."""
    events: list[Any] = []
    deadline = time.monotonic() + TELL_SECONDS
    while (left := deadline - time.monotonic()) > 0 and wait([pipe], timeout=left):
        try:
            said = pipe.recv()
        except (EOFError, OSError):
            return tuple(events), True
        if events and events[-1][0] == "progress" and events[-1][1].row is None:
            events.pop()
        events.append(said)
        if said[0] != "progress":
            return tuple(events), True
    return tuple(events), False


class _Sync:
    """Sends a folder back, as often as that costs little; nothing where it is shared."""

    def __init__(self, changes: Changes | None) -> None:
        self.changes = changes
        self.due = time.monotonic() + SYNC_SECONDS

    def reports(self, node: str, now: bool) -> Iterator[Report]:
        """What has changed, if it is time to."""
        if self.changes is None or not (now or time.monotonic() >= self.due):
            return
        began = time.monotonic()
        for piece in self.changes.pieces():
            yield Report(node, pieces=(piece,))
        took = time.monotonic() - began
        self.due = time.monotonic() + max(SYNC_SECONDS, took / SYNC_SHARE)


def _work(pipe: Connection, order: Order, packed: bytes, path: Path) -> None:
    """What the process of a run does."""
    if sys.platform == "linux":
        _let_go(pipe.fileno())
    with suppress(OSError):  # a node may have no such folder
        os.chdir(order.place)
    sys.path += [place for place in order.paths if place not in sys.path and Path(place).exists()]
    if not order.gpu:
        os.environ[VISIBLE] = ""
    settle_in(packed)
    job: Job = pickle.loads(order.job)
    with suppress(BrokenPipeError):
        carry_out(replace(job, path=path), pipe)


def _let_go(kept: int) -> None:
    """Let go of all files and connections that a fork has copied, or nobody would notice when the task is gone.

    Their numbers stay taken: an object that closes one of them later must not close something new.
    """
    nothing = os.open(os.devnull, os.O_RDWR)
    for number in [int(entry.name) for entry in Path("/proc/self/fd").iterdir()]:
        if number > 2 and number not in (kept, nothing):
            with suppress(OSError):  # the listing's own
                os.fstat(number)
                os.dup2(nothing, number)


def _refuse_other_versions(wanted: Mapping[str, str], node: str) -> None:
    """Refuse a node that would compute something else.

    Raises:
        StudyError: naming both versions.
    """
    here = versions()
    others = [f"{name} {here[name]} instead of {value}" for name, value in wanted.items() if here[name] != value]
    if others:
        hint = "install the same versions on all machines, or figures would differ between them"
        raise StudyError("a node of the cluster has other versions", got=f"{node}: {', '.join(others)}", hint=hint)


def _refuse_unseen(token: Path, node: str) -> None:
    """Refuse a node that does not see the folder of the runs.

    Raises:
        StudyError: naming both.
    """
    deadline = time.monotonic() + 3.0  # that network file systems may take to show what is new
    while not token.is_file():
        if time.monotonic() > deadline:
            hint = "choose a folder that all nodes share (--runs DIR), or let runs be sent back (--collect)"
            raise StudyError(f"the node {node} does not see the folder of the runs", got=str(token.parent), hint=hint)
        time.sleep(0.2)
