"""How large is an effect, and how sure is that: estimates from paired seeds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paribus.errors import EvidenceError
from paribus.evidence.skewness import skewness, stretch

Values = ArrayLike | Sequence[float | None] | Sequence[Sequence[float | None]]
"""Numbers as an array, or lists in which ``None`` stands for a missing one."""

ROUNDING = 1e-12
"""Spreads and means below this fraction of the measured values are rounding, and count as zero."""


@dataclass(frozen=True)
class Estimate:
    """The mean of one quantity over seeds, its interval, and its test against zero.

    All values are in the unit of the metric. With fewer than two complete seeds nothing can be said: the
    interval is the whole line, ``sd`` and ``p`` are NaN, ``df`` is 0 (and ``value`` is NaN without any seed).

    Seeds that each draw their own validation split from one data set are no independent draws from the world: their
    training examples overlap. About other data like these, the squared standard error of their mean is therefore
    sd²·(1/n + overlap), with ``overlap`` the validation examples per training example, and not sd²/n (corrected
    resampled t-test, Nadeau & Bengio 2003, eq. 9). About these data themselves they are independent: ``overlap`` is 0.

    From 10 seeds on the interval makes room for skewed differences, and is then wider on the side of their longer tail
    (see `paribus.evidence.skewness`); otherwise it is Student's.

    Attributes:
        value: mean over the complete seeds.
        low: lower end of the interval.
        high: upper end of the interval.
        n: number of complete seeds; where runs are not paired, the fewest runs of any arm.
        sd: sample standard deviation over seeds (``ddof=1``), raised to the floor that `contrast` explains; where runs
            are not paired, that of a difference of single runs whose mean over n has the same standard error.
        df: degrees of freedom: n − 1, or those of Welch and Satterthwaite where several spreads make the error.
        p: two-sided p-value against a true mean of 0, not adjusted for other comparisons.
        confidence: how often such intervals cover the true mean.
        dropped: seeds left out because a value is missing.
        diverged: those of the dropped in which a run diverged.
        per_seed: what each seed says, in the order given; ``None`` for those that were dropped.
        overlap: what is added to 1/n in the squared standard error: 0 where seeds are independent draws.
        skewness: of the complete seeds, as far as the interval makes room for it: 0 with fewer than 10.
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
    overlap: float = 0.0
    skewness: float = 0.0

    @property
    def se(self) -> float:
        """Standard error of the value; NaN where the spread is not known."""
        return standard_error(self.sd, self.n, self.overlap)

    def at(self, confidence: float) -> Estimate:
        """The same with the interval of another confidence."""
        if self.n < 2:
            return replace(self, low=-math.inf, high=math.inf, confidence=confidence)
        below, above = (self._margin(confidence, side) for side in (True, False))
        return replace(self, low=self.value - below, high=self.value + above, confidence=confidence)

    def error(self, below: bool) -> float:
        """The standard error on one side of the value, with the room for skewness that intervals have there."""
        gamma = self.skewness if below else -self.skewness
        return self.se * (float(stretch(gamma, self.n, self.overlap)) if gamma else 1.0)

    def p_above(self, bound: float) -> float:
        """One-sided p-value: small where the true mean is above a bound; NaN where the spread is not known."""
        return self._p(self.value - bound, below=True)

    def p_below(self, bound: float) -> float:
        """One-sided p-value: small where the true mean is below a bound."""
        return self._p(bound - self.value, below=False)

    def _p(self, distance: float, below: bool) -> float:
        """p-value of a mean that lies so far beyond a bound on one side of it (negative: on the wrong side)."""
        from scipy.special import stdtr

        if self.n < 2:
            return math.nan
        if self.sd == 0:
            return 2.0**-self.n if distance > 0 else 1.0
        return float(stdtr(self.df, -distance / self.error(below)))

    def _margin(self, confidence: float, below: bool) -> float:
        """How far the interval reaches to one side."""
        from scipy.special import stdtrit

        if self.sd == 0:
            return margin_of_signs(self.n, 1 - confidence)
        return float(stdtrit(self.df, (1 + confidence) / 2)) * self.error(below)


