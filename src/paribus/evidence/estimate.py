"""How large is an effect, and how sure is that: estimates from paired seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paribus.errors import EvidenceError

Values = ArrayLike | Sequence[float | None] | Sequence[Sequence[float | None]]
"""Numbers as an array, or lists in which ``None`` stands for a missing one."""

ROUNDING = 1e-12
"""Spreads and means below this fraction of the measured values are rounding, and count as zero."""


@dataclass(frozen=True)
class Estimate:
    """The mean of one quantity over seeds, its interval, and its test against zero.

    All values are in the unit of the metric. With fewer than two complete seeds nothing can be said: the
    interval is the whole line, ``sd`` and ``p`` are NaN, ``df`` is 0 (and ``value`` is NaN without any seed).

    Attributes:
        value: mean over the complete seeds.
        low: lower end of the interval.
        high: upper end of the interval.
        n: number of complete seeds.
        sd: sample standard deviation over seeds (``ddof=1``), raised to the floor that `contrast` explains.
        df: degrees of freedom, n − 1.
        p: two-sided p-value against a true mean of 0, not adjusted for other comparisons.
        confidence: how often such intervals cover the true mean.
        dropped: seeds left out because a value is missing.
        diverged: those of the dropped in which a run diverged.
        per_seed: what each seed says, in the order given; ``None`` for those that were dropped.
    """

    value: float
    low: float
    high: float
    n: int
    sd: float
    df: float
    p: float
    confidence: float = 0.95
    dropped: int = 0
    diverged: int = 0
    per_seed: tuple[float | None, ...] = ()


def mean_interval(
    values: Values,
    confidence: float = 0.95,
    resolution: float = 0.0,
    diverged: ArrayLike | None = None,
) -> Estimate:
    """Mean of one value per seed, with its t interval (Student 1908). For the arguments see `contrast`."""
    lost = None if diverged is None else np.asarray(diverged, bool)[:, None]
    return contrast(_array(values, 1)[:, None], [1.0], confidence, resolution, lost)


def paired_difference(
    treatment: Values, reference: Values, confidence: float = 0.95, resolution: float = 0.0
) -> Estimate:
    """Treatment minus reference, paired by position: the two values at one position share their seed.

    What the seed does to both arms alike cancels, which is why paired intervals are narrow.
    For the arguments see `contrast`.
    """
    treated, base = _array(treatment, 1), _array(reference, 1)
    if len(treated) != len(base):
        raise EvidenceError(
            "paired arms have one value per seed each, in the same order",
            got=f"{len(treated)} and {len(base)} values",
            hint="mark a missing run with None",
        )
    return contrast(np.column_stack([treated, base]), [1.0, -1.0], confidence, resolution)


def contrast(
    values: Values,
    weights: ArrayLike,
    confidence: float = 0.95,
    resolution: float = 0.0,
    diverged: ArrayLike | None = None,
) -> Estimate:
    """Mean over seeds of a weighted sum of arms, with its t interval.

    A seed without a value in every arm that has a weight is dropped.

    Seeds can agree exactly, because an accuracy on N examples moves in steps of 1/N; the t interval would
    then shrink to a point. Given the step as ``resolution``, the standard deviation is taken to be at least
    step/√12, that of a value spread evenly over one step (of the sum: the step of the metric times the
    smallest weight). Without it, exact agreement says only that all n signs agree, and the sign test takes
    over: p = 2·2⁻ⁿ, and the interval is the whole line until p ≤ 1 − confidence.

    Args:
        values: table of seeds (rows) by arms (columns); ``None`` or NaN where a run has no value.
        weights: one weight per arm.
        confidence: of the interval, in (0, 1]; at 1 the interval is the whole line.
        resolution: smallest step of the metric, 0 if it is continuous.
        diverged: table of the same shape, true where a run diverged; its value counts as missing.

    Raises:
        EvidenceError: for tables and weights that do not fit, and arguments out of range.
    """
    table, weight = _array(values, 2), _array(weights, 1)
    lost = np.zeros(table.shape, bool) if diverged is None else np.asarray(diverged, bool)
    _check(table, weight, lost, confidence, resolution)
    counted = weight != 0
    table, lost, weight = table[:, counted], lost[:, counted], weight[counted]
    complete = ~(np.isnan(table) | lost).any(axis=1)
    differences = table[complete] @ weight
    estimate = _estimate(
        differences,
        confidence,
        floor=resolution * float(np.abs(weight).min()) / math.sqrt(12),
        rounding=ROUNDING * float(np.abs(table[complete]).max(initial=0.0)),
    )
    known = iter(differences.tolist())
    return replace(
        estimate,
        dropped=int((~complete).sum()),
        diverged=int(lost.any(axis=1).sum()),
        per_seed=tuple(next(known) if present else None for present in complete),
    )


def equivalence_p(estimate: Estimate, delta: float) -> float:
    """p-value against a true mean at or beyond ±delta: two one-sided tests (TOST, Schuirmann 1987).

    Small values are evidence for "no difference beyond δ". NaN with fewer than two complete seeds.
    """
    if not 0 < delta < math.inf:
        raise EvidenceError("δ is the smallest difference that matters, above 0", got=delta, hint="leave it out")
    return _one_sided_p(delta - abs(estimate.value), estimate.sd, estimate.n)


def _estimate(per_seed: NDArray[np.float64], confidence: float, floor: float, rounding: float) -> Estimate:
    n = len(per_seed)
    value = float(per_seed.mean()) if n else math.nan
    value = 0.0 if abs(value) <= rounding else value
    if n < 2:
        return Estimate(value, -math.inf, math.inf, n, math.nan, 0, math.nan, confidence)
    sd = float(per_seed.std(ddof=1))
    sd = max(0.0 if sd <= rounding else sd, floor)
    margin = _margin(sd, n, confidence)
    p = min(1.0, 2 * _one_sided_p(abs(value), sd, n))
    return Estimate(value, value - margin, value + margin, n, sd, n - 1, p, confidence)


def _one_sided_p(distance: float, sd: float, n: int) -> float:
    """p-value of a mean that lies `distance` beyond the tested bound (negative: on the wrong side)."""
    from scipy.special import stdtr

    if n < 2:
        return math.nan
    if sd == 0:
        return 2.0**-n if distance > 0 else 1.0
    return float(stdtr(n - 1, -distance / (sd / math.sqrt(n))))


def _margin(sd: float, n: int, confidence: float) -> float:
    from scipy.special import stdtrit

    if sd == 0:
        return 0.0 if 2 * 2.0**-n <= 1 - confidence else math.inf
    return float(stdtrit(n - 1, (1 + confidence) / 2)) * sd / math.sqrt(n)


def _array(values: Values, dimensions: int) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)  # None becomes NaN
    if array.ndim != dimensions:
        raise EvidenceError(f"expected an array of {dimensions} dimension(s)", got=f"shape {array.shape}")
    if np.isinf(array).any():
        raise EvidenceError(
            "values are finite", got=float(array[np.isinf(array)][0]), hint="leave them out, and say which diverged"
        )
    return array


def _check(
    table: NDArray[np.float64],
    weights: NDArray[np.float64],
    diverged: NDArray[np.bool_],
    confidence: float,
    resolution: float,
) -> None:
    if diverged.shape != table.shape:
        raise EvidenceError("every value is of a run that diverged or did not", got=f"shape {diverged.shape}")
    if table.shape[1] != len(weights):
        raise EvidenceError(
            "a contrast has one weight per arm", got=f"{len(weights)} weights for {table.shape[1]} arms"
        )
    if np.isnan(weights).any() or not weights.any():
        raise EvidenceError("weights are finite and not all zero", got=weights.tolist())
    if not 0 < confidence <= 1:
        raise EvidenceError("confidence lies between 0 and 1", got=confidence, hint="0.95 is usual")
    if not 0 <= resolution < math.inf:
        raise EvidenceError("resolution is the smallest step of the metric, or 0", got=resolution)
