"""How much the examples of each class weigh in a loss, from how many there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

ClassWeights = Literal["none", "balanced", "effective"]


def class_weights(scheme: ClassWeights, counts: Sequence[int], beta: float) -> list[float]:
    """Weight of each class, so that the mean over the training examples is 1.

    Balanced is 1/n of a class with n examples; effective (1 − β)/(1 − βⁿ), since the n-th example of a class says less
    than the first (Cui et al. 2019, eq. 2).

    Args:
        scheme: which of these.
        counts: n of each class, at least 1.
        beta: β, from 0, where all classes weigh the same, to below 1.
    """
    raw = [_weight(scheme, count, beta) for count in counts]
    mean = sum(weight * count for weight, count in zip(raw, counts, strict=True)) / sum(counts)
    return [weight / mean for weight in raw]


def _weight(scheme: ClassWeights, count: int, beta: float) -> float:
    if scheme == "balanced":
        return 1 / count
    return (1 - beta) / (1 - beta**count) if scheme == "effective" else 1.0
