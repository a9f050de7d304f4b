"""A run folder while a training that is not ours fills it: rows, heartbeats, the result."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

from paribus import processes
from paribus.errors import RunError
from paribus.records.environment import with_others
from paribus.records.run import COUNTERS, HEARTBEAT_SECONDS, RunFolder, RunResult, State, this_process


class Recording:
    """What a training of somebody's own writes into its run folder, which it holds by its lock.

    Args:
        folder: the run folder; made before.
        epochs: how many rows are expected; 0 where nobody knows.
        execution: how it is carried out, as far as that is known.
    """

    def __init__(self, folder: RunFolder, epochs: int = 0, execution: Mapping[str, Any] = {}) -> None:
        self.folder, self.epochs, self.execution = folder, epochs, dict(execution)
        self.rows = self.step = 0
        self.best: int | None = None  # the row whose figures count; the last one if nobody says
        self.took: float | None = None  # seconds, and memory, where the training is another process than this one
        self.peak_memory_mb: float | None = None
        self._began, self._beat = time.monotonic(), 0.0
        self._last = 0  # where the last row begins in its file

    @property
    def seconds(self) -> float:
        """Since it began."""
        return round(time.monotonic() - self._began, 4)

    def begin(self, rows: Sequence[dict[str, Any]] = ()) -> None:
        """Say that it runs, here and now, behind these rows; others of an earlier attempt go."""
        self.rows = len(rows)
        if rows:
            self.folder.restore_metrics(rows)
        else:
            (self.folder.path / "metrics.jsonl").unlink(missing_ok=True)
        status = replace(self.folder.last_status(), started=time.time(), error="", **this_process())
        self.folder.write_status(replace(status, epochs=self.epochs))
        self.heartbeat("running")
        self.folder.write_environment({**with_others(), "execution": self.execution})

    def row(self, figures: Mapping[str, float | None], step: int | None = None, again: bool = False) -> dict[str, Any]:
        """Write down the figures of the next epoch, or ``again`` those of the last one; returns the row."""
        self.step = self.step if step is None else step
        self.rows += not again
        known = {name: value for name, value in figures.items() if name not in COUNTERS}
        row = {"epoch": self.rows, "step": self.step, **known, "seconds": self.seconds}
        path = self.folder.path / "metrics.jsonl"
        if again:
            os.truncate(path, self._last)
        self._last = path.stat().st_size if path.exists() else 0
        try:
            self.folder.append_metrics(row)
        except RunError:  # of half a line nothing stays: it would take the next one along
            with suppress(OSError):
                os.truncate(path, self._last)
            raise
        if time.monotonic() >= self._beat + HEARTBEAT_SECONDS:
            self.heartbeat("running")
        return row

    def heartbeat(self, state: State, error: str = "") -> None:
        """Write into the status that it is alive, and how far it is; or how it ended."""
        self._beat = time.monotonic()
        known = self.epochs if state == "running" else self.rows  # in the end there is as much as there is
        status = replace(self.folder.last_status(), state=state, epoch=self.rows, epochs=known, step=self.step)
        self.folder.write_status(replace(status, error=error))

    def finish(self, figures: Mapping[str, float | None]) -> RunResult:
        """Write the result: from here on it counts as trained."""
        result = RunResult(
            metrics=dict(figures),
            epochs=self.rows,
            steps=self.step,
            best_epoch=self.best or self.rows,
            stopped_early=False,
            weights_sha256="",  # nobody knows its weights, and how many there are
            parameters=0,
            seconds=self.seconds if self.took is None else round(self.took, 4),
            examples_per_second=0.0,
            peak_memory_mb=processes.peak_memory_mb() if self.peak_memory_mb is None else self.peak_memory_mb,
            execution=self.execution,
        )
        self.folder.write_result(result)
        self.heartbeat("finished")
        written = self.folder.result
        if written is None:
            raise RunError("the result was removed while it was written", got=str(self.folder.path))
        return written
