"""The first of several processes: it starts the others or waits for them, and says who of them failed."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import torch.distributed as dist

from paribus import processes
from paribus.errors import RunError
from paribus.ranks import Share
from paribus.records.inputs import Inputs
from paribus.records.recipe import Recipe
from paribus.training.distributed import meeting, sharded
from paribus.training.distributed.group import Group, One, Several
from paribus.training.distributed.sharded import Sharded
from paribus.training.execution import Settings
from paribus.training.interruption import StopRequest
from paribus.training.session import Session

if TYPE_CHECKING:
    from torch._C._distributed_c10d import Store

STORE = "PARIBUS_STORE"  # in the environment of a process that was started here: the file through which they meet
POLL_SECONDS = 0.02
GRACE_SECONDS = 5.0  # for the others, to end by themselves
AGAIN = "run the same command again: it goes on from the last checkpoint, with any number of processes"


class Alone:
    """Nobody else is there."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings

    def start(self) -> None:
        """Nothing."""

    def dismiss(self) -> None:
        """Nobody."""

    def group(self, recipe: Recipe, examples: int) -> Group:
        """One process; the parts in which it takes figures must be there."""
        sharded.check(recipe, self.settings)
        parts = recipe.training.norm_parts or 1
        if parts > 1:
            meeting.check(recipe, examples, 1)
        return One(recipe.training.accumulate, parts)

    def wait(self) -> None:
        """For nobody."""

    def meet(self, session: Session) -> None:
        """Nothing."""


