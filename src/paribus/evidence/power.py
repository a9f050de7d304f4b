"""What n seeds can show, and how many seeds it takes: power of the paired t-test and of the equivalence test.

Differences and ``sd``, the standard deviation of the per-seed differences, are in the unit of the metric.

Given the sample spread s, both tests reject when the mean lies in a known interval, so their power is a
normal probability averaged over the distribution of s (df·s²/σ² is χ²). For the t-test that average is a
tail of the noncentral t distribution; for equivalence it is a difference of Owen's Q functions (Phillips
1990). Where the spread is exactly zero, the test is the sign test, as in `contrast`.

With an ``overlap`` the standard error is sd·√(1/n + overlap), see `Estimate`: it does not fall below sd·√overlap
however many seeds there are, and there are differences that only more data can show.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from paribus.errors import EvidenceError
from paribus.evidence.estimate import standard_error


def power_of(difference: float, sd: float, n: int, alpha: float = 0.05, overlap: float = 0.0) -> float:
    """Probability that n paired seeds make a true `difference` significant at two-sided level `alpha`."""
    _check(sd, alpha)
    if n < 2:
        return 0.0
    if sd == 0:
        return float(difference != 0 and 2 * 2.0**-n < alpha)
    return float(power_at(np.array([abs(difference) / standard_error(sd, n, overlap)]), n, alpha)[0])


def power_at(shifts: NDArray[np.float64], n: int, alpha: float = 0.05) -> NDArray[np.float64]:
    """:func:`power_of` for many true differences, (k,), each in standard errors of the mean over n seeds."""
    from scipy.special import ndtr

    spread, weight = _spreads(n - 1)
    edge = _critical(n - 1, alpha / 2) * spread
    power: NDArray[np.float64] = (ndtr(shifts[:, None] - edge) + ndtr(-shifts[:, None] - edge)) @ weight
    return power


def equivalence_power_of(
    difference: float, sd: float, n: int, delta: float, alpha: float = 0.05, overlap: float = 0.0
) -> float:
    """Probability that n paired seeds show "no difference beyond `delta`" (TOST) for a true `difference`."""
    _check(sd, alpha)
    if n < 2:
        return 0.0
    if sd == 0:
        return float(abs(difference) < delta and 2.0**-n < alpha)
    from scipy.special import ndtr

    spread, weight = _spreads(n - 1)
    scale, edge = 1 / standard_error(sd, n, overlap), _critical(n - 1, alpha) * spread
    inside = ndtr((delta - difference) * scale - edge) - ndtr(edge - (delta + difference) * scale)
    return float(weight @ np.maximum(inside, 0.0))


def detectable_difference(sd: float, n: int, alpha: float = 0.05, power: float = 0.8, overlap: float = 0.0) -> float:
    """Smallest true difference that n paired seeds make significant with probability `power`.

    Infinite when nothing is detectable: fewer than two seeds, or an unknown (NaN) spread.
    """
    if n < 2 or math.isnan(sd):
        return math.inf
    _check(sd, alpha, power)
    if sd == 0:
        return 0.0 if 2 * 2.0**-n < alpha else math.inf
    return standard_error(sd, n, overlap) * _detectable_shift(n, alpha, power)


def seeds_for(
    difference: float, sd: float, alpha: float = 0.05, power: float = 0.8, most: int = 1000, overlap: float = 0.0
) -> int | None:
    """Fewest paired seeds that make a true `difference` significant with probability `power`.

    Returns:
        The number of seeds, or None if it is above `most`.
    """
    _check(sd, alpha, power)
    return fewest(lambda n: power_of(difference, sd, n, alpha, overlap), power, most)


def seeds_for_equivalence(
    difference: float,
    sd: float,
    delta: float,
    alpha: float = 0.05,
    power: float = 0.8,
    most: int = 1000,
    overlap: float = 0.0,
) -> int | None:
    """Fewest paired seeds that show "no difference beyond `delta`" with probability `power`, or None."""
    _check(sd, alpha, power)
    return fewest(lambda n: equivalence_power_of(difference, sd, n, delta, alpha, overlap), power, most)


def fewest(power_with: Callable[[int], float], power: float, most: int) -> int | None:
    """The fewest seeds, from 2 to `most`, with which a power that grows with them is reached."""
    sizes = range(2, most + 1)
    position = bisect_left(sizes, power, key=power_with)
    return sizes[position] if position < len(sizes) else None


@lru_cache(maxsize=1024)
def _detectable_shift(n: int, alpha: float, power: float) -> float:
    """Noncentrality (difference·√n / sd) at which the t-test reaches `power`, by bisection."""
    low, high = 0.0, 1.0
    while power_of(high, math.sqrt(n), n, alpha) < power:
        low, high = high, 2 * high
    for _ in range(50):
        middle = (low + high) / 2
        low, high = (middle, high) if power_of(middle, math.sqrt(n), n, alpha) < power else (low, middle)
    return high


@lru_cache(maxsize=1024)
def _spreads(df: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Values of s/σ and their weights: Gauss–Legendre nodes in the probability of s.

    Powers are good to 5e-6 at the usual levels; for two seeds at levels below 0.01, to 0.005.
    """
    from scipy.special import gammaincinv

    nodes, weights = _quadrature(200)
    return np.sqrt(gammaincinv(df / 2, (nodes + 1) / 2) * 2 / df), weights / 2


_quadrature = lru_cache(np.polynomial.legendre.leggauss)


def _critical(df: int, tail: float) -> float:
    from scipy.special import stdtrit

    return -float(stdtrit(df, tail))


def _check(sd: float, alpha: float, power: float = 0.8) -> None:
    if not 0 <= sd < math.inf:
        raise EvidenceError("a standard deviation is finite and not negative", got=sd, hint="run more seeds")
    if not 0 < alpha < power < 1:
        raise EvidenceError("0 < alpha < power < 1", got=f"alpha {alpha}, power {power}", hint="try 0.05, 0.8")
