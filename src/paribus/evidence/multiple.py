"""Several comparisons at once."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from paribus.errors import EvidenceError


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Adjust p-values so that calling every one below α significant errs anywhere with probability ≤ α.

    The i-th smallest of m is multiplied by m − i + 1, kept in order and at most 1 (Holm 1979). Valid under
    any dependence. A NaN stays NaN but still counts in m: that comparison was planned, and leaving it out
    would make the others look better because a run failed.
    """
    p = np.asarray(p_values, dtype=np.float64)
    if not bool(np.all(np.isnan(p) | ((p >= 0) & (p <= 1)))):
        raise EvidenceError("p-values lie between 0 and 1, or are NaN", got=list(p_values))
    order = np.argsort(p)  # NaN comes last
    steps = np.minimum(p[order] * np.arange(len(p), 0, -1), 1)
    adjusted = np.empty_like(p)
    adjusted[order] = np.maximum.accumulate(steps) if len(p) else steps
    return tuple(math.nan if math.isnan(value) else float(value) for value in adjusted)
