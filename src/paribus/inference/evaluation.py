"""Figures of a trained network over a split of its data."""

from __future__ import annotations

from paribus.inference.held_out import test
from paribus.inference.trained import SplitName, Trained, loader_of, prepared_with
from paribus.tasks.evaluation import evaluate as figures_over


def evaluate(trained: Trained, split: SplitName = "val") -> dict[str, float | None]:
    """Figures by name, ``val/accuracy``, in float32 on the CPU.

    Those of the ``test`` split are the held-out test's: opened once, and written down.

    Raises:
        DataError: if the data have no such split.
        RecipeError: if there is no such split at all.
    """
    if split == "test":
        return {**test(trained.folder).metrics}
    prepared = prepared_with(trained, split)
    trained.task.prepare(prepared)
    return {**figures_over(trained.task, trained.network, loader_of(prepared, split), split)}
