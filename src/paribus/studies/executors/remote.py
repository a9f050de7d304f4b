"""What a task of ray's does on a node: it takes a run, fetches what that lacks, and passes on what its process says."""

from __future__ import annotations

import platform
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from paribus.data.prepare import travel
from paribus.studies.executors.node import settle, watch
from paribus.studies.executors.orders import Order, Report
from paribus.studies.executors.parcel import Arrivals, Changes, Piece


def train(task: str, study: str, packed: bytes, desk: Any) -> Iterator[Report]:
    """Train a run on this node, and tell of it.

    Which one is decided when there is a place for it: so runs start in their order, whichever node is the first.

    Args:
        task: the name of this task.
        study: for which the bell is rung.
        packed: the user's own parts and functions.
        desk: the actor of a :class:`Desk`.

    Raises:
        StudyError: where this node cannot run any of the study's runs.
    """
    import ray

    node = platform.node()
    yield Report(node, ready=True)
    order: Order | None = ray.get(desk.take.remote(task))
    if order is None:
        return
    settle(order, node)
    if lacks := tuple(name for name in order.data if not travel.is_here(name)):
        yield Report(node, lacks=lacks)
        for name, (contents, places) in ray.get(desk.take.remote(task)).items():
            travel.receive(name, places, lambda folder, contents=contents: _write(contents, folder))  # type: ignore[misc]
    rung = desk.rung.remote(study)
    if order.token:
        yield from watch(order, packed, Path(order.path), node, lambda: _is_ready(rung))
        return
    with tempfile.TemporaryDirectory(prefix="paribus-run-", ignore_cleanup_errors=True) as folder:
        _write(order.content, Path(folder, "run"))
        changes = Changes(Path(folder, "run"))
        list(changes.pieces())  # what came from there need not go back
        yield from watch(order, packed, Path(folder, "run"), node, lambda: _is_ready(rung), changes)


def _write(contents: Any, folder: Path) -> None:
    """Fetch a folder's files from the cluster's object store, piece by piece, and write them."""
    import ray

    arrivals = Arrivals(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, pieces in contents:
        for place, piece in enumerate(pieces):
            arrivals.take(Piece(name, ray.get(piece), last=place == len(pieces) - 1))


def _is_ready(reference: Any) -> bool:
    """Whether the bell was rung; also where it is gone, and with it whoever would listen."""
    import ray

    return bool(ray.wait([reference], timeout=0)[0])
