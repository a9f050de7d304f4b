"""Which training examples agree with their neighbours: others may have a wrong label, and are left out on request."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from paribus.data.dataset import Dataset
from paribus.errors import RecipeError

AT_ONCE = 2**24  # distances that are held in memory at the same time


def agreeing(examples: Any, rows: Tensor, neighbours: int) -> Tensor:
    """The rows whose label is as frequent as any among those of so many nearest others (Wilson 1972).

    Distances are Euclidean: of pictures in their pixels, of columns in deviations of each. Where neighbours tell
    little, sound examples are left out as well, the rare and the hard ones before all.

    Args:
        examples: all of them.
        rows: (n,) those that train.
        neighbours: how many others are asked for each.

    Raises:
        RecipeError: if they have no classes or no inputs of one shape, are too few, or none of a class would be left.
    """
    labels = examples.labels if isinstance(examples, Dataset) and not examples.sequential else None
    if labels is None or not isinstance(examples.inputs, Tensor):
        rule = "training.agreeing compares examples that each have one class and inputs of one shape"
        raise RecipeError(rule, got=type(examples).__name__, hint="leave it out")
    if neighbours >= len(rows):
        rule = f"training.agreeing asks fewer neighbours than there are other training examples, {len(rows) - 1:,}"
        raise RecipeError(rule, got=neighbours, hint="training.agreeing=5")
    own = labels.cpu()[rows]
    kept = _agree(_comparable(examples.inputs[rows].cpu()), own, neighbours, len(examples.classes))
    lost = sorted({*own.tolist()} - {*own[kept].tolist()})
    if lost:
        rule = "training.agreeing leaves examples of every class"
        raise RecipeError(
            rule, got=f"none of {examples.classes[lost[0]]}", hint="ask fewer neighbours, or leave it out"
        )
    return rows[kept]


def _comparable(inputs: Tensor) -> Tensor:
    """(n, F), columns of a table in deviations of each; pixels share a unit as they are."""
    flat = inputs.flatten(1).float()
    if inputs.ndim > 2:
        return flat
    spread = flat.std(0)
    return (flat - flat.mean(0)) / torch.where(spread > 0, spread, 1.0)


def _agree(x: Tensor, labels: Tensor, neighbours: int, classes: int) -> Tensor:
    """Whether each label (n,) is as frequent as any among the nearest of the others."""
    found = []
    for at in torch.arange(len(x)).split(max(1, AT_ONCE // len(x))):
        apart = torch.cdist(x[at], x)  # (b, n)
        apart[torch.arange(len(at)), at] = torch.inf
        near = labels[apart.topk(neighbours, largest=False).indices]  # (b, neighbours)
        votes = torch.zeros(len(at), classes).scatter_add_(1, near, torch.ones(near.shape))
        found.append(votes.gather(1, labels[at, None])[:, 0] == votes.max(1).values)
    return torch.cat(found)
