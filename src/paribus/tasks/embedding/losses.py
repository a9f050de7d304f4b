"""Losses on points (N, D) with classes (N,): pure functions, whose pairs and triplets are found as whole tensors."""

from __future__ import annotations

from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

Mining = Literal["all", "hard", "semi-hard"]
TINY = 1e-12  # below this a squared distance has no root with a finite slope


def distances(a: Tensor, b: Tensor) -> Tensor:
    """Euclidean distances (N, M) between points (N, D) and (M, D), with a finite gradient at 0."""
    return squares(a, b).clamp(min=TINY).sqrt()


def squares(a: Tensor, b: Tensor) -> Tensor:
    """Squared Euclidean distances (N, M)."""
    return (a.square().sum(1)[:, None] + b.square().sum(1) - 2 * a @ b.T).clamp(min=0)


def triplet(z: Tensor, labels: Tensor, margin: float, mining: Mining) -> Tensor:
    """Mean of max(0, d(anchor, positive) − d(anchor, negative) + margin) over the triplets that are mined.

    all: those of all triplets whose loss is above 0; hard: of each anchor the farthest positive and the nearest
    negative (Hermans et al., 2017); semi-hard: of each pair the nearest negative that is farther than the positive, by
    less than the margin (Schroff et al., 2015); a pair without one is left out. Without any triplet the loss is 0.
    """
    d = distances(z, z)
    same = labels[:, None] == labels
    other = ~same
    same = same & ~torch.eye(len(z), dtype=torch.bool, device=z.device)
    if mining == "hard":
        return _hardest(d, same, other, margin)
    gaps = d[:, :, None] - d[:, None, :] + margin  # (anchor, positive, negative)
    valid = same[:, :, None] & other[:, None, :] & (gaps > 0)
    if mining == "all":
        return _mean(gaps, valid)
    valid = valid & (gaps < margin)  # farther than the positive
    nearest = gaps.masked_fill(~valid, -torch.inf).max(2).values  # the nearest negative has the largest loss
    return _mean(nearest, valid.any(2))


def _hardest(d: Tensor, same: Tensor, other: Tensor, margin: float) -> Tensor:
    positive = d.masked_fill(~same, -torch.inf).max(1).values
    negative = d.masked_fill(~other, torch.inf).min(1).values
    usable = same.any(1) & other.any(1)
    return _mean((positive - negative + margin).clamp(min=0), usable)


def contrastive(z: Tensor, labels: Tensor, margin: float) -> Tensor:
    """Mean over all pairs of d² where classes are equal, else max(0, margin − d)² (Hadsell et al., 2006)."""
    above = torch.ones(len(z), len(z), dtype=torch.bool, device=z.device).triu(1)
    same = labels[:, None] == labels
    d = distances(z, z)
    return _mean(torch.where(same, squares(z, z), (margin - d).clamp(min=0).square()), above)


def prototypes(z: Tensor, labels: Tensor, shots: int) -> tuple[Tensor, Tensor]:
    """Cross-entropy of queries over −‖query − prototype‖², and the share of them that is right (Snell et al., 2017).

    Of each class the first ``shots`` points make its prototype, their mean; all others are queries. A class without a
    query is a prototype still. Without any query both are 0.
    """
    present, where = labels.unique(return_inverse=True)
    support = occurrence(where) < shots
    sums = z.new_zeros(len(present), z.shape[1]).index_add(0, where[support], z[support])
    means = sums / where[support].bincount(minlength=len(present))[:, None]
    queries, wanted = z[~support], where[~support]
    if not len(queries):
        return z.sum() * 0, z.new_zeros(())
    logits = -squares(queries, means)
    return F.cross_entropy(logits, wanted), (logits.argmax(1) == wanted).float().mean()


def occurrence(labels: Tensor) -> Tensor:
    """How many before it in the order are of the same class: (N,) → (N,)."""
    order = labels.argsort(stable=True)
    sorted_ = labels[order]
    first = torch.searchsorted(sorted_, sorted_)
    found = torch.empty_like(order)
    found[order] = torch.arange(len(labels), device=labels.device) - first
    return found


def arcface(z: Tensor, weights: Tensor, labels: Tensor, margin: float, scale: float) -> Tensor:
    """Cross-entropy of scale · cos θ, where the true class has cos(θ + margin) (Deng et al., 2019, equation 3).

    Beyond θ = π − margin, where that would rise again, the true class has cos θ − margin · sin margin.

    Args:
        z: (N, D) points.
        weights: (K, D) a direction for each class.
        labels: (N,) classes.
        margin: of the angle, in radians.
        scale: of the cosines.
    """
    cosines = F.normalize(z, dim=1) @ F.normalize(weights, dim=1).T
    own = cosines.gather(1, labels[:, None])
    sines = (1 - own.square()).clamp(min=TINY).sqrt()
    limit = torch.tensor(margin)
    turned = own * limit.cos() - sines * limit.sin()
    wanted = torch.where(own > -limit.cos(), turned, own - margin * limit.sin())
    return F.cross_entropy(scale * cosines.scatter(1, labels[:, None], wanted), labels)


def centre(z: Tensor, centres: Tensor, labels: Tensor) -> Tensor:
    """½ ‖z − centre of its class‖², mean over the points (Wen et al., 2016, equation 2)."""
    return (z - centres[labels]).square().sum(1).mean() / 2


def _mean(values: Tensor, chosen: Tensor) -> Tensor:
    """Mean of the chosen values; 0, with a gradient of 0, where there are none."""
    return torch.where(chosen, values, 0).sum() / chosen.sum().clamp(min=1)
