"""Room for skewed differences: Hall's transformation of Student's t, wherever it asks for more than Student's t does.

Where differences are skewed, the mean of a sample and its spread go together, and t is skewed the other way. Hall
(1992, "On the removal of skewness by transformation") adds to t what takes that skewness out to first order,

    g(t) = t + a·t² + a²·t³/3 + b    with a = γ/(3√n), b = γ/(6√n),

which grows everywhere. γ is estimated, and poorly. So the 95 % interval is Student's, widened where g asks for more
and never narrowed; and γ counts for three quarters of what the sample shows, the least with which intervals of ten
exponential differences cover 93 %, since all that is more makes those of normal differences wider. At other levels
each side is wider than Student's by the same factor, so that interval and p-value say the same, and the price does
not depend on the level. With fewer than ten, room for skewness costs more than it brings (table ``few`` of the
simulation): there the interval is Student's, and covers less than it says where differences are strongly skewed.

Where seeds overlap (see `Estimate`), only the part of the standard error that belongs to single seeds is skewed. With
v = 1/(1 + n·overlap) the cumulants of t give a = γ·√(v/n)·(3 − v)/6 and b = γ·√(v/n)·v/6.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

FEWEST, TRUST = 10, 0.75
Array = NDArray[np.float64]


def skewness(values: Array, sd: ArrayLike) -> Array:
    """γ = mean((x − x̄)³) / mean((x − x̄)²)^(3/2) along the first axis of (n, …); 0 where it is not to be used.

    Args:
        values: the differences.
        sd: their standard deviation (``ddof=1``), be it the sample's or a floor above it.
    """
    n, scale = len(values), np.asarray(sd, np.float64)
    if n < FEWEST:
        return np.zeros(values.shape[1:])
    spread = np.where(scale > 0, scale, 1.0) * math.sqrt((n - 1) / n)
    found: Array = np.where(scale > 0, (((values - values.mean(axis=0)) / spread) ** 3).mean(axis=0), 0.0)
    return found


def stretch(gamma: ArrayLike, n: int, overlap: float = 0.0) -> Array:
    """How many times as far as Student's the interval reaches downwards; upwards, the same of −γ."""
    critical = _critical(n)
    v = 1 / (1 + n * overlap)
    unit = TRUST * np.asarray(gamma, np.float64) * math.sqrt(v / n)
    a, b = unit * (3 - v) / 6, unit * v / 6
    flat = np.abs(a) < 1e-6  # so close to a line that the cubic would only lose digits
    bend = np.where(flat, 1.0, a)
    inverse = np.where(flat, critical - b, (np.cbrt(1 + 3 * bend * (critical - b)) - 1) / bend)  # of g
    factor: Array = np.maximum(1.0, inverse / critical)
    return factor


@lru_cache
def _critical(n: int) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(n - 1, 0.975))
