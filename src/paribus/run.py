"""A single run in Python: a training, and all that people ask of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from paribus.records.given import run_folder
from paribus.training import more
from paribus.training import run as training

if TYPE_CHECKING:
    from paribus.inference.predict import Predictions
    from paribus.inference.trained import SplitName
    from paribus.plots import Chart
    from paribus.reports.summary import Summary


class Run(training.Run):
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

    @classmethod
    def open(cls, run: Any, *, runs: str | Path = "runs") -> Self:
        """A run that was begun before, from its folder, a part of its name, or ``last``."""
        opened = cls.__new__(cls)
        opened._found = folder = run_folder(run, runs)
        opened.recipe, opened.seed, opened.inputs, opened.shorter = folder.recipe, folder.seed, folder.inputs, None
        opened._place = folder.path.parents[1]
        return opened

    def more(self, epochs: int) -> Self:
        """A run of the same recipe with so many epochs more, to be trained; this one stays as it is.

        It becomes, bit for bit, the run that had all its epochs from the start. Where this one kept its state
        (``train(keep="last")``) and its schedule does not depend on the number of epochs, it goes on from there; else
        it is trained from its beginning, and says so.

        Raises:
            RunError: if this run has not finished, or more epochs would change nothing.
        """
        runs = self.folder.path.parents[2]
        run = type(self)(more.longer(self.folder, self.recipe, epochs), seed=self.seed, runs=runs)
        run.shorter = self.folder
        return run

    def evaluate(self, split: SplitName = "val") -> dict[str, float | None]:
        """Figures of the final weights over a split, in float32 on the CPU; ``test`` opens the held-out test."""
        from paribus.inference.evaluation import evaluate
        from paribus.inference.trained import load
        from paribus.studies.held_out import test_run

        return {**test_run(self).metrics} if split == "test" else evaluate(load(self.folder), split)

    def predict(self, inputs: Any, *, tta: str | int | None = None) -> Predictions:
        """Predictions for files, folders or arrays: see :func:`paribus.predict`."""
        from paribus.inference.predict import predict

        return predict(self, inputs, tta=tta)

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
