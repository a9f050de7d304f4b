"""What probabilities tell beside the likeliest class: how well they rank, and how far they can be believed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

BINS = 15  # of equal width, of the largest probability (Guo et al. 2017)
KEPT = 1 << 26  # probabilities that are kept for the ranks: 256 MB; of larger splits there is no AUROC


class Scores:
    """Ranks and calibration of the probabilities of a split.

    Args:
        classes: how many there are.
        shares: from what the model gave (B, K) to probabilities.
    """

    def __init__(self, classes: int, shares: Callable[[Tensor], Tensor]) -> None:
        self.classes, self.shares = classes, shares
        self.brier, self.count = 0.0, 0
        self.bins = torch.zeros(4, BINS, dtype=torch.float64)  # examples, confidences, hits, variances
        self._kept: list[tuple[Tensor, Tensor]] = []

    def add(self, outputs: Tensor, targets: Tensor) -> None:
        """Count what the model gave (B, K) for examples of these classes (B,)."""
        shares, targets = self.shares(outputs.detach()).cpu(), targets.cpu()  # in float64, which not all devices have
        self.brier += float(brier(shares, targets).sum())
        self.count += len(targets)
        self.bins += reliability(shares, targets)
        if self.count * self.classes <= KEPT:
            self._kept.append((shares, targets))
        else:
            self._kept = []

    def figures(self) -> dict[str, float]:
        """Brier score, ECE with what it would be of true probabilities, and AUROC where it is known."""
        found = {
            "ece": ece(self.bins),
            "ece/if_calibrated": ece_if_calibrated(self.bins),
            "brier": self.brier / self.count,
        }
        if self._kept:
            shares, targets = (torch.cat(some) for some in zip(*self._kept, strict=True))
            value = float(auroc(shares, targets).nanmean())
            found |= {"auroc": value} if value == value else {}
        return found

    def state(self) -> dict[str, Any]:
        """The sums, and what is kept."""
        kept = [torch.cat(some) for some in zip(*self._kept, strict=True)]
        return {"brier": self.brier, "count": self.count, "bins": self.bins, "kept": kept}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from saved sums."""
        self.brier, self.count, self.bins = state["brier"], state["count"], state["bins"].clone()
        self._kept = [tuple(state["kept"])] if state["kept"] else []


def brier(shares: Tensor, targets: Tensor) -> Tensor:
    """Brier score of each example (B,): Σₖ (pₖ − tₖ)², from 0 to 2 (Brier 1950)."""
    return (shares.double() ** 2).sum(1) + 1 - 2 * shares.gather(1, targets[:, None])[:, 0].double()


def reliability(shares: Tensor, targets: Tensor) -> Tensor:
    """By bins of the largest probability p: examples, the sums of p, of hits and of p(1 − p); (4, bins) float64."""
    confidence, said = shares.double().max(1)
    places = (confidence * BINS).ceil().long().clamp(1, BINS) - 1  # bins are open below: (0, 1/15], …
    hits, variance = (said == targets).double(), confidence * (1 - confidence)
    each = torch.stack([torch.ones_like(confidence), confidence, hits, variance])
    return torch.zeros(4, BINS, dtype=torch.float64).index_add_(1, places, each)


def ece(bins: Tensor) -> float:
    """Expected calibration error: mean |share of hits − mean probability| over bins (Guo et al. 2017, eq. 5).

    Of few examples it is too large, for hits in a bin spread by chance and distances have no sign: compare it with
    `ece_if_calibrated`.
    """
    count, confidence, hits, _ = bins
    return float((hits - confidence).abs().sum() / count.sum())


def ece_if_calibrated(bins: Tensor) -> float:
    """What to expect of a network whose probabilities are true, on as many examples: its bias, 0 of very many.

    Hits of a bin then spread around its confidences with variance v = Σ p(1 − p), nearly as a normal variable, whose
    mean distance from its mean is √(2v/π).
    """
    count, _, _, variance = bins
    return float((2 / math.pi * variance).sqrt().sum() / count.sum())


def auroc(shares: Tensor, targets: Tensor) -> Tensor:
    """Area under the ROC curve of each class against the rest (K,), not a number where there is none or no rest.

    It is the probability that an example of the class has a larger share of it than one of another class, ties
    counted as half (Hanley & McNeil 1982): the mean of how many of all examples lie below one of the class, less those
    of the class itself. NumPy sorts ten times as fast as torch on a processor.

    Args:
        shares: (N, K).
        targets: (N,) class indices.
    """
    columns, classes = np.sort(shares.T.numpy(), axis=1), targets.numpy()
    given = shares.gather(1, targets[:, None])[:, 0].numpy()  # (N,) to the own class
    found = np.full(len(columns), np.nan)
    for label, column in enumerate(columns):
        own = np.sort(given[classes == label])
        n, rest = len(own), len(column) - len(own)
        if n and rest:
            below = column.searchsorted(own).sum() + column.searchsorted(own, "right").sum()
            found[label] = (below - n * n) / (2 * n * rest)
    return torch.from_numpy(found)
