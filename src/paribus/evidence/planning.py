"""How many seeds, planned from a spread that few seeds have shown: what is not known of it counts.

A standard deviation from three seeds is poor: with 80 % probability the true one lies between 0.7 and 3.1 times it. Who
plans as if it were true gets power .6 to .7 where .8 was asked for. Here power is averaged over all that the true
spread may be, given what was seen: σ² = df·s²/χ² (Julious & Owen 2006, "Sample size calculations for clinical studies
allowing for uncertainty about the variance"). Over pilots and studies together the power is then what was asked for.

The promise is for a study of other seeds than those that showed the spread. Seeds that set the size of the study in
which they count make it small where they happen to agree, and false alarms more likely: 9 % instead of 5 % for three.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from paribus.errors import EvidenceError
from paribus.evidence.estimate import standard_error
from paribus.evidence.power import fewest, power_at

NODES = 64  # values of the spread over which powers are averaged
ENDLESS = 10**6  # seeds that stand for any number of them
ENOUGH = 1.1  # times the smallest difference that any number of seeds shows: from here on more seeds hardly help


@dataclass(frozen=True)
class Spread:
    """What is known of the standard deviation of per-seed differences.

    Attributes:
        sd: as seen, in the unit of the metric; above 0.
        df: degrees of freedom behind it, n − 1 of n seeds; need not be whole.
    """

    sd: float
    df: float

    def __post_init__(self) -> None:
        if not (0 < self.sd < math.inf and 0 < self.df < math.inf):
            raise EvidenceError(
                "a plan needs a standard deviation above 0, with its degrees of freedom",
                got=f"{self.sd} with {self.df}",
                hint="seeds that agree exactly show no spread: run more of them, or choose a finer metric",
            )

    def quantile(self, probability: float) -> float:
        """Below this lies the true standard deviation with this probability, given what was seen."""
        return self.sd * float(_ratios(self.df, np.array([probability]))[0])


def combined(spreads: Sequence[Spread]) -> Spread:
    """What the spreads of several similar comparisons say of that of another one.

    Their true spreads differ too. As in limma, logarithms of variances are taken to scatter by chance, by
    ψ′(df/2) each, and by what is left over between comparisons; both count for a new one (empirical Bayes, Smyth 2004,
    "Linear models and empirical Bayes methods", eq. 9–10, here with the error of the mean).
    """
    from scipy.special import digamma, polygamma

    halves = np.array([spread.df / 2 for spread in spreads])
    logs = 2 * np.log([spread.sd for spread in spreads]) - digamma(halves) + np.log(halves)
    chance = float(polygamma(1, halves).mean())
    between = max(0.0, float(logs.var(ddof=1)) - chance) if len(logs) > 1 else 0.0
    half = _inverse_trigamma(between + (between + chance) / len(logs))
    variance = math.exp(float(logs.mean() + digamma(half)) - math.log(half))
    return Spread(math.sqrt(variance), 2 * half)


def assured_power(difference: float, spread: Spread, n: int, alpha: float = 0.05, overlap: float = 0.0) -> float:
    """Probability that n new seeds make a true `difference` significant, averaged over what its spread may be."""
    if n < 2:
        return 0.0
    ratios, weights = _nodes(spread.df)
    shifts = abs(difference) / standard_error(spread.sd, n, overlap) / ratios
    return float(weights @ power_at(shifts, n, alpha))


def assured_seeds(
    difference: float, spread: Spread, alpha: float = 0.05, power: float = 0.8, most: int = 1000, overlap: float = 0.0
) -> int | None:
    """Fewest new seeds that show a true `difference` with probability `power`; None if they are more than `most`."""
    _check(alpha, power)
    return fewest(lambda n: assured_power(difference, spread, n, alpha, overlap), power, most)


def assured_difference(spread: Spread, n: int, alpha: float = 0.05, power: float = 0.8, overlap: float = 0.0) -> float:
    """Smallest true difference that n new seeds show with probability `power`; infinite below two seeds."""
    _check(alpha, power)
    return standard_error(spread.sd, n, overlap) * _assured_shift(n, spread.df, alpha, power) if n >= 2 else math.inf


def smallest_difference(spread: Spread, alpha: float = 0.05, power: float = 0.8, overlap: float = 0.0) -> float:
    """What no number of seeds gets below: only more data do. 0 without overlap."""
    return assured_difference(spread, ENDLESS, alpha, power, overlap) if overlap else 0.0


def enough_seeds(
    spread: Spread, alpha: float = 0.05, power: float = 0.8, most: int = 1000, overlap: float = 0.0
) -> int | None:
    """Seeds after which more of them hardly help: they show `ENOUGH` times what any number would show."""
    reached = ENOUGH * smallest_difference(spread, alpha, power, overlap)
    return assured_seeds(reached, spread, alpha, power, most, overlap) if reached else None


def _check(alpha: float, power: float) -> None:
    if not 0 < alpha < power < 1:
        raise EvidenceError("0 < alpha < power < 1", got=f"alpha {alpha}, power {power}", hint="try 0.05, 0.8")


@lru_cache(maxsize=1024)
def _assured_shift(n: int, df: float, alpha: float, power: float) -> float:
    """`assured_difference` in standard errors, by bisection."""
    ratios, weights = _nodes(df)

    def reached(shift: float) -> bool:
        return float(weights @ power_at(shift / ratios, n, alpha)) >= power

    low, high = 0.0, 1.0
    while not reached(high):
        low, high = high, 2 * high
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (low, middle) if reached(middle) else (middle, high)
    return high


@lru_cache(maxsize=256)
def _nodes(df: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Values of σ/s and their weights: Gauss–Legendre nodes in the probability of σ."""
    nodes, weights = np.polynomial.legendre.leggauss(NODES)
    return _ratios(df, (nodes + 1) / 2), weights / 2


def _ratios(df: float, probabilities: NDArray[np.float64]) -> NDArray[np.float64]:
    """Quantiles of σ/s: df·s²/σ² is χ²."""
    from scipy.special import gammainccinv

    ratios: NDArray[np.float64] = np.sqrt(df / (2 * gammainccinv(df / 2, probabilities)))
    return ratios


def _inverse_trigamma(value: float) -> float:
    """x with ψ′(x) = value, by Newton's method on 1/ψ′ (Smyth 2004, appendix)."""
    from scipy.special import polygamma

    x = 0.5 + 1 / value
    for _ in range(50):
        now = float(polygamma(1, x))
        step = now * (1 - now / value) / float(polygamma(2, x))
        x += step
        if -step < 1e-10 * x:
            break
    return x
