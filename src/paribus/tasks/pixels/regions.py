"""Losses of pixels, as functions of logits (B, K, H, W) and class indices (B, H, W): one loss for every picture.

Pixels to ignore have weight 0. A loss of a picture does not depend on the others in its batch, so that batches of any
size, and their pieces, have the same mean.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor

Loss = Callable[[Tensor, Tensor, Tensor], Tensor]

SMOOTH = 1.0  # pixels added to both areas of Dice, which softens it for the smallest objects


def cross_entropy(logits: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Mean over the pixels of −w·log p, with p the probability of the true class: (B,)."""
    return _mean(F.cross_entropy(logits, targets, reduction="none"), weights)


def focal(logits: Tensor, targets: Tensor, weights: Tensor, gamma: float = 2.0) -> Tensor:
    """Mean over the pixels of −w·(1 − p)^γ·log p (Lin et al., 2017, eq. 5): (B,)."""
    losses = F.cross_entropy(logits, targets, reduction="none")  # −log p
    return _mean((1 - (-losses).exp()) ** gamma * losses, weights)


def dice(logits: Tensor, targets: Tensor, weights: Tensor) -> Tensor:
    """Mean of 1 − (2·Σ p·t + s) / (Σ p + Σ t + s) with s = 1, as Milletari et al. (2016) without squares: (B,).

    The mean is over the classes that occur in the picture: one that does not has nothing to be hit.
    """
    shares = logits.softmax(1) * (weights > 0).unsqueeze(1)
    truth = F.one_hot(targets, logits.shape[1]).movedim(-1, 1) * (weights > 0).unsqueeze(1)
    both, either = (shares * truth).sum((2, 3)), (shares + truth).sum((2, 3))  # (B, K)
    occurs = (truth.sum((2, 3)) > 0).float()
    return ((1 - (2 * both + SMOOTH) / (either + SMOOTH)) * occurs).sum(1) / occurs.sum(1).clamp(min=1)


LOSSES: Mapping[str, tuple[Loss, ...]] = {
    "cross_entropy": (cross_entropy,),
    "dice": (dice,),
    "focal": (focal,),
    "cross_entropy+dice": (cross_entropy, dice),
    "focal+dice": (focal, dice),
}


def balanced(counts: Tensor) -> Tensor:
    """Weights n / (K·n_k) of classes with n_k of n pixels: each class counts the same, and the mean weight is 1."""
    present = counts > 0
    return torch.where(present, counts.sum() / (present.sum() * counts.clamp(min=1)), 1.0)


def median(counts: Tensor) -> Tensor:
    """Weights median(n) / n_k, the median over the classes that occur (Eigen & Fergus, 2015, over all pictures)."""
    present = counts > 0
    return torch.where(present, counts[present].median() / counts.clamp(min=1), 1.0)


WEIGHTS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "none": torch.ones_like,
    "balanced": balanced,
    "median": median,
}


def _mean(losses: Tensor, weights: Tensor) -> Tensor:
    """Weighted losses (B, H, W) over the number of pixels that count: (B,)."""
    return (losses * weights).sum((1, 2)) / (weights > 0).sum((1, 2)).clamp(min=1)
