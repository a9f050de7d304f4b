"""A single training: its folder, and how it is begun, gone on with, or found done."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from paribus import files
from paribus.progress import Announce, silent
from paribus.records import store
from paribus.records.given import recipe_of
from paribus.records.history import History
from paribus.records.parts import register_own
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder, RunResult, Status, copy_run
from paribus.records.study import slug
from paribus.training import more
from paribus.training.check import check_run
from paribus.training.execution import Settings
from paribus.training.keep import Keep
from paribus.training.loop import train
from paribus.training.monitor import Listener, no_listener

logger = logging.getLogger(__name__)


class Run:
    """One training: see :class:`paribus.Run`, which adds what people ask of it."""

    def __init__(
        self,
        recipe: Recipe | str | Path,
        changes: Mapping[str, Any] | None = None,
        *,
        seed: int = 0,
        runs: str | Path = "runs",
        **fields: Any,
    ) -> None:
        self.recipe = recipe_of(recipe, changes, fields)
        register_own(self.recipe.fields.values())
        self.seed = seed
        self.shorter: RunFolder | None = None  # the finished run that this one goes on from
        self.folder = RunFolder(Path(runs) / slug(self.recipe.name) / self.recipe.identity / f"seed-{seed}")

    def train(
        self,
        *,
        device: str = "auto",
        threads: int | None = None,
        checkpoint_seconds: float = 10.0,
        keep: str = "none",
        listen: Listener = no_listener,
        progress: Announce = silent,
    ) -> RunResult:
        """Train it, go on if it was interrupted, or give the result if it is finished.

        Args:
            device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
            threads: of the processor; by default all cores where they pay, else one.
            checkpoint_seconds: least time between two checkpoints.
            keep: the epochs whose weights stay, for ``pb.load(run, epoch=3)``: ``best``, ``last``, ``all``,
                ``every:5``, or several with commas between. Whatever is kept, so is the state from which :meth:`more`
                goes on.
            listen: told of every step.
            progress: told how far the reading of data is.
        """
        keeps = bool(Keep.of(keep))
        if self.folder.result is None and not self.folder.checkpoints.exists():
            duplicate = store.finished(self.folder.path.parents[2]).get((self.recipe.identity, self.seed))
            if duplicate is not None and (duplicate.kept.exists() or not keeps):
                copy_run(duplicate, self.folder)
        if self.shorter is not None and not self.folder.exists:
            more.begin(self.folder, self.recipe, self.shorter)
        if keeps and self.folder.result is not None and not self.folder.kept.exists():
            logger.warning("finished before, without keeping anything: to keep %s, delete %s", keep, self.folder.path)
        settings = Settings(device, threads, checkpoint_seconds, keep)
        return train(self.folder, self.recipe, self.seed, settings, listen, progress)

    def check(self, *, device: str = "auto", threads: int | None = None, progress: Announce = silent) -> None:
        """Refuse what :meth:`train` would refuse before its first step; the data are read, and nothing is written.

        Raises:
            ParibusError: as :meth:`train` would.
        """
        if self.result is not None:
            return
        files.check_writable(self.folder.path)
        check_run(self.recipe, self.seed, Settings(device, threads), progress)

    @property
    def status(self) -> Status:
        """Where it stands."""
        return self.folder.status

    @property
    def result(self) -> RunResult | None:
        """What it left behind, once it is finished."""
        return self.folder.result

    @property
    def metrics(self) -> dict[str, float | None]:
        """Figures of the final weights by name, ``val/accuracy``, once it is finished."""
        return self.folder.metrics

    @property
    def history(self) -> History:
        """One row per epoch: ``history["val/loss"]`` is a column, ``pandas.DataFrame(history)`` a data frame."""
        return self.folder.history

    def __repr__(self) -> str:
        return f"Run({self.recipe.name!r}, seed={self.seed}, {self.status.state}, {str(self.folder.path)!r})"
