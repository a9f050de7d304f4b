"""Intervals and verdicts that hold at every look at once, however many seeds are added and whenever one stops.

The null: differences of seeds are independent and normal with mean μ and an unknown standard deviation σ. Against it
stands a mixture in which (mean − μ)/σ is itself drawn from a normal distribution of variance c². Both are averaged over
σ with its right-invariant prior dσ/σ, so that σ drops out. The ratio of the two,

    E = r^(−1/2) · ((1 + T) / (1 + T/r))^(n/2)    with T = t²/(n − 1), t = (d̄ − μ)/se, r = 1 + n·c²/(1 + n·overlap),

starts at 1 and is a martingale where μ is the true mean, whatever σ. So it ever exceeds 1/α with probability ≤ α (Ville
1939), and the means μ that it does not reject make an interval that holds at all n at once (Lai 1976; Wang & Ramdas
2024, "Anytime-valid t-tests and confidence sequences for Gaussian means with unknown variance", Gaussian mixture).

For data like these, all seeds share what their overlapping training examples have in common: a shift of mean 0 and of
variance overlap·σ², which is the model behind the correction of Nadeau & Bengio (2003). Under the null (mean − μ)/σ is
then a normal mixture of variance ``overlap`` and not 0, against one of ``overlap`` + c²; the ratio of the two is the E
above, and still an exact martingale. Its interval has the corrected standard error, and shrinks to a point at no n.

At one n alone, the interval is that of a t-test at a stricter level (`level_at`), from which power and price follow.

From 10 seeds on the intervals make the same room for skewness as all others (`paribus.evidence.skewness`). Where runs
are not paired the same formulas are taken with the fewest runs of any arm, which is a little too careful.

What counts is the set of the first n seeds, in an order that does not depend on the values: that in which they were
planned, and not that in which runs end. Those that end first may be a selection, for instance the ones that stop early.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace

from paribus.errors import EvidenceError
from paribus.evidence.estimate import Estimate
from paribus.evidence.power import detectable_difference, equivalence_power_of, power_of
from paribus.evidence.verdict import FEWEST_PAIRS, MOST_SEEDS, Judged, judge

GROWTH = 1.25
"""By how much a study grows from one look to the next: a new seed for every four, so that workers do not idle."""


def mixture(alpha: float, overlap: float = 0.0) -> float:
    """c², the variance of the standardised means that the intervals are best at: 1.5·(1 + 3·overlap)/α.

    Every c² gives valid intervals. This one is tuned for 3 to 30 seeds: intervals begin at 3 (they are finite where
    r > α^(−2/(n − 1)), which a fourth of it would not reach), and no other is narrower by more than a fifth there.
    """
    return 1.5 * (1 + 3 * overlap) / alpha


def e_value(estimate: Estimate, alpha: float = 0.05, mean: float = 0.0) -> float:
    """The evidence against a true mean of ``mean``: above 1/α at any look with probability ≤ α where that is the mean.

    Where all n seeds agree to the last digit it is the evidence of n equal signs, 2^(n − 1): a bet on either sign.

    Args:
        estimate: the differences so far.
        alpha: for which level the mixture is tuned; the value is valid for all.
        mean: what is tested.
    """
    distance = estimate.value - mean
    if estimate.n < 2 or math.isnan(distance):
        return 1.0
    if estimate.sd == 0:
        return 2.0 ** (estimate.n - 1) if distance else 1.0
    n, r = estimate.n, _ratio(estimate.n, alpha, estimate.overlap)
    squared = (distance / estimate.error(below=distance > 0)) ** 2 / (n - 1)
    log = n / 2 * (math.log1p(squared) - math.log1p(squared / r)) - math.log(r) / 2
    return math.exp(min(log, 700.0))


def at_every_look(estimate: Estimate, alpha: float = 0.05) -> Estimate:
    """The same with an interval that covers at all n at once with probability ≥ 1 − alpha; its p is 1/E, at most 1."""
    _check(alpha)
    if estimate.n < 2 or estimate.sd == 0:
        return estimate.at(1 - alpha)
    wide = reaching(estimate, reach(estimate.n, alpha, estimate.overlap))
    return replace(wide, p=min(1.0, 1 / e_value(estimate, alpha)), confidence=1 - alpha)


def reaching(estimate: Estimate, errors: float) -> Estimate:
    """The same with an interval of so many standard errors to either side, and of room for skewness."""
    low, high = (estimate.value + side * errors * estimate.error(below=side < 0) for side in (-1, 1))
    return replace(estimate, low=low, high=high)


def reach(n: int, alpha: float = 0.05, overlap: float = 0.0) -> float:
    """How many standard errors the interval reaches to either side, E = 1/α solved for t; infinite below 3 seeds."""
    if n < 2:
        return math.inf
    r = _ratio(n, alpha, overlap)
    k = (math.sqrt(r) / alpha) ** (2 / n)
    return math.sqrt((n - 1) * (k - 1) / (1 - k / r)) if k < r else math.inf


def level_at(n: int, alpha: float = 0.05, overlap: float = 0.0) -> float:
    """The level at which a t-test at n seeds alone rejects what the e-value rejects there; 0 where that is nothing."""
    from scipy.special import stdtr

    _check(alpha)
    return 2 * float(stdtr(n - 1, -reach(n, alpha, overlap))) if n >= 2 else 0.0


def wider(n: int, alpha: float = 0.05, overlap: float = 0.0) -> float:
    """The price of looking: by which share the interval is wider than one for n seeds alone; infinite below 3 seeds."""
    from scipy.special import stdtrit

    return reach(n, alpha, overlap) / -float(stdtrit(n - 1, alpha / 2)) - 1 if n >= 2 else math.inf


def grown(first: int, most: int) -> tuple[int, ...]:
    """The numbers of seeds from ``first`` to ``most`` at which a study that adds seeds until decided looks."""
    if not 2 <= first <= most:
        raise EvidenceError("seeds are added from two or more", got=f"from {first} to {most} seeds")
    found = [first]
    while found[-1] < most:
        found.append(min(most, max(found[-1] + 1, round(GROWTH * found[-1]))))
    return tuple(found)


def judge_anytime(
    estimates: Sequence[Estimate], *, delta: float | None, higher_is_better: bool, alpha: float = 0.05
) -> tuple[Judged, ...]:
    """Judge the comparisons of one study together, at any look: any false word at any look has probability ≤ alpha.

    As :func:`paribus.evidence.judge_family`, with intervals that cover together (Bonferroni) and at all looks (Ville).

    Args:
        estimates: one for each comparison, of the seeds so far.
        delta: smallest difference that matters, in the unit of the metric; None if it was not given.
        higher_is_better: whether larger values of the metric are good.
        alpha: error probability of all words at all looks together.
    """
    family = max(len(estimates), 1)
    level = alpha / family

    def judged(before: Estimate) -> Judged:
        estimate = at_every_look(before, level)
        lost = bool(estimate.diverged)
        p = math.nan if lost else min(1.0, family * estimate.p)
        p_equal = math.nan if lost or delta is None else min(1.0, family * _equivalence_p(estimate, delta, level))
        verdict = judge(
            estimate,
            p_adjusted=p,
            p_equivalence_adjusted=p_equal,
            delta=delta,
            higher_is_better=higher_is_better,
            alpha=alpha,
        )
        if verdict.word == "undecided" and estimate.n >= 2:
            more = _more_seeds(estimate, delta, level)
            verdict = replace(verdict, more_seeds=more, needs_data=more is None and estimate.overlap > 0)
        detectable = math.inf
        if estimate.n >= 2 and (now := level_at(estimate.n, level, estimate.overlap)):
            detectable = detectable_difference(estimate.sd, estimate.n, now, overlap=estimate.overlap)
        return Judged(estimate, p, verdict, detectable, p_equal, alpha, family)

    return tuple(map(judged, estimates))


def _equivalence_p(estimate: Estimate, delta: float, level: float) -> float:
    """Below the level just where the interval lies within ±delta."""
    if estimate.n < 2:
        return math.nan
    if not abs(estimate.value) < delta:
        return 1.0
    return min(1.0, 1 / min(e_value(estimate, level, end) for end in (-delta, delta)))


def _more_seeds(estimate: Estimate, delta: float | None, level: float) -> int | None:
    """The fewest seeds more that decide with 80 % power when they are there, if difference and spread stay as seen."""

    def power(n: int) -> float:
        overlap = estimate.overlap
        at = level_at(n, level, overlap) if estimate.sd else level
        if not at:
            return 0.0
        differs = power_of(estimate.value, estimate.sd, n, at, overlap)
        if delta is None or n < FEWEST_PAIRS:
            return differs
        return max(differs, equivalence_power_of(estimate.value, estimate.sd, n, delta, at / 2, overlap))

    candidates = range(estimate.n + 1, estimate.n + MOST_SEEDS + 1)
    place = bisect_left(candidates, 0.8, key=power)  # power grows with n
    return place + 1 if place < len(candidates) else None


def _ratio(n: int, alpha: float, overlap: float) -> float:
    """r, by how much wider the mixture is than the null, in variance."""
    return 1 + n * mixture(alpha, overlap) / (1 + n * overlap)


def _check(alpha: float) -> None:
    if not 0 < alpha < 1:
        raise EvidenceError("alpha lies between 0 and 1", got=alpha, hint="0.05 is usual")
