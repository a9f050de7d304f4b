"""The noise study: how much of the spread between runs comes from which stream of chance.

In one arm per stream only that stream varies, in one more arm all vary (Bouthillier et al. 2021). Intervals
assume normal values, and are wide: ten runs know a variance to within a factor of about 0.5 to 3.3.

The variances of the streams add up to the total if the streams act independently of each other. Where they
interact, an arm also contains the interactions of its stream, at the one setting at which the others were
held. Averaged over such settings the sum then exceeds the total and `remaining` is negative, though at one
setting it can have either sign.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paribus.errors import EvidenceError


@dataclass(frozen=True)
class Interval:
    """A value with the ends of its interval."""

    value: float
    low: float
    high: float

    def times(self, factor: float) -> Interval:
        """The interval of a multiple; the factor is positive."""
        return Interval(factor * self.value, factor * self.low, factor * self.high)


@dataclass(frozen=True)
class Component:
    """One stream's part of the noise.

    Attributes:
        stream: the stream that varied.
        n: runs that gave a finite value.
        variance: sample variance (unit of the metric, squared) with its χ² interval.
        share: variance divided by the total, with its F interval; not cut off at 1. Without a total it is
            divided by the sum over streams, and the ends are NaN.
    """

    stream: str
    n: int
    variance: Interval
    share: Interval


@dataclass(frozen=True)
class NoiseBudget:
    """The result of a noise study.

    Attributes:
        components: one for each stream, in the order given.
        total: variance when all streams vary; None if that arm was not run.
        remaining: total minus the sum of the components, what interactions add or take; None without total.
        confidence: of all intervals.
    """

    components: tuple[Component, ...]
    total: Interval | None
    remaining: Interval | None
    confidence: float


def variance_components(
    values_by_stream: Mapping[str, Sequence[float | None]],
    total: Sequence[float | None] | None = None,
    confidence: float = 0.95,
) -> NoiseBudget:
    """Split the variance between runs into the parts of the streams of chance.

    Missing values (``None`` or NaN) are dropped. With fewer than two left a variance is NaN, its interval [0, ∞].

    Args:
        values_by_stream: for each stream the metric of the runs in which only this stream varied.
        total: the metric of independent runs in which all streams varied.
        confidence: of the intervals.
    """
    if not values_by_stream:
        raise EvidenceError("a noise study has at least one stream", got=dict(values_by_stream))
    if not 0 < confidence < 1:
        raise EvidenceError("confidence lies between 0 and 1", got=confidence, hint="0.95 is usual")
    runs = {stream: _known(values) for stream, values in values_by_stream.items()}
    parts = {stream: _variance(values, confidence) for stream, values in runs.items()}
    if total is None:
        whole, remaining = None, None
        everything = sum(part.value for part in parts.values())
        shares = {s: Interval(_ratio(part.value, everything), math.nan, math.nan) for s, part in parts.items()}
    else:
        all_vary = _known(total)
        whole = _variance(all_vary, confidence)
        remaining = difference_of(whole, list(parts.values()))
        shares = {stream: _share(values, all_vary, confidence) for stream, values in runs.items()}
    components = tuple(Component(s, len(runs[s]), parts[s], shares[s]) for s in runs)
    return NoiseBudget(components, whole, remaining, confidence)


def _known(values: Sequence[float | None]) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)  # None becomes NaN
    return array[np.isfinite(array)]


def _variance(values: NDArray[np.float64], confidence: float) -> Interval:
    if len(values) < 2:
        return Interval(math.nan, 0.0, math.inf)
    return variance_of(float(values.var(ddof=1)), len(values) - 1, confidence)


def variance_of(variance: float, df: int, confidence: float) -> Interval:
    """The interval of a sample variance: df·s²/σ² is χ²."""
    from scipy.special import chdtri

    tail = (1 - confidence) / 2
    smallest, largest = (df * variance / float(chdtri(df, p)) for p in (tail, 1 - tail))
    return Interval(variance, smallest, largest)


def _share(part: NDArray[np.float64], whole: NDArray[np.float64], confidence: float) -> Interval:
    """The ratio of two independent sample variances, divided by that of the true ones, is F."""
    from scipy.special import fdtri

    df, df_whole, upper = len(part) - 1, len(whole) - 1, (1 + confidence) / 2
    if df < 1 or df_whole < 1 or not whole.var() > 0:
        return Interval(math.nan, 0.0, math.inf)
    share = float(part.var(ddof=1) / whole.var(ddof=1))
    below, above = float(fdtri(df, df_whole, upper)), float(fdtri(df_whole, df, upper))
    return Interval(share, share / below, share * above)


def difference_of(whole: Interval, parts: Sequence[Interval]) -> Interval:
    """A whole less its parts: combine the errors of independent variances by squares (MOVER, Zou & Donner 2008)."""
    value = whole.value - sum(part.value for part in parts)
    if math.isnan(value):
        return Interval(math.nan, -math.inf, math.inf)
    below = math.hypot(whole.value - whole.low, *(part.high - part.value for part in parts))
    above = math.hypot(whole.high - whole.value, *(part.value - part.low for part in parts))
    return Interval(value, value - below, value + above)


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole > 0 else math.nan
