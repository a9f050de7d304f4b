"""A single training, as people meet it in Python: trained, watched, looked at."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paribus.progress import Announce, silent
from paribus.records import store
from paribus.records.given import recipe_of, run_folder
from paribus.records.history import History
from paribus.records.parts import register_own
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder, RunResult, Status, copy_run
from paribus.records.study import slug
from paribus.training import more
from paribus.training.execution import Settings
from paribus.training.keep import Keep
from paribus.training.loop import train
from paribus.training.monitor import Listener

if TYPE_CHECKING:
    from paribus.inference.trained import SplitName
    from paribus.plots import Chart
    from paribus.reports.summary import Summary

logger = logging.getLogger(__name__)


class Run:
    """One training of a recipe with a seed.

    >>> run = Run("digits/mlp", {"budget.epochs": 2}, seed=0)  # doctest: +SKIP
    >>> run.train().metrics["val/accuracy"]  # doctest: +SKIP
    0.93

    Args:
        recipe: a recipe, the name of a shipped one, or the path of a recipe file.
        changes: field → value; dotted, or its last word where that can mean one field only.
        seed: the seed that all streams of chance follow.
        runs: the folder below which run folders are made.
        fields: further changes as keywords: ``epochs=3, lr=0.1, data=pb.Data(inputs, targets)``.
    """

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
        self.folder = RunFolder(Path(runs) / slug(self.recipe.name) / self.recipe.identity / f"seed-{seed}")
        self._shorter: RunFolder | None = None  # the finished run that this one goes on from

    @classmethod
    def open(cls, run: Any, *, runs: str | Path = "runs") -> Run:
        """A run that was begun before, from its folder, a part of its name, or ``last``."""
        opened = cls.__new__(cls)
        opened.folder = run_folder(run, runs)
        opened.recipe, opened.seed, opened._shorter = opened.folder.recipe, opened.folder.seed, None
        return opened

    def train(
        self,
        *,
        device: str = "auto",
        threads: int | None = None,
        checkpoint_seconds: float = 10.0,
        keep: str = "none",
        listen: Listener | None = None,
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
            listen: told of every step; by default what happens is shown.
            progress: told how far the reading of data is.
        """
        from paribus.reports.live import following

        if self.folder.result is None and not self.folder.checkpoints.exists():
            self._begin(keeps=bool(Keep.of(keep)))
        elif self.folder.result is not None and Keep.of(keep) and not self.folder.kept.exists():
            logger.warning("finished before, without keeping anything: to keep %s, delete %s", keep, self.folder.path)
        settings = Settings(device, threads, checkpoint_seconds, keep)
        metrics = {metric.name: metric for metric in self.recipe.figures_of_merit()}
        shown = following(self.recipe.name, self.seed, metrics) if listen is None else nullcontext((listen, progress))
        with shown as (listener, announce):
            return train(self.folder, self.recipe, self.seed, settings, listener, announce)

    def _begin(self, keeps: bool) -> None:
        """Take over what there is: the same run, unless it lacks what is to be kept, or a shorter one."""
        duplicate = store.finished(self.folder.path.parents[2]).get((self.recipe.identity, self.seed))
        if duplicate is not None and (duplicate.kept.exists() or not keeps):
            copy_run(duplicate, self.folder)
        elif self._shorter is not None:
            more.begin(self.folder, self.recipe, self._shorter)

    def more(self, epochs: int) -> Run:
        """A run of the same recipe with so many epochs more, to be trained; this one stays as it is.

        It becomes, bit for bit, the run that had all its epochs from the start. Where this one kept its state
        (``train(keep="last")``) and its schedule does not depend on the number of epochs, it goes on from there; else
        it is trained from its beginning, and says so.

        Raises:
            RunError: if this run has not finished, or more epochs would change nothing.
        """
        runs = self.folder.path.parents[2]
        run = Run(more.longer(self.folder, self.recipe, epochs), seed=self.seed, runs=runs)
        run._shorter = self.folder
        return run

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

    def evaluate(self, split: SplitName = "val") -> dict[str, float | None]:
        """Figures of the final weights over a split, in float32 on the CPU; ``test`` opens the held-out test."""
        from paribus.inference.evaluation import evaluate
        from paribus.inference.trained import load

        return evaluate(load(self.folder), split)

    def predict(self, inputs: Any) -> Any:
        """Predictions for files, folders or arrays: see :func:`paribus.predict`."""
        from paribus.inference.predict import predict

        return predict(self, inputs)

    def summary(self) -> Summary:
        """What it is and how it went in a few lines, and the layers of its network."""
        from paribus.reports.summary import Summary, of_run

        return Summary(of_run(self.folder))

    def plot(self, path: str | Path | None = None) -> Chart:
        """Its learning curves; written to a file whose suffix says how: .png, .svg, .pdf, .html."""
        from paribus.plots import run_curves

        chart = run_curves(self.folder)
        if path is not None:
            chart.save(path)
        return chart

    def report(self) -> Path:
        """Write ``report.html`` and ``report.md`` into its folder; returns the former."""
        from paribus.reports.files import write_run

        return write_run(self.folder)

    def __repr__(self) -> str:
        return f"Run({self.recipe.name!r}, seed={self.seed}, {self.status.state}, {str(self.folder.path)!r})"
