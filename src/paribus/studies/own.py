"""Runs of trainings that paribus did not write: the same folders, locks and endings around somebody's own work."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from paribus import files, threads
from paribus.errors import Interrupted
from paribus.records.own import OwnTraining, numbers
from paribus.records.recording import Recording
from paribus.records.run import RunResult
from paribus.streams import patiently
from paribus.studies.executors.job import Job
from paribus.studies.figures import checked
from paribus.training.failures import recorded
from paribus.training.interruption import StopRequest, interruptible
from paribus.training.monitor import Listener, Progress
from paribus.training.resume import finished


@dataclass(frozen=True)
class OwnJob(Job):
    """A run without a recipe. Its kinds say what they do in :meth:`work`.

    Args:
        metric: full name of the figure that the study compares; empty where it is not known before the first result.
        epochs: rows that are expected; 0 where nobody knows.
    """

    metric: str = ""
    epochs: int = 0

    def work(self, recording: Recording, listen: Listener) -> Mapping[Any, Any]:
        """Train it, write rows as they come, and return the final figures."""
        raise NotImplementedError

    def limited(self) -> AbstractContextManager[None]:
        """Keeps what computes in this process to the threads that the run may have."""
        return threads.limited(self.settings.threads or 1)

    def run(self, listen: Listener) -> RunResult:
        """Train it here and now, from its beginning; a finished one is only read."""
        assert isinstance(self.recipe, OwnTraining)
        folder, wanted = self.folder, self.settings.threads or 1
        folder.refuse_links()
        folder.create(self.recipe, self.seed)
        with folder.lock(), patiently(), recorded(folder), interruptible() as request:
            files.remove_leftovers(folder.path)
            if (result := finished(folder)) is not None:
                return result
            recording = Recording(folder, self.epochs, {"threads": wanted})
            recording.begin()
            with stopped_anywhere(request), self.limited():
                found = self.work(recording, listen)
            return recording.finish(checked(numbers(found), self.metric, found))

    def told(self, recording: Recording, row: Mapping[str, Any]) -> Progress:
        """How far it is after a row, for a listener."""
        figures = {name: value for name, value in row.items() if isinstance(value, float)}
        epoch = int(row["epoch"])
        return Progress(epoch, self.epochs, min(epoch, self.epochs), self.epochs, figures, dict(row))


@contextmanager
def stopped_anywhere(request: StopRequest) -> Iterator[None]:
    """A block of somebody else's code, which cannot be asked to save: it is left at once, and begins again later.

    Raises:
        Interrupted: if somebody asked to stop.
    """
    try:
        with request.at_once():
            yield
    except Interrupted:
        hint = "run the same again to go on: what is finished stays, this run begins again from its start"
        raise Interrupted("stopped on request, in the middle of a training that is not ours", hint=hint) from None
