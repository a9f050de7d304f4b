"""Tasks of ray's as places for runs: each waits for room on a node, then for its run; see :mod:`.remote`."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from paribus.errors import ParibusError, StudyError, message_of
from paribus.studies.executors import connection
from paribus.studies.executors.orders import Desk, Report
from paribus.studies.executors.places import INSTALLED, Gone
from paribus.studies.executors.remote import train


class Tasks:
    """Places of a ray cluster.

    Args:
        packed: the user's own parts and functions.
        cpus, gpus: of each run.
    """

    def __init__(self, packed: bytes, cpus: float, gpus: float) -> None:
        self.ray = connection.loaded()
        self.desk, self.study = _desk(self.ray), secrets.token_hex(8)
        options = {"num_cpus": cpus, "num_gpus": gpus, "max_retries": 0, "max_calls": 0, "num_returns": "streaming"}
        self.train: Any = self.ray.remote(**options)(train)
        self.packed = self.ray.put(packed)
        self.streams: dict[str, Any] = {}  # of references to what tasks report

    def ask(self) -> str:
        """Start a task, which says that it is ready when ray has found room for it."""
        name = secrets.token_hex(8)
        self.streams[name] = self.train.remote(name, self.study, self.packed, self.desk)
        return name

    def give(self, place: str, thing: Any) -> None:
        """Lay something down for a task."""
        self.desk.give.remote(place, thing)

    def heard(self, seconds: float) -> Iterator[tuple[str, Report | Gone]]:
        """What tasks report."""
        names = {stream: name for name, stream in self.streams.items()}
        ready, _ = self.ray.wait(list(names), num_returns=1, timeout=seconds)
        if ready and len(names) > 1:
            ready, _ = self.ray.wait(list(names), num_returns=len(names), timeout=0)
        for stream in ready:
            yield names[stream], self._said(stream)

    def _said(self, stream: Any) -> Report | Gone:
        try:
            report: Report = self.ray.get(next(stream))
        except StopIteration:
            return Gone("it ended without a word")
        except self.ray.exceptions.RayTaskError as error:
            return Gone("", _cause(error))
        except self.ray.exceptions.RayError as error:
            return Gone(message_of(error).splitlines()[0])
        return report

    def ring(self) -> None:
        """Ring the bell for which all tasks listen."""
        with suppress(self.ray.exceptions.RayError):
            self.ray.get(self.desk.ring.remote(self.study), timeout=10)

    def cancel(self, place: str, force: bool) -> None:
        """End a task."""
        with suppress(Exception):  # it has ended by itself
            self.ray.cancel(self.streams[place], force=force)

    def forget(self, place: str) -> None:
        """A task has ended."""
        if self.streams.pop(place, None) is not None:
            self.desk.forget.remote(place)

    def free(self) -> str:
        """Of the cluster's resources."""
        free = self.ray.available_resources()
        return f"{free.get('CPU', 0):g} of its CPUs and {free.get('GPU', 0):g} of its GPUs are free"


_desks: dict[tuple[str, str], Any] = {}  # of the connection of this process: one serves all its studies


def _desk(ray: Any) -> Any:
    """The actor at which tasks wait; it stands on this machine, which is lost together with whoever asked for them.

    Jobs are numbered anew by each cluster, nodes never: ray ends the process that shows it an actor of another cluster.
    """
    place = ray.get_runtime_context()
    if (key := (place.get_job_id(), place.get_node_id())) not in _desks:
        strategy = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy(place.get_node_id(), soft=True)
        kind = ray.remote(num_cpus=0, max_concurrency=100_000, scheduling_strategy=strategy)(Desk)
        _desks.clear()
        _desks[key] = kind.remote()
    return _desks[key]


def _cause(error: Any) -> ParibusError:
    """Why a node could not run a job: what paribus said there, or else what Python did."""
    cause = getattr(error, "cause", None)
    if isinstance(cause, ParibusError):
        return cause
    said = str(cause or error).strip().splitlines()
    return StudyError("a node of the cluster cannot run this study", got=said[-1] if said else "", hint=INSTALLED)
