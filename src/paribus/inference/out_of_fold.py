"""Figures over all examples of a cross-validation, each from the network that did not train on it."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from paribus.chance import seeded
from paribus.inference.trained import load, loader_of, prepared_with
from paribus.records.run import RunFolder
from paribus.tasks.evaluation import CHANCE
from paribus.tasks.task import Meter


def whole_round(folder: RunFolder) -> list[RunFolder]:
    """The runs of the round of folds that a run belongs to, in which each example validates once; none if one lacks."""
    runs = _round(folder)
    return runs if all(run.exists and run.result is not None for run in runs) else []


def unfinished(folder: RunFolder) -> str:
    """Why there is no whole round, and how there would be one."""
    if runs := _round(folder):
        done = sum(run.exists and run.result is not None for run in runs)
        return f"{done} of the {len(runs)} folds have finished: with all of them every label could be judged"
    return "the labels of training examples are not judged, for the network has learned them: see split.folds"


def _round(folder: RunFolder) -> list[RunFolder]:
    """Where the runs of a round lie: beside each other, under their seeds."""
    recipe, seed = folder.recipe, folder.seed
    if not recipe.split.folds or recipe.chance.split is not None:
        return []
    first = seed - seed % recipe.split.folds
    return [RunFolder(folder.path.parent / f"seed-{one}") for one in range(first, first + recipe.split.folds)]


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
