"""Figures of a trained network over a split of its data."""

from __future__ import annotations

from typing import Literal

from paribus.inference.trained import Trained, loader_of, prepared_with
from paribus.tasks.evaluation import evaluate as figures_over


def evaluate(trained: Trained, split: Literal["train", "val"] = "val") -> dict[str, float | None]:
    """Figures by name, ``val/accuracy``, in float32 on the CPU; for those of the test: :func:`paribus.open_test`.

    Raises:
        DataError: if the data are others than those it was trained on.
        RecipeError: if there is no such split at all.
    """
    prepared = prepared_with(trained, split)
    trained.task.prepare(prepared)
    return {**figures_over(trained.task, trained.network, loader_of(prepared, split), split)}
