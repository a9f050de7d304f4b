"""A single training, as people meet it in Python."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from paribus.progress import Announce, Lines
from paribus.records import store
from paribus.records.parts import register_own
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder, RunResult, Status, copy_run
from paribus.records.study import slug
from paribus.training.execution import Settings
from paribus.training.loop import train
from paribus.training.monitor import Listener


class Run:
    """One training of a recipe with a seed.

    >>> run = Run("digits/mlp", {"budget.epochs": 2}, seed=0)  # doctest: +SKIP
    >>> run.train().metrics["val/accuracy"]  # doctest: +SKIP
    0.93

    Args:
        recipe: a recipe, the name of a shipped one, or the path of a recipe file.
        changes: dotted field → value.
        seed: the seed that all streams of chance follow.
        runs: the folder below which run folders are made.
    """

    def __init__(
        self,
        recipe: Recipe | str | Path,
        changes: Mapping[str, Any] | None = None,
        *,
        seed: int = 0,
        runs: str | Path = "runs",
    ) -> None:
        loaded = recipe if isinstance(recipe, Recipe) else Recipe.load(recipe)
        self.recipe = loaded.override(changes) if changes else loaded
        register_own(self.recipe.fields.values())
        self.seed = seed
        self.folder = RunFolder(Path(runs) / slug(self.recipe.name) / self.recipe.identity / f"seed-{seed}")

    def train(
        self,
        *,
        device: str = "auto",
        threads: int | None = None,
        checkpoint_seconds: float = 10.0,
        listen: Listener | None = None,
        progress: Announce | None = None,
    ) -> RunResult:
        """Train it, go on if it was interrupted, or give the result if it is finished.

        Args:
            device: ``auto``, ``cpu``, ``cuda``, ``cuda:1`` or ``mps``.
            threads: processor threads; by default all cores where they pay, else one.
            checkpoint_seconds: least time between two checkpoints.
            listen: told of the training; by default a line now and then says how far it is, ``no_listener`` none.
            progress: told how far the data are.
        """
        lines = Lines()
        listen = listen or (lambda now: lines(f"{self.recipe.name}, seed {self.seed}, step", now.step, now.steps))
        if self.folder.result is None and not self.folder.checkpoints.exists():
            duplicate = store.finished(self.folder.path.parents[2]).get((self.recipe.identity, self.seed))
            if duplicate is not None:
                copy_run(duplicate, self.folder)
        settings = Settings(device, threads, checkpoint_seconds)
        return train(self.folder, self.recipe, self.seed, settings, listen, progress or lines)

    @property
    def status(self) -> Status:
        """Where it stands."""
        return self.folder.status

    @property
    def result(self) -> RunResult | None:
        """What it left behind, once it is finished."""
        return self.folder.result

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """One row per epoch; ``pandas.DataFrame(run.metrics)`` makes a table of it."""
        return self.folder.metrics()

    def __repr__(self) -> str:
        return f"Run({self.recipe.name!r}, seed={self.seed}, {self.status.state}, {str(self.folder.path)!r})"
