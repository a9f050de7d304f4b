"""Residuals: what a regression says of single examples beside what they are, and how much of it is explained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import torch
from pydantic import Field

from paribus.evidence.bootstrap import r2_interval
from paribus.evidence.estimate import Estimate
from paribus.inference.trained import SplitName, Trained, batches
from paribus.tasks.regression import Regression


@dataclass(frozen=True)
class Residuals:
    """Predictions of one run on one split of its data, in the unit of the data.

    Args:
        split: of the data.
        r2: each number that is predicted → the share of its variance that is explained; the interval is over examples.
        rmse, mae: the same → root of the mean squared error, mean absolute error.
        mean_mae: the same → mean absolute error of who always says the mean of the training examples.
        truth, said: the same → some of the examples, spread over all of them.
        examples: how many there are.
    """

    split: str
    r2: Mapping[str, Estimate]
    rmse: Mapping[str, float]
    mae: Mapping[str, float]
    mean_mae: Mapping[str, float]
    truth: Mapping[str, tuple[float, ...]]
    said: Mapping[str, tuple[float, ...]]
    examples: int


def residuals(
    trained: Trained,
    *,
    split: SplitName = "val",
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95,
    shown: Annotated[int, Field(ge=1)] = 1000,
) -> Residuals:
    """Compare what a regression says with what is true.

    The interval says how sure R² of this network is in view of the examples it was measured on; what another seed
    would give is a question for a study.

    Args:
        trained: the network.
        split: which examples are asked.
        confidence: of the intervals.
        shown: most examples that are drawn.

    Raises:
        DataError: if the data have no such split.
    """
    task = trained.task
    assert isinstance(task, Regression)
    truth, said = _asked(trained, task, split)
    error, apart = said - truth, max(1, -(-len(truth) // shown))
    columns = {name: (truth[:, place], said[:, place]) for place, name in enumerate(task.names)}
    return Residuals(
        split,
        {name: r2_interval(true.numpy(), ours.numpy(), confidence) for name, (true, ours) in columns.items()},
        dict(zip(task.names, (error**2).mean(0).sqrt().tolist(), strict=True)),
        dict(zip(task.names, error.abs().mean(0).tolist(), strict=True)),
        dict(zip(task.names, (truth - task.mean.double()).abs().mean(0).tolist(), strict=True)),
        {name: tuple(true[::apart].tolist()) for name, (true, _) in columns.items()},
        {name: tuple(ours[::apart].tolist()) for name, (_, ours) in columns.items()},
        len(truth),
    )


@torch.inference_mode()
def _asked(trained: Trained, task: Regression, split: str) -> tuple[torch.Tensor, torch.Tensor]:
    """(n, numbers) float64: what is true, and what the network says."""
    pieces = [(task.truth(batch), task.predict(trained.network, batch.inputs)) for batch in batches(trained, split)]
    true, said = zip(*pieces, strict=True)
    return torch.cat(true).double(), torch.cat(said).double()