class Lead:
    """The first process of several.

    Args:
        recipe: what is trained.
        seed: with which.
        settings: how, and on how many processes.
        inputs: what it reads, where that is known.
        request: whether somebody asked to stop.
    """

    def __init__(
        self, recipe: Recipe, seed: int, settings: Settings, inputs: Inputs | None, request: StopRequest
    ) -> None:
        self.recipe, self.seed, self.inputs, self.request = recipe, seed, inputs, request
        self.others = range(1, settings.processes)
        self.local = meeting.place()
        self.settings = meeting.placed(settings, self.local.local if self.local else 0)
        if settings.shard:  # what looks inside, and compilers, want whole weights within a step
            self.settings = replace(self.settings, signals=False, compile="off")
        self.started: dict[int, subprocess.Popen[bytes]] = {}
        self.store: Store | None = None
        self.several: Several | None = None
        self.folder = ""

    def start(self) -> None:
        """Start the others, unless torchrun has, and tell them what to train."""
        if not dist.is_available():
            raise RunError("this build of torch knows of no several processes", hint="leave --processes out")
        if dist.is_initialized():
            raise RunError("this process is one of a group of its own already", hint="train in a process of its own")
        plan = json.dumps(meeting.plan_of(self.recipe, self.seed, self.settings, self.inputs))
        if self.local:
            self.store = meeting.store_of_torchrun()
            self.store.set("plan", plan)
            return
        if "cuda" in self.settings.device:
            meeting.placed(replace(self.settings, device="cuda"), self.others[-1])  # refuses if there are too few
        self.folder = tempfile.mkdtemp(prefix="paribus-")  # for this user alone
        self.store = meeting.store_in(self.folder)
        self.store.set("plan", plan)
        words = [sys.executable, "-P", "-m", "paribus.training.distributed.follow"]
        for rank in self.others:
            known = {"RANK": rank, "WORLD_SIZE": self.settings.processes, "LOCAL_RANK": rank}
            environment = {**os.environ, **{name: str(value) for name, value in known.items()}, STORE: self.folder}
            self.started[rank] = subprocess.Popen(
                words, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, start_new_session=True
            )  # a session of their own: Ctrl-C is for the first, which saves and lets the others go

    def dismiss(self) -> None:
        """Tell those that torchrun has started that there is nothing to train."""
        if self.local is None:
            return
        store = meeting.store_of_torchrun()
        store.set("plan", json.dumps(None))
        with suppress(RuntimeError):  # they may be gone; else they hear it before this process takes the store with it
            store.wait([f"heard/{rank}" for rank in self.others], timedelta(seconds=GRACE_SECONDS))

    def group(self, recipe: Recipe, examples: int) -> Several:
        """What the session asks of the others."""
        meeting.check(recipe, examples, self.settings.processes)
        sharded.check(recipe, self.settings)
        self.several = several_of(recipe, 0, self.settings, self.failed)
        return self.several

    def wait(self) -> None:
        """Until all others are ready.

        Raises:
            RunError: if one of them has ended, or would train something else.
        """
        assert self.store is not None
        waiting = set(self.others)
        while waiting:
            self._refuse_ended()
            waiting = {rank for rank in waiting if not self.store.check([f"here/{rank}"])}
            time.sleep(POLL_SECONDS if waiting else 0)

    def meet(self, session: Session) -> None:
        """Connect with the others, and give them the state of the training."""
        assert self.store is not None
        assert self.several is not None
        with meeting.on_loopback() if self.started else _as_it_is():
            self.several.words = meeting.connect(self.store, 0, self.settings)
        self.several.between = True
        state = session.state()
        self.several.call("load")
        self.several.spread(state)
        if self.settings.shard:
            session.shard()

    def close(self, error: BaseException | None) -> None:
        """Let the others go; where they wait for something that does not come, end those that were started here."""
        connected = dist.is_initialized()
        if connected and self.several is not None and self.several.between:
            with suppress(RunError, RuntimeError):
                self.several.call("end")
        elif error is not None or not connected:
            for process in self.started.values():
                process.kill()
        if connected:
            with suppress(RuntimeError):
                dist.destroy_process_group()
        if self.several is not None:
            self.several.words = None  # else its three threads stay until what refers to itself here is collected
        for process in self.started.values():
            try:
                process.wait(GRACE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if self.folder:
            shutil.rmtree(self.folder, ignore_errors=True)

    def failed(self, error: RuntimeError) -> RunError:
        """A broken connection, in words: which of the others is gone, and why."""
        if self.several is not None:
            self.several.between = False
        self.request.ending = self.local is not None  # torchrun ends all when one has died: this one says who it was
        until, silent = time.monotonic() + GRACE_SECONDS, {*self.others}
        while time.monotonic() < until and silent:
            try:
                self._refuse_ended()
            except RunError as found:
                self.request.noticed = True  # torchrun asks all to stop when one has died: this message says more
                return found
            silent = {rank for rank in silent if not self._known(f"waited/{rank}")}
            time.sleep(POLL_SECONDS)
        said = str(error).splitlines()[0]
        late = "timed out" in said.casefold()
        if not silent or not (late or len(silent) < len(self.others)):
            return RunError("the processes of this run have lost each other", got=said, hint=AGAIN)
        self.request.noticed = True
        what = f"has not come to a step for {self.settings.patience:g} seconds" if late else "does not answer any more"
        who = f"rank {', '.join(map(str, sorted(silent)))} of {self.settings.processes}"
        host, pid = json.loads(self._known(f"here/{min(silent)}"))
        hint = f"{AGAIN}; where a step takes so long, set --patience to more seconds"
        return RunError(f"{who} {what}, so this training cannot go on", got=f"process {pid} on {host}", hint=hint)

    def _refuse_ended(self) -> None:
        """Name the first of the others that has ended.

        Raises:
            RunError: with what it said, or the signal that ended it.
        """
        for rank in self.others:
            who = f"rank {rank} of {self.settings.processes}"
            if said := self._known(f"failed/{rank}"):
                rule, got, hint = json.loads(said)
                raise RunError(f"{who} cannot train: {rule}", got=got, hint=hint)
            process = self.started.get(rank)
            if process is not None and (code := process.poll()) is not None:
                how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"has ended with exit code {code}"
                raise RunError(f"{who} {how}, so this training cannot go on", got=f"process {process.pid}", hint=AGAIN)
            if process is None and (found := self._known(f"here/{rank}")):
                host, pid = json.loads(found)
                if host == socket.gethostname() and processes.lives(pid, time.time()) is False:
                    raise RunError(f"{who} has ended, so this training cannot go on", got=f"process {pid}", hint=AGAIN)

    def _known(self, key: str) -> str:
        """What somebody wrote into the store, if so."""
        with suppress(RuntimeError):  # torchrun may be gone
            if self.store is not None and self.store.check([key]):
                return str(self.store.get(key).decode())
        return ""


def several_of(recipe: Recipe, rank: int, settings: Settings, failed: object) -> Several:
    """What one process of several is to a training."""
    ghosts, size = recipe.training.norm_parts, settings.processes
    share, kind = Share(rank, size, recipe.training.accumulate, ghosts or size), Sharded if settings.shard else Several
    return kind(share, ghosts is not None, failed)  # type: ignore[arg-type]


@contextmanager
def crew(
    recipe: Recipe, seed: int, settings: Settings, inputs: Inputs | None, request: StopRequest
) -> Iterator[Alone | Lead]:
    """The processes of a training, as its first one sees them."""
    if settings.processes == 1:
        yield Alone(settings)
        return
    lead = Lead(recipe, seed, settings, inputs, request)
    error: BaseException | None = None
    try:
        yield lead
    except BaseException as raised:
        error = raised
        raise
    finally:
        lead.close(error)


@contextmanager
def _as_it_is() -> Iterator[None]:
    yield
