"""What the numbers show: better, worse, interaction, no difference beyond δ, undecided, diverged."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from paribus.evidence.estimate import Estimate, equivalence_p
from paribus.evidence.power import detectable_difference, seeds_for, seeds_for_equivalence

Word = Literal["better", "worse", "interaction", "no difference", "undecided", "diverged", "failed"]
MOST_SEEDS = 1000
"""No more additional seeds than this are ever proposed."""
FEWEST_PAIRS = 3
"""Fewer pairs than this never show that there is no difference."""


@dataclass(frozen=True)
class Verdict:
    """What the evidence says about one comparison. The sentence is made from it where people read it.

    Attributes:
        word: what has been shown.
        delta: the smallest difference that matters, by which it was judged; None if it was not given.
        nonzero: the effect is reliably not zero, be it within ±δ or not.
        more_seeds: for "undecided", the additional seeds proposed; None if above `MOST_SEEDS`.
        needs_data: for "undecided", that no number of seeds will do on so few data.
        reason: for "failed", which whoever knows of runs says: the error of an arm of which no run has a figure.
    """

    word: Word
    delta: float | None = None
    nonzero: bool = False
    more_seeds: int | None = None
    reason: str = ""
    needs_data: bool = False


@dataclass(frozen=True)
class Judged:
    """One comparison of a family: estimate, adjusted p-values, verdict.

    Attributes:
        estimate: effect and interval. All intervals of the family cover together: each has 1 − alpha/family.
        p_adjusted: p-value against no effect, times the number of comparisons; below alpha just where the interval
            excludes 0.
        verdict: what follows from the interval.
        detectable: smallest true effect this many seeds would show with 80 % power, if the spread is as seen.
        p_equivalence_adjusted: twice the p-value of the equivalence test, times the number of comparisons; below alpha
            just where the interval lies within ±δ. NaN without δ.
        alpha: level of the decision, for all comparisons together.
        family: number of comparisons that are judged together.
    """

    estimate: Estimate
    p_adjusted: float
    verdict: Verdict
    detectable: float
    p_equivalence_adjusted: float = math.nan
    alpha: float = 0.05
    family: int = 1


def judge_family(
    estimates: Sequence[Estimate],
    *,
    delta: float | None,
    higher_is_better: bool,
    alpha: float = 0.05,
    planning_alpha: float | None = None,
) -> tuple[Judged, ...]:
    """Judge the comparisons of one study together.

    One set of intervals decides everything, and all of them cover together with probability ≥ 1 − alpha (Bonferroni):
    an interval that excludes 0 says better or worse, one that lies within ±δ says no difference beyond δ. So any false
    word anywhere has probability ≤ alpha, and what people read in the intervals is what the words say.

    Args:
        estimates: one for each comparison; one without a value counts, for it was planned.
        delta: smallest difference that matters, in the unit of the metric; None if it was not given.
        higher_is_better: whether larger values of the metric are good.
        alpha: error probability of all words together.
        planning_alpha: level, shared by the comparisons, at which more seeds are planned; `alpha` if None.
    """
    planning = alpha if planning_alpha is None else planning_alpha
    family = max(len(estimates), 1)

    def judged(estimate: Estimate) -> Judged:
        estimate = estimate.at(1 - alpha / family)
        p = math.nan if estimate.diverged else min(1.0, family * estimate.p)
        unknown = estimate.diverged or delta is None
        p_equal = math.nan if unknown else min(1.0, 2 * family * equivalence_p(estimate, delta or math.nan))
        verdict = judge(
            estimate,
            p_adjusted=p,
            p_equivalence_adjusted=p_equal,
            delta=delta,
            higher_is_better=higher_is_better,
            alpha=alpha,
            planning_alpha=planning / family,
        )
        detectable = detectable_difference(estimate.sd, estimate.n, planning / family, overlap=estimate.overlap)
        return Judged(estimate, p, verdict, detectable, p_equal, alpha, family)

    return tuple(map(judged, estimates))


def judge(
    estimate: Estimate,
    *,
    p_adjusted: float,
    p_equivalence_adjusted: float,
    delta: float | None,
    higher_is_better: bool,
    alpha: float = 0.05,
    planning_alpha: float | None = None,
) -> Verdict:
    """Say what one comparison shows.

    An effect can be significant and also be shown to lie within ±δ. The verdict is then "no difference beyond
    δ", because δ is what was declared to matter; ``nonzero`` adds that the effect is reliably not zero.

    Equivalence takes at least `FEWEST_PAIRS` complete pairs. Two pairs that happen to agree pass its test at
    the nominal level, but only because their spread, known from a single number, came out small by chance:
    whether values are normal at all cannot be seen from two of them, and the level rests on it.

    As soon as one seed of the comparison diverged there is no other verdict: the seeds that survived are a
    selection, and a mean over a selection shows nothing.

    Args:
        estimate: the comparison.
        p_adjusted: its p-value after adjustment for the family; NaN rejects nothing.
        p_equivalence_adjusted: likewise for twice `equivalence_p`.
        delta: smallest difference that matters; without it equivalence cannot be concluded.
        higher_is_better: whether larger values of the metric are good.
        alpha: level of the decision.
        planning_alpha: level at which more seeds are planned, `alpha` if None.
    """
    if estimate.diverged:
        return Verdict("diverged", delta)
    differs = p_adjusted < alpha
    if delta is not None and estimate.n >= FEWEST_PAIRS and p_equivalence_adjusted < alpha:
        return Verdict("no difference", delta, nonzero=differs)
    if differs:
        return Verdict("better" if (estimate.value > 0) == higher_is_better else "worse", delta, nonzero=True)
    more = _more_seeds(estimate, delta, alpha if planning_alpha is None else planning_alpha)
    return Verdict("undecided", delta, more_seeds=more, needs_data=more is None and estimate.overlap > 0)


def about_interaction(verdict: Verdict) -> Verdict:
    """The verdict on an interaction: there is one or there is none, and neither is good or bad."""
    return replace(verdict, word="interaction") if verdict.word in ("better", "worse") else verdict


def _more_seeds(estimate: Estimate, delta: float | None, alpha: float) -> int | None:
    """Propose the fewest seeds that decide with 80 % power, if difference and spread stay as seen."""
    if estimate.n < 2:
        return (2 if delta is None else FEWEST_PAIRS) - estimate.n
    most = estimate.n + MOST_SEEDS
    overlap = estimate.overlap
    sizes = [seeds_for(estimate.value, estimate.sd, alpha, most=most, overlap=overlap)]
    if delta is not None:  # half the level, since a two-sided interval must lie within ±δ
        sizes.append(seeds_for_equivalence(estimate.value, estimate.sd, delta, alpha / 2, most=most, overlap=overlap))
    known = [size for size in sizes if size is not None]
    return max(1, min(known) - estimate.n) if known else None