def standard_error(sd: float, n: int, overlap: float = 0.0) -> float:
    """sd·√(1/n + overlap), of a mean over n seeds whose standard deviation is ``sd``; see :class:`Estimate`."""
    return sd * math.sqrt(1 / n + overlap) if n else math.nan


def margin_of_signs(n: int, alpha: float) -> float:
    """How far an interval reaches where n seeds agree exactly: nowhere if n equal signs are enough, else anywhere."""
    return 0.0 if 2 * 2.0**-n <= alpha else math.inf


def mean_interval(
    values: Values,
    confidence: float = 0.95,
    resolution: float = 0.0,
    diverged: ArrayLike | None = None,
    overlap: float = 0.0,
) -> Estimate:
    """Mean of one value per seed, with its t interval (Student 1908; Hall 1992). For the arguments see `contrast`."""
    lost = None if diverged is None else np.asarray(diverged, bool)[:, None]
    return contrast(_array(values, 1)[:, None], [1.0], confidence, resolution, lost, overlap)


def paired_difference(
    treatment: Values, reference: Values, confidence: float = 0.95, resolution: float = 0.0, overlap: float = 0.0
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
    return contrast(np.column_stack([treated, base]), [1.0, -1.0], confidence, resolution, overlap=overlap)


def contrast(
    values: Values,
    weights: ArrayLike,
    confidence: float = 0.95,
    resolution: float = 0.0,
    diverged: ArrayLike | None = None,
    overlap: float = 0.0,
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
        overlap: validation examples per training example, for an estimate about other data like these; see
            `Estimate`.

    Raises:
        EvidenceError: for tables and weights that do not fit, and arguments out of range.
    """
    table, weight, lost = _counted(values, weights, diverged)
    _check(confidence, resolution, overlap)
    complete = ~np.asarray((np.isnan(table) | lost).any(axis=1))
    differences = table[complete] @ weight
    estimate = _estimate(
        differences,
        confidence,
        floor=resolution * float(np.abs(weight).min()) / math.sqrt(12),
        rounding=ROUNDING * float(np.abs(table[complete]).max(initial=0.0)),
        overlap=overlap,
    )
    known = iter(differences.tolist())
    return replace(
        estimate,
        dropped=int((~complete).sum()),
        diverged=int(lost.any(axis=1).sum()),
        per_seed=tuple(next(known) if present else None for present in complete),
    )


def contrast_of_means(
    values: Values,
    weights: ArrayLike,
    confidence: float = 0.95,
    resolution: float = 0.0,
    diverged: ArrayLike | None = None,
    overlap: float = 0.0,
) -> Estimate:
    """Weighted sum of the arms' means where the runs of a row share nothing: no seed pairs them.

    Each arm a has its own spread s and number of runs n, so SE² = Σ w²s²/n, with the degrees of freedom
    SE⁴ / Σ (w²s²/n)²/(n − 1) (Welch 1947; Satterthwaite 1946). With an ``overlap``, every 1/n becomes 1/n + overlap,
    as if the splits of different arms had nothing in common: the interval is rather too wide than too narrow.

    For the arguments see `contrast`; a value that is missing is missing in its own arm only.
    """
    table, weight, lost = _counted(values, weights, diverged)
    _check(confidence, resolution, overlap)
    arms = [arm[~(np.isnan(arm) | gone)] for arm, gone in zip(table.T, lost.T, strict=True)]
    n = min(map(len, arms))
    gone = int(lost.sum())
    value = float(weight @ [arm.mean() for arm in arms]) if n else math.nan
    rounding = ROUNDING * max(float(np.abs(arm).max(initial=0.0)) for arm in arms)
    value = 0.0 if abs(value) <= rounding else value
    if n < 2:
        return Estimate(value, -math.inf, math.inf, n, math.nan, 0, math.nan, confidence, gone, gone, (), overlap)
    sizes = np.array([len(arm) for arm in arms])
    sds = np.array([float(arm.std(ddof=1)) for arm in arms])
    sds = np.maximum(np.where(sds <= rounding, 0.0, sds), resolution / math.sqrt(12))
    parts = (weight * sds) ** 2 * (1 / sizes + overlap)
    sd = math.sqrt(parts.sum() / (1 / n + overlap))
    df = float(parts.sum() ** 2 / (parts**2 / (sizes - 1)).sum()) if sd else n - 1
    return replace(inferred(value, sd, n, df, confidence, overlap), dropped=gone, diverged=gone)


def equivalence_p(estimate: Estimate, delta: float) -> float:
    """p-value against a true mean at or beyond ±delta: two one-sided tests (TOST, Schuirmann 1987).

    Small values are evidence for "no difference beyond δ". NaN with fewer than two complete seeds.
    """
    if not 0 < delta < math.inf:
        raise EvidenceError("δ is the smallest difference that matters, above 0", got=delta, hint="leave it out")
    return float(np.fmax(estimate.p_above(-delta), estimate.p_below(delta)))


def _estimate(
    per_seed: NDArray[np.float64], confidence: float, floor: float, rounding: float, overlap: float
) -> Estimate:
    n = len(per_seed)
    value = float(per_seed.mean()) if n else math.nan
    value = 0.0 if abs(value) <= rounding else value
    if n < 2:
        return Estimate(value, -math.inf, math.inf, n, math.nan, 0, math.nan, confidence, overlap=overlap)
    sd = float(per_seed.std(ddof=1))
    sd = max(0.0 if sd <= rounding else sd, floor)
    gamma = float(skewness(per_seed, sd))
    return inferred(value, sd, n, n - 1, confidence, overlap, gamma)


def inferred(
    value: float, sd: float, n: int, df: float, confidence: float, overlap: float = 0.0, skewness: float = 0.0
) -> Estimate:
    """The estimate of a mean over n seeds with its interval and p-value, from what is known of its spread."""
    found = Estimate(value, value, value, n, sd, df, math.nan, overlap=overlap, skewness=skewness).at(confidence)
    return replace(found, p=min(1.0, 2 * (found.p_above(0.0) if value > 0 else found.p_below(0.0))))


def _counted(
    values: Values, weights: ArrayLike, diverged: ArrayLike | None
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """The arms that have a weight: their values (seeds, arms), their weights, and which runs diverged."""
    table, weight = _array(values, 2), _array(weights, 1)
    lost = np.zeros(table.shape, bool) if diverged is None else np.asarray(diverged, bool)
    if lost.shape != table.shape:
        raise EvidenceError("every value is of a run that diverged or did not", got=f"shape {lost.shape}")
    if table.shape[1] != len(weight):
        raise EvidenceError("a contrast has one weight per arm", got=f"{len(weight)} weights for {table.shape[1]} arms")
    if np.isnan(weight).any() or not weight.any():
        raise EvidenceError("weights are finite and not all zero", got=weight.tolist())
    counted = weight != 0
    return table[:, counted], weight[counted], lost[:, counted]


def _array(values: Values, dimensions: int) -> NDArray[np.float64]:
    array = np.asarray(values, dtype=np.float64)  # None becomes NaN
    if array.ndim != dimensions:
        raise EvidenceError(f"expected an array of {dimensions} dimension(s)", got=f"shape {array.shape}")
    if np.isinf(array).any():
        raise EvidenceError(
            "values are finite", got=float(array[np.isinf(array)][0]), hint="leave them out, and say which diverged"
        )
    return array


def _check(confidence: float, resolution: float, overlap: float) -> None:
    if not 0 < confidence <= 1:
        raise EvidenceError("confidence lies between 0 and 1", got=confidence, hint="0.95 is usual")
    if not 0 <= resolution < math.inf:
        raise EvidenceError("resolution is the smallest step of the metric, or 0", got=resolution)
    if not 0 <= overlap < math.inf:
        raise EvidenceError("overlap is the validation examples per training example, or 0", got=overlap)
