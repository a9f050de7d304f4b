"""Intervals by drawing again: means over examples, ratios of means over values in time, shares of a variance."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paribus.errors import EvidenceError
from paribus.evidence.estimate import Estimate

DRAWS = 2000
AT_ONCE = 1 << 22  # values drawn at a time, so that many examples fit into memory
Array = NDArray[np.float64]


def skill_interval(
    errors: ArrayLike, baseline: ArrayLike, confidence: float = 0.95, seed: int = 0, draws: int = DRAWS
) -> Estimate:
    """1 − mean(errors) / mean(baseline) with a circular block bootstrap interval (Politis & Romano, 1992).

    Errors of neighbouring windows resemble each other, so whole blocks of them are drawn, as long as
    :func:`block_length` finds it right for what skill depends on, errors − (1 − skill)·baseline. The interval is the
    percentile one; ``p`` is the share of draws on the other side of 0, twice, and at least 1/draws.

    Args:
        errors: (n,) of the forecasts, in order.
        baseline: (n,) of the baseline, of the same windows.
        confidence: of the interval.
        seed: of the draws.
        draws: how many.

    Raises:
        EvidenceError: for arrays that do not fit, fewer than 4 values, or a baseline without errors.
    """
    e, b = _array(errors), _array(baseline)
    if e.shape != b.shape or len(e) < 4:
        rule = "skill needs the errors of both forecasts for the same windows, at least 4"
        raise EvidenceError(rule, got=f"{e.shape} and {b.shape}")
    if not b.mean() > 0:
        raise EvidenceError(
            "skill needs a baseline that errs", got=float(b.mean()), hint="a constant series has no skill"
        )
    ratio = e.mean() / b.mean()
    sums = _block_bootstrap(np.column_stack([e, b]), block_length(e - ratio * b), draws, seed)
    return _percentile(float(1 - ratio), 1 - sums[:, 0] / sums[:, 1], len(e), confidence)


def r2_interval(
    truth: ArrayLike, said: ArrayLike, confidence: float = 0.95, seed: int = 0, draws: int = DRAWS
) -> Estimate:
    """R² = 1 − Σ(y − f)² / Σ(y − ȳ)² with a percentile interval over examples, which are drawn anew (Efron, 1979).

    Args:
        truth: (n,) y, of examples that do not depend on each other.
        said: (n,) f.
        confidence: of the interval.
        seed: of the draws.
        draws: how many.

    Raises:
        EvidenceError: for arrays that do not fit, fewer than 4 values, or a truth that is always the same.
    """
    y, f = _array(truth), _array(said)
    if y.shape != f.shape or len(y) < 4:
        raise EvidenceError("R² needs a prediction for each of at least 4 examples", got=f"{y.shape} and {f.shape}")
    if not np.ptp(y) > 0:
        raise EvidenceError("R² needs a truth that varies", got=float(y[0]))
    level = y - y.mean()  # so that no digits are lost
    table = np.column_stack([(y - f) ** 2, level, level**2])
    rng = np.random.default_rng(seed)
    sums = np.stack([table[rng.integers(len(y), size=len(y))].sum(0) for _ in range(draws)])
    errors, shifts, squares = sums.T
    spread = np.maximum(squares - shifts**2 / len(y), 1e-300)  # of a draw of one example only: as bad as can be
    return _percentile(float(1 - table[:, 0].sum() / table[:, 2].sum()), 1 - errors / spread, len(y), confidence)


def _percentile(value: float, drawn: Array, n: int, confidence: float) -> Estimate:
    """A figure of n values with the interval between two percentiles of what was drawn."""
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    beyond = float((drawn <= 0).mean() if value > 0 else (drawn >= 0).mean())
    p = min(1.0, max(2 * beyond, 1 / len(drawn)))
    return Estimate(value, float(low), float(high), n, float(drawn.std(ddof=1)) * math.sqrt(n), n - 1, p, confidence)


def mean_interval(values: ArrayLike, confidence: float = 0.95, seed: int = 0, draws: int = DRAWS) -> Estimate:
    """The mean of differences over independent examples, with a percentile bootstrap interval (Efron, 1979).

    It says how sure the mean is in view of the examples; ``p`` is the share of draws on the other side of 0, those at 0
    by half, twice, and at least 1/draws.

    Args:
        values: (n,) one for each example: what one way of predicting gains over another.
        confidence: of the interval.
        seed: of the draws.
        draws: how many.

    Raises:
        EvidenceError: for fewer than 4 values.
    """
    x = _array(values)
    if len(x) < 4:
        raise EvidenceError("an interval over examples needs at least 4 of them", got=len(x))
    draw, n = np.random.default_rng(seed), len(x)
    sizes = np.diff(np.append(np.arange(0, draws, max(1, AT_ONCE // n)), draws))
    drawn = np.concatenate([x[draw.integers(n, size=(size, n))].mean(1) for size in sizes])
    low, high = np.quantile(drawn, [(1 - confidence) / 2, (1 + confidence) / 2])
    value, sd = float(x.mean()), float(x.std(ddof=1))
    side = np.sign(value)
    beyond = float((np.sign(drawn) == -side).mean() + (drawn == 0).mean() / 2)
    p = 1.0 if side == 0 else min(1.0, max(2 * beyond, 1 / draws))
    return Estimate(value, float(low), float(high), n, sd, n - 1, p, confidence)


def block_length(values: ArrayLike) -> int:
    """How long blocks should be for the mean of a series (Politis & White, 2004, with the correction of 2009).

    b = (2·g² / d)^(1/3)·n^(1/3) with g = Σ λ(k/m)·|k|·R(k) and d = 4/3·(Σ λ(k/m)·R(k))² for the circular bootstrap;
    R is the autocovariance, λ the flat-top window that is 1 up to ½ and falls to 0 at 1, m twice the lag behind which
    the autocorrelation stays insignificant. At most n/3, at least 1.
    """
    x = _array(values)
    x, n = x - x.mean(), len(x)
    most = max(1, min(n - 1, math.ceil(math.sqrt(n)) + max(5, math.ceil(math.log10(n)))))
    covariance = np.array([x[: n - k] @ x[k:] / n for k in range(most + 1)])
    if covariance[0] == 0:
        return 1
    m = min(2 * _last_lag(covariance / covariance[0], n), most)
    k = np.arange(-m, m + 1)
    weights = np.clip(2 * (1 - np.abs(k) / m), 0, 1) * covariance[np.abs(k)]
    g, spectrum = float((weights * np.abs(k)).sum()), float(weights.sum())
    if spectrum <= 0:
        return 1
    length = (2 * g**2 / (4 / 3 * spectrum**2)) ** (1 / 3) * n ** (1 / 3)
    return int(min(max(1, round(length)), max(1, n // 3)))


def _last_lag(correlation: Array, n: int) -> int:
    """The lag behind which so many in a row are insignificant that all the rest counts as 0; at least 1."""
    run = max(5, math.ceil(math.sqrt(math.log10(n))))
    small = np.abs(correlation[1:]) < 2 * math.sqrt(math.log10(n) / n)
    for lag in range(len(small)):
        if small[lag : lag + run].all():
            return max(1, lag)
    return len(small)


def _block_bootstrap(table: Array, length: int, draws: int, seed: int) -> Array:
    """(draws, columns) sums over n rows drawn in circular blocks: from cumulative sums, so that blocks cost nothing."""
    n = len(table)
    blocks, rest = divmod(n, length)
    sums = np.concatenate([np.zeros((1, table.shape[1])), np.concatenate([table, table[:length]]).cumsum(0)])
    starts = np.random.default_rng(seed).integers(n, size=(draws, blocks + 1))
    whole = (sums[starts[:, :-1] + length] - sums[starts[:, :-1]]).sum(1)
    drawn: Array = whole + sums[starts[:, -1] + rest] - sums[starts[:, -1]]
    return drawn


def _array(values: ArrayLike) -> Array:
    array = np.asarray(values, np.float64)
    if array.ndim != 1 or not np.isfinite(array).all():
        raise EvidenceError("expected finite numbers in a row", got=f"shape {array.shape}")
    return array
