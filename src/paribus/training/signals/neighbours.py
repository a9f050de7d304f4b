"""Whether examples that look alike have targets alike: what can be known of them before anything is learned."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from paribus.data.deliver.loader import Loader
from paribus.data.info import DataInfo
from paribus.models.network import Network
from paribus.training.signals.readings import rounded

MOST, LEAST = 512, 32  # examples that are compared
PRODUCTS = 1e8  # multiplications that this may take: some milliseconds
MOST_CLASSES = 32  # of more no confusions are kept


def agreement(network: Network, loader: Loader, info: DataInfo) -> dict[str, Any]:
    """How far the nearest other training example tells an example's target, in the inputs as the model sees them.

    Of targets that are classes it is Cohen's κ between an example's class and that of its nearest neighbour (Cover &
    Hart, 1967, bound the error of that rule by twice the best one's). Of numbers it is the share of their variance that
    the neighbour's explain, 1 − Σ|y − y′|²/(2 Σ|y − ȳ|²). Both are 1 where neighbours agree always, and 0 where they do
    no more than two examples drawn at random.

    Returns:
        Values of the fields ``agreement`` and ``neighbours`` of :class:`paribus.records.signals.Look`: nothing for
        inputs that are no quantities, targets that are neither one class nor numbers, and fewer than 32 examples.
    """
    count = min(len(loader.rows), _affordable(math.prod(info.network_shape)))
    if not network.quantities or count < LEAST:
        return {}
    batch = loader.take(loader.rows[torch.arange(count) * len(loader.rows) // count])  # from all over
    if not isinstance(batch.inputs, Tensor) or not isinstance(batch.targets, Tensor):
        return {}
    numbers = batch.targets.is_floating_point()
    if not numbers and (batch.targets.ndim > 1 or not info.classes):
        return {}
    targets = batch.targets.reshape(len(batch), -1).float() if numbers else batch.targets
    nearest = targets[nearest_other(network.scaled(batch.inputs).flatten(1).float())]
    if numbers:
        return _of_numbers(targets, nearest)
    counts = confusions(targets, nearest, len(info.classes))
    kappa, error = cohen(counts)
    rows = {str(at): tuple(row) for at, row in enumerate(counts.tolist())} if len(counts) <= MOST_CLASSES else {}
    return {**_told(kappa, error, len(batch)), "neighbours": rows}


def nearest_other(inputs: Tensor) -> Tensor:
    """The row (N,) of the nearest other example of each (N, F), by Euclidean distance; of equally near ones the first.

    Distances are those of |a|² − 2ab + |b|², which is one product of matrices.
    """
    square = inputs.square().sum(1)
    distance = square[:, None] + square - 2 * inputs @ inputs.T
    return distance.fill_diagonal_(torch.inf).argmin(1)


def confusions(targets: Tensor, nearest: Tensor, classes: int) -> Tensor:
    """How often an example of each class (row) has a nearest neighbour of each class (column), int64 (K, K)."""
    return (targets * classes + nearest).bincount(minlength=classes**2).view(classes, classes)


def cohen(counts: Tensor) -> tuple[float, float]:
    """Cohen's κ of a table of agreements (K, K), and its standard error where there is none (Cohen, 1960, eq. 9)."""
    shares = counts.double() / counts.sum()
    chance = float((shares.sum(0) * shares.sum(1)).sum())
    if chance >= 1:
        return 0.0, 1.0
    kappa = (float(shares.trace()) - chance) / (1 - chance)
    return kappa, (chance / ((1 - chance) * float(counts.sum()))) ** 0.5


def _of_numbers(targets: Tensor, nearest: Tensor) -> dict[str, Any]:
    spread = 2 * (targets - targets.mean(0)).square().sum()
    if not spread > 0:
        return {}
    return _told(float(1 - (targets - nearest).square().sum() / spread), len(targets) ** -0.5, len(targets))


def _told(kappa: float, error: float, count: int) -> dict[str, Any]:
    return {"agreement": {"kappa": rounded(kappa), "error": rounded(error), "examples": float(count)}}


def _affordable(features: int) -> int:
    """How many examples of so many features may be compared with each other."""
    return max(LEAST, min(MOST, int((PRODUCTS / max(1, features)) ** 0.5)))
