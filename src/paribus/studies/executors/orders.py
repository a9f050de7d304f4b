"""What is said between whoever runs a study on a cluster and its nodes: orders, reports, and the desk between them."""

from __future__ import annotations

import asyncio
import platform
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import paribus
from paribus.studies.executors.cargo import Sent
from paribus.studies.executors.parcel import Piece
from paribus.training.monitor import Progress

OWN = ("PARIBUS_DATA", "PARIBUS_CACHE")  # folders: a node's own count, else those of whoever asks, where they exist


@dataclass(frozen=True)
class Order:
    """A run for a node.

    Args:
        job: pickled; only the process of the run reads it, which knows the user's own parts.
        path: its run folder on the machine that asks.
        token: a file beside it, by which a node knows that it sees the same folder; empty for a run that is sent back.
        content: what that folder holds, to go on from, where it is sent.
        data: name in the cache → decoded data that it needs.
        attempt: how often it was lost before.
        gpu: whether it has one.
        versions: of what must be the same everywhere.
        place: current folder of whoever asks.
        paths: where Python finds modules there.
        environment: variables that name folders there.
    """

    job: bytes
    path: str
    token: str
    content: Sent = ()
    data: tuple[str, ...] = ()
    attempt: int = 0
    gpu: bool = False
    versions: Mapping[str, str] = field(default_factory=dict)
    place: str = ""
    paths: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """What a node says now and then.

    Args:
        node: its name.
        ready: whether there is a place for a run.
        lacks: decoded data that it needs before it can begin.
        events: kind, progress, error and summary of what happened to the run.
        ended: whether that was all.
        left: why the place was taken away from the run, which has saved; empty where it was not.
        exitcode: of a process that died without a word.
        pieces: of its folder, where that is sent back.
    """

    node: str
    ready: bool = False
    lacks: tuple[str, ...] = ()
    events: tuple[tuple[str, Progress | None, str, str], ...] = ()
    ended: bool = False
    left: str = ""
    exitcode: int | None = None
    pieces: tuple[Piece, ...] = ()


class Desk:
    """Where tasks on all nodes wait for what whoever asked for them has to say: orders, data, and that they stop.

    They wait here without a word going to and fro.
    """

    def __init__(self) -> None:
        self._rung: dict[str, asyncio.Event] = defaultdict(asyncio.Event)
        self._given: dict[str, asyncio.Queue[Any]] = defaultdict(asyncio.Queue)

    async def ring(self, study: str) -> None:
        """Let all runs of a study save and stop."""
        self._rung[study].set()

    async def rung(self, study: str) -> None:
        """Return when they are to."""
        await self._rung[study].wait()

    async def give(self, task: str, thing: Any) -> None:
        """Lay something down for a task."""
        self._given[task].put_nowait(thing)

    async def take(self, task: str) -> Any:
        """What was laid down for a task, as soon as it is there."""
        return await self._given[task].get()

    async def forget(self, task: str) -> None:
        """A task that has ended takes nothing any more."""
        self._given.pop(task, None)


def versions() -> dict[str, str]:
    """Of what must be the same on all machines of a study."""
    import torch

    return {"Python": platform.python_version(), "paribus": paribus.__version__, "torch": str(torch.__version__)}
