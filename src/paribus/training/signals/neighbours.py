"""Whether examples that look alike have targets alike: what can be known of them before anything is learned."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import Tensor

from paribus.data.deliver.loader import Loader
from paribus.data.info import DataInfo
from paribus.models.network import Network
from paribus.records.signals import cohen
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

    Of masks it is that κ over pixels, where chance is what a pixel's place tells: how often two pictures agree there.

    With it goes how near the nearest is: the median distance to it over that of two examples. Of noise in many columns
    all examples are about as far from each other, and it is near 1 (Beyer et al., 1999).

    Returns:
        Values of the fields ``agreement`` and ``neighbours`` of :class:`paribus.records.signals.Look`: nothing for
        inputs that are no quantities, and of 32 examples or fewer; no κ of targets of other kinds.
    """
    count = min(len(loader.rows), _affordable(math.prod(info.network_shape)))
    if not network.quantities or count <= LEAST:
        return {}
    batch = loader.take(loader.rows[torch.arange(count) * len(loader.rows) // count])  # from all over
    if not isinstance(batch.inputs, Tensor):
        return {}
    square = distances(network.scaled(batch.inputs).flatten(1).float())
    nearest, rows = square.min(1)
    usual = float(square[:LEAST, LEAST:].median())  # of some pairs: all would take longer
    near = {"distance": rounded(float(nearest.median()) / usual) ** 0.5} if usual > 0 else {}
    masks = isinstance(batch.targets, Tensor) and batch.targets.shape[1:] == batch.inputs.shape[2:] != ()
    told = _by_pixel(batch.targets, rows, info) if masks else _told(batch.targets, rows, info)
    return {**told, "agreement": {**told.get("agreement", {}), **near, "examples": float(count)}}


def _told(targets: Any, nearest: Tensor, info: DataInfo) -> dict[str, Any]:
    """What the targets (N, …) of the nearest, which are these rows (N,), tell of each other."""
    if not isinstance(targets, Tensor):
        return {}
    if targets.is_floating_point():
        targets = targets.reshape(len(targets), -1).float()
        spread = 2 * (targets - targets.mean(0)).square().sum()
        kappa, error = 1 - float((targets - targets[nearest]).square().sum() / spread), len(targets) ** -0.5
        return {"agreement": {"kappa": rounded(kappa), "error": rounded(error)}} if spread > 0 else {}
    if targets.ndim > 1 or not info.classes:
        return {}
    counts = confusions(targets, targets[nearest], len(info.classes)).tolist()
    kappa, error = cohen(counts)
    rows = {str(at): tuple(row) for at, row in enumerate(counts)} if len(counts) <= MOST_CLASSES else {}
    return {"agreement": {"kappa": rounded(kappa), "error": rounded(error)}, "neighbours": rows}


def _by_pixel(masks: Tensor, nearest: Tensor, info: DataInfo) -> dict[str, Any]:
    """What the masks (N, H, W) of the nearest, which are these rows (N,), tell of each other beyond their places."""
    count, kinds = len(masks), len(info.classes)
    if masks.is_floating_point() or not kinds:
        return {}
    alike = (masks == masks[nearest]).float().flatten(1).mean(1)
    shares = torch.stack([(masks == kind).float().mean(0) for kind in range(kinds)])
    chance = float(((count * shares.square().sum(0) - 1) / (count - 1)).mean())  # of two different pictures
    if not chance < 1:
        return {}
    kappa, error = (float(alike.mean()) - chance) / (1 - chance), float(alike.std()) / (1 - chance) / count**0.5
    return {"agreement": {"mask_kappa": rounded(kappa), "mask_error": rounded(error)}}


def distances(inputs: Tensor) -> Tensor:
    """The squares of the Euclidean distances (N, N) of examples (N, F); infinite to themselves.

    They are |a|² − 2ab + |b|², which is one product of matrices.
    """
    square = inputs.square().sum(1)
    found = (square[:, None] + square - 2 * inputs @ inputs.T).clamp_(min=0)
    return found.fill_diagonal_(torch.inf)


def confusions(targets: Tensor, nearest: Tensor, classes: int) -> Tensor:
    """How often an example of each class (row) has a nearest neighbour of each class (column), int64 (K, K)."""
    return (targets * classes + nearest).bincount(minlength=classes**2).view(classes, classes)


def _affordable(features: int) -> int:
    """How many examples of so many features may be compared with each other."""
    return max(LEAST, min(MOST, int((PRODUCTS / max(1, features)) ** 0.5)))
