"""Means of curves with their intervals, all points at once."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from paribus.errors import EvidenceError
from paribus.evidence.estimate import ROUNDING, Values, margin_of_signs
from paribus.evidence.skewness import skewness, stretch
from paribus.evidence.variance import Interval

Array = NDArray[np.float64]


def mean_curve(curves: Values, confidence: float = 0.95, overlap: float = 0.0) -> tuple[Interval | None, ...]:
    """`mean_interval` at every point of some curves; ``None`` where a curve has no value.

    Args:
        curves: (curves, points).
        confidence: of each interval, alone.
        overlap: validation examples per training example; see `Estimate`.
    """
    table = np.asarray(curves, np.float64)  # None becomes NaN
    if table.ndim != 2 or len(table) < 1:
        raise EvidenceError("curves are a table, one row each", got=f"shape {table.shape}")
    ends = zip(*(end.tolist() for end in mean_intervals(table, confidence, overlap=overlap)), strict=True)
    return tuple(None if math.isnan(value) else Interval(value, low, high) for value, low, high in ends)


def mean_intervals(
    table: Array, confidence: float = 0.95, resolution: float = 0.0, overlap: float = 0.0
) -> tuple[Array, Array, Array]:
    """`mean_interval` of every column of (n, k), all at once: values, lower ends, upper ends, each (k,)."""
    from scipy.special import stdtrit

    n, rounding = len(table), ROUNDING * np.abs(table).max(axis=0)
    mean = table.mean(axis=0)
    mean[np.abs(mean) <= rounding] = 0.0
    if n < 2:
        return mean, np.full_like(mean, -math.inf), np.full_like(mean, math.inf)
    sd = table.std(axis=0, ddof=1)
    sd = np.maximum(np.where(sd <= rounding, 0.0, sd), resolution / math.sqrt(12))
    alike = sd == 0  # then the signs alone speak, see `contrast`
    agreed = margin_of_signs(n, 1 - confidence)
    margin = float(stdtrit(n - 1, (1 + confidence) / 2)) * sd * math.sqrt(1 / n + overlap)
    gamma = skewness(table, sd)
    below, above = (np.where(alike, agreed, margin * stretch(side, n, overlap)) for side in (gamma, -gamma))
    return mean, mean - below, mean + above
