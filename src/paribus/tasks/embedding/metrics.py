"""Figures of points (N, D) with classes (N,): retrieval, verification, one-shot classification."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from paribus.tasks.embedding.losses import distances

AT_ONCE = 1024  # points whose distances to all are held together
PAIRED = 2000  # points of which all pairs are looked at; of more, evenly spread ones


class Verification(NamedTuple):
    """How well a threshold on the distance tells pairs of one class from others.

    Args:
        auroc: area under the ROC curve.
        eer: the error rate where as many pairs are wrongly accepted as are wrongly refused.
        curve: (false positive rate, true positive rate) at thresholds, rising.
    """

    auroc: float
    eer: float
    curve: tuple[tuple[float, float], ...]


def recall_at(z: Tensor, labels: Tensor, ks: Sequence[int]) -> dict[int, float]:
    """Share of points with one of their own class among the k nearest others; those alone in a class are left out."""
    asked = (labels.bincount()[labels] > 1).nonzero()[:, 0]
    if not len(asked):
        return {}
    most = min(max(ks), len(z) - 1)
    found = torch.cat([_same(z, labels, rows, most) for rows in asked.split(AT_ONCE)])  # (n, most)
    return {k: float(found[:, :k].any(1).double().mean()) for k in ks}


def _same(z: Tensor, labels: Tensor, rows: Tensor, most: int) -> Tensor:
    d = distances(z[rows], z)
    d[torch.arange(len(rows)), rows] = torch.inf
    return labels[d.topk(most, largest=False).indices] == labels[rows, None]


def verification(z: Tensor, labels: Tensor) -> Verification | None:
    """Area under the ROC curve and equal error rate over all pairs; ``None`` where all or none are of one class."""
    if len(z) > PAIRED:
        chosen = torch.linspace(0, len(z) - 1, PAIRED, dtype=torch.float64).round().long()
        z, labels = z[chosen], labels[chosen]
    above = torch.ones(len(z), len(z), dtype=torch.bool).triu(1)
    near, same = -distances(z, z)[above].double().numpy(), (labels[:, None] == labels)[above].numpy()
    if same.all() or not same.any():
        return None
    order = np.argsort(-near, kind="stable")
    near, hits = near[order], same[order].cumsum()
    last = np.append(near[1:] != near[:-1], True)  # of several pairs at one distance
    true = np.append(0, hits[last] / hits[-1])
    false = np.append(0, (np.arange(1, len(hits) + 1) - hits)[last] / (len(hits) - hits[-1]))
    area = float(np.trapezoid(true, false))
    some = np.unique(np.searchsorted(false, np.linspace(0, 1, 101)).clip(0, len(false) - 1))
    return Verification(
        area, _equal(false, 1 - true), tuple(zip(false[some].tolist(), true[some].tolist(), strict=True))
    )


def _equal(false: np.ndarray, missed: np.ndarray) -> float:
    """Where two error rates cross, one rising and one falling, by straight lines between thresholds."""
    place = int(np.argmax(false >= missed))
    low, high = (missed[at] - false[at] for at in (place - 1, place))
    share = low / (low - high) if low > high else 0.0
    return float(false[place - 1] + share * (false[place] - false[place - 1]))


def one_shot(z: Tensor, labels: Tensor, families: Sequence[int], ways: int) -> list[float]:
    """Accuracies of ``ways``-way one-shot classification by the nearest example, one for each set of classes.

    Classes are told apart from others of their family. A set's j-th task shows the j-th example of every class, and
    asks for the class of each (j + 1)-th: of two examples a class that is one task.

    Args:
        z: (N, D) points.
        labels: (N,) their classes.
        families: of each class, such as its alphabet.
        ways: classes in a set; what is left of a family that cannot be divided is left out.
    """
    return [_tasks(z, labels, torch.tensor(some)) for some in sets(labels, families, ways)]


def sets(labels: Tensor, families: Sequence[int], ways: int) -> Iterator[list[int]]:
    """The sets of classes: of each family with enough of them, in order; of all classes where no family has."""
    counts = labels.bincount(minlength=len(families))
    usable = (counts > 1).nonzero()[:, 0].tolist()
    by_family: dict[int, list[int]] = {}
    for label in usable:
        by_family.setdefault(families[label], []).append(label)
    large = [some for some in by_family.values() if len(some) >= ways] or [usable]
    for some in large:
        for start in range(0, len(some) - ways + 1, ways):
            yield some[start : start + ways]


def _tasks(z: Tensor, labels: Tensor, chosen: Tensor) -> float:
    least = int(labels.bincount()[chosen].min())
    rows = torch.stack([(labels == label).nonzero()[:, 0][:least] for label in chosen.tolist()])  # (ways, n)
    points = z[rows]
    said = torch.cdist(points[:, 1:].transpose(0, 1), points[:, :-1].transpose(0, 1)).argmin(2)  # (n − 1, ways)
    return float((said == torch.arange(len(chosen))).double().mean())
