"""Means of curves with their intervals, all points at once."""

from __future__ import annotations

import math

import numpy as np

from paribus.errors import EvidenceError
from paribus.evidence.estimate import ROUNDING, Values, standard_error
from paribus.evidence.variance import Interval


def mean_curve(curves: Values, confidence: float = 0.95, overlap: float = 0.0) -> tuple[Interval | None, ...]:
    """`mean_interval` at every point of some curves; ``None`` where a curve has no value.

    Args:
        curves: (curves, points).
        confidence: of each interval, alone.
        overlap: validation examples per training example; see `Estimate`.
    """
    from scipy.special import stdtrit

    table = np.asarray(curves, np.float64)  # None becomes NaN
    if table.ndim != 2 or len(table) < 1:
        raise EvidenceError("curves are a table, one row each", got=f"shape {table.shape}")
    n, rounding = len(table), ROUNDING * np.abs(table).max(axis=0)
    mean = table.mean(axis=0)
    mean[np.abs(mean) <= rounding] = 0.0
    if n < 2:
        margin = np.full_like(mean, math.inf)
    else:
        sd = table.std(axis=0, ddof=1)
        alike = sd <= rounding  # then the signs alone speak, see `contrast`
        margin = stdtrit(n - 1, (1 + confidence) / 2) * standard_error(sd, n, overlap)
        margin[alike] = 0.0 if 2 * 2.0**-n <= 1 - confidence else math.inf
    ends = zip(mean.tolist(), (mean - margin).tolist(), (mean + margin).tolist(), strict=True)
    return tuple(None if math.isnan(value) else Interval(value, low, high) for value, low, high in ends)
