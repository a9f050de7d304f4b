"""Several seeds on each of several splits: how much of the spread is the split's, and how sure the mean is."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paribus.errors import EvidenceError
from paribus.evidence.estimate import Estimate, Values, mean_interval
from paribus.evidence.variance import Interval, difference_of, variance_of

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Nested:
    """One-way random effects: difference of seed j on split i = mean + split i + seed j on split i.

    Attributes:
        these: the mean about these data: splits and seeds are chance.
        like_these: the mean about data like these: splits overlap, too.
        splits: variance between splits; its estimate and lower end may be below 0.
        seeds: variance between seeds on the same split.
    """

    these: Estimate
    like_these: Estimate
    splits: Interval
    seeds: Interval

    def standard_error(self, splits: int, seeds: int) -> float:
        """What a study of so many splits, with so many seeds on each, would have about data like these.

        More splits cannot bring it below √(overlap·(splits' variance + seeds' variance / seeds)).
        """
        single = max(0.0, self.splits.value) + self.seeds.value / seeds
        return math.sqrt(single * (1 / splits + self.like_these.overlap))


def nested_effects(table: Values, overlap: float, confidence: float = 0.95) -> Nested:
    """Estimate from differences of two arms, several seeds on each split.

    Splits are what is drawn independently (given the data), so the mean of each split is one observation, whatever the
    number of its seeds: the interval has as many degrees of freedom as there are splits, less one. Counting every seed
    as one would be wrong by as much as splits differ. The components are those of the analysis of variance, the one of
    the splits with an interval by the method of Zou & Donner (2008). The overlap multiplies the whole variance of a
    split's mean, though seeds share nothing of what training does: that errs to the safe side, while the component
    alone, which is hardly known, would cover too little.

    Args:
        table: (splits, seeds), each split with seeds of its own; ``None`` or NaN where a run has no value.
        overlap: validation examples per training example; see `Estimate`.
        confidence: of all intervals.

    Raises:
        EvidenceError: with fewer than two splits, or where no split has two seeds.
    """
    values = np.asarray(table, np.float64)  # None becomes NaN
    if values.ndim != 2:
        raise EvidenceError("differences are a table of splits by seeds", got=f"shape {values.shape}")
    known = [row[~np.isnan(row)] for row in values]
    known = [row for row in known if len(row)]
    sizes = np.array([len(row) for row in known])
    if len(known) < 2 or sizes.max() < 2:
        raise EvidenceError(
            "components of variance need two splits, and one split with two seeds", got=f"{sizes.tolist()} seeds"
        )
    means = np.array([row.mean() for row in known])
    within, between = _squares(known, means, confidence)
    size = 1 / (1 / sizes).mean()  # the harmonic mean: the variance of a split's mean is splits + seeds / size
    component = difference_of(between, [within.times(1 / size)])
    return Nested(
        these=mean_interval(means, confidence),
        like_these=mean_interval(means, confidence, overlap=overlap),
        splits=component,
        seeds=within,
    )


def _squares(known: list[Array], means: Array, confidence: float) -> tuple[Interval, Interval]:
    """Variance within splits, and of the splits' means."""
    df = sum(len(row) - 1 for row in known)
    total = sum(float(((row - mean) ** 2).sum()) for row, mean in zip(known, means, strict=True))
    return variance_of(total / df, df, confidence), variance_of(float(means.var(ddof=1)), len(means) - 1, confidence)
