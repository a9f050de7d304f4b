"""Figures over all examples of a cross-validation, each from the network that did not train on it."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from paribus.chance import seeded
from paribus.inference.trained import load, loader_of, prepared_with
from paribus.records.run import RunFolder
from paribus.tasks.evaluation import CHANCE
from paribus.tasks.task import Meter


def pooled(runs: Sequence[RunFolder]) -> tuple[int, dict[str, float]]:
    """How many examples the runs of one round of folds validate on, and the figures over all of them together.

    One meter counts them all, so that means are over examples and not over folds, and a class with a few examples has
    one F1 and not the mean of several.

    Raises:
        DataError: if the data are others than those a run was trained on.
        RunError: if a run has no weights.
    """
    meter: Meter | None = None
    examples = 0
    for run in runs:
        trained = load(run)
        prepared = prepared_with(trained, "val")
        trained.task.prepare(prepared)
        meter = trained.task.meter("val") if meter is None else meter
        examples += len(prepared.rows["val"])
        with torch.inference_mode(), seeded(CHANCE):
            trained.task.begin()
            for batch in loader_of(prepared, "val").in_order():
                for stage in trained.task.stages(trained.network):
                    loss, outputs = trained.task.loss(stage, trained.network, batch)
                    meter.update(stage, loss, outputs, batch)
    assert meter is not None  # no round is empty
    return examples, {f"val/{name}": value for name, value in meter.figures().items()}
