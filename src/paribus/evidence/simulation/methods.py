"""Intervals for a few, perhaps skewed, differences: what was compared before one was chosen."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from paribus.evidence.curve import mean_intervals
from paribus.evidence.simulation.worlds import Array
from paribus.evidence.skewness import TRUST, stretch

Ends = tuple[Array, Array]  # (studies,) each
Method = Callable[[Array], Ends]  # of (studies, n) differences
LEVEL = 0.05
DRAWS = 399


def student(values: Array) -> Ends:
    """Student (1908)."""
    return _ends(values, np.full(len(values), _critical(values)), np.full(len(values), _critical(values)))


def johnson(values: Array) -> Ends:
    """Johnson's modified t (1978): Student's interval, moved by skewness·s/(6n)."""
    low, high = student(values)
    moved = _skewness(values) * values.std(axis=1, ddof=1) / (6 * values.shape[1])
    return low + moved, high + moved


def hall(values: Array) -> Ends:
    """Hall's transformation (1992) at every n, narrower intervals included."""
    n, gamma = values.shape[1], _skewness(values)
    a, b, critical = gamma / (3 * math.sqrt(n)), gamma / (6 * math.sqrt(n)), _critical(values)
    below, above = ((np.cbrt(1 + 3 * a * (end - b)) - 1) / a for end in (critical, -critical))
    return _ends(values, below, -above)


def widened(values: Array) -> Ends:
    """Student's, widened where Hall's asks for more, at every n."""
    gamma, n = _skewness(values) / TRUST, values.shape[1]
    return _ends(values, _critical(values) * stretch(gamma, n), _critical(values) * stretch(-gamma, n))


def chosen(values: Array) -> Ends:
    """What paribus does: Student's; with ten differences or more, as `widened` by three quarters of the skewness."""
    return mean_intervals(values.T)[1:]


def wider(values: Array) -> Ends:
    """Student's, times 1 + |skewness|/√n: a more conservative quantile where the sample looks skewed."""
    margins = _critical(values) * (1 + np.abs(_skewness(values)) / math.sqrt(values.shape[1]))
    return _ends(values, margins, margins)


def sign_flips(values: Array) -> Ends:
    """The test by flipping signs: its interval ends at ordered means of subsets (Hartigan 1969); needs six."""
    n = values.shape[1]
    if 2.0 ** (1 - n) > LEVEL:
        return np.full(len(values), -math.inf), np.full(len(values), math.inf)
    subsets = _subsets(n)
    means = np.sort(values @ (subsets / subsets.sum(axis=1, keepdims=True)).T, axis=1)
    outside = int(LEVEL / 2 * (len(subsets) + 1))
    return means[:, outside - 1], means[:, -outside]


def bootstrap_t(values: Array) -> Ends:
    """Bootstrap-t (Efron 1982): quantiles of t over resampled differences; resamples without spread are left out."""
    rng, (studies, n) = np.random.default_rng(0), values.shape
    low, high = np.empty(studies), np.empty(studies)
    for row, sample in enumerate(values):
        drawn = sample[rng.integers(n, size=(DRAWS, n))]
        sd = drawn.std(axis=1, ddof=1)
        kept = sd > 1e-12
        t = (drawn.mean(axis=1)[kept] - sample.mean()) / sd[kept] * math.sqrt(n)
        low[row], high[row] = np.quantile(t, [1 - LEVEL / 2, LEVEL / 2])
    return _ends(values, low, -high)


METHODS: dict[str, Method] = {
    "Student": student,
    "Johnson": johnson,
    "Hall": hall,
    "Student, Hall": widened,
    "skewed: wider": wider,
    "sign flips": sign_flips,
    "bootstrap-t": bootstrap_t,
    "as chosen": chosen,
}


def compared(noise: Array) -> dict[str, tuple[float, float]]:
    """For every method: how often it covers 0 over (studies, n) of mean 0, and its mean width over Student's."""
    low, high = student(noise)
    usual = float((high - low).mean())
    found = {}
    for name, method in METHODS.items():
        low, high = method(noise)
        found[name] = float(((low <= 0) & (high >= 0)).mean()), float((high - low).mean()) / usual
    return found


def seen_as_skewed(noise: Array, critical: float) -> tuple[float, float, float]:
    """How often |skewness| is above a critical value, and how often Student's interval covers 0 then, and else."""
    low, high = student(noise)
    covers, skewed = (low <= 0) & (high >= 0), np.abs(_skewness(noise)) > critical
    return float(skewed.mean()), float(covers[skewed].mean()), float(covers[~skewed].mean())


def critical_skewness(n: int, rng: np.random.Generator, level: float = LEVEL) -> float:
    """The |skewness| that n normal values exceed with probability `level`, from 50,000 draws."""
    return float(np.quantile(np.abs(_skewness(rng.normal(size=(50_000, n)))), 1 - level))


def _skewness(values: Array) -> Array:
    centred = values - values.mean(axis=1, keepdims=True)
    found: Array = (centred**3).mean(axis=1) / (centred**2).mean(axis=1) ** 1.5
    return found


def _subsets(n: int) -> Array:
    """All subsets of n but the empty one as rows of 0 and 1, or 1,999 random ones where there are more."""
    if n <= 11:
        return (np.arange(1, 2**n)[:, None] >> np.arange(n) & 1).astype(np.float64)
    drawn = np.random.default_rng(0).integers(0, 2, size=(1999, n)).astype(np.float64)
    drawn[drawn.sum(axis=1) == 0, 0] = 1.0
    return drawn


def _critical(values: Array) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(values.shape[1] - 1, 1 - LEVEL / 2))


def _ends(values: Array, below: Array, above: Array) -> Ends:
    """The mean, less and plus so many standard errors."""
    se, mean = values.std(axis=1, ddof=1) / math.sqrt(values.shape[1]), values.mean(axis=1)
    return mean - below * se, mean + above * se
