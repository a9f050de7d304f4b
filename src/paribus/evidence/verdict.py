"""What the numbers show: better, worse, interaction, no difference beyond δ, undecided, diverged."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from paribus.evidence.estimate import Estimate, equivalence_p
from paribus.evidence.multiple import holm
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
        reason: for "failed", which whoever knows of runs says: the error of an arm of which no run has a figure.
    """

    word: Word
    delta: float | None = None
    nonzero: bool = False
    more_seeds: int | None = None
    reason: str = ""


@dataclass(frozen=True)
class Judged:
    """One comparison of a family: estimate, adjusted p-values, verdict.

    Attributes:
        estimate: effect and interval (the interval is for this comparison alone, not for the family).
        p_adjusted: p-value against no effect, Holm-adjusted over the family.
        verdict: what follows.
        detectable: smallest true effect this many seeds would show with 80 % power, if the spread is as seen.
        p_equivalence_adjusted: p-value of the equivalence test, Holm-adjusted; NaN without δ.
    """

    estimate: Estimate
    p_adjusted: float
    verdict: Verdict
    detectable: float
    p_equivalence_adjusted: float = math.nan


def judge_family(
    estimates: Sequence[Estimate],
    *,
    delta: float | None,
    higher_is_better: bool,
    alpha: float = 0.05,
    planning_alpha: float | None = None,
) -> tuple[Judged, ...]:
    """Judge the comparisons of one study together.

    Holm's adjustment is made twice: over the tests for a difference and over the tests for equivalence. So a
    false "better" or "worse" anywhere has probability ≤ alpha, and so has a false "no difference beyond δ".

    Args:
        estimates: one for each comparison.
        delta: smallest difference that matters, in the unit of the metric; None if it was not given.
        higher_is_better: whether larger values of the metric are good.
        alpha: error probability of each of the two families.
        planning_alpha: level, shared by the comparisons, at which more seeds are planned; `alpha` if None.
    """
    planning = alpha if planning_alpha is None else planning_alpha
    level = planning / max(len(estimates), 1)  # Holm's strictest step: the planned power is a lower bound
    differs = holm([math.nan if e.diverged else e.p for e in estimates])
    equals = holm([math.nan if e.diverged or delta is None else equivalence_p(e, delta) for e in estimates])

    def judged(estimate: Estimate, p: float, p_equal: float) -> Judged:
        verdict = judge(
            estimate,
            p_adjusted=p,
            p_equivalence_adjusted=p_equal,
            delta=delta,
            higher_is_better=higher_is_better,
            alpha=alpha,
            planning_alpha=level,
        )
        return Judged(estimate, p, verdict, detectable_difference(estimate.sd, estimate.n, level), p_equal)

    return tuple(map(judged, estimates, differs, equals))


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
        p_equivalence_adjusted: likewise for `equivalence_p`.
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
    return Verdict("undecided", delta, more_seeds=more)


def about_interaction(verdict: Verdict) -> Verdict:
    """The verdict on an interaction: there is one or there is none, and neither is good or bad."""
    return replace(verdict, word="interaction") if verdict.word in ("better", "worse") else verdict


def _more_seeds(estimate: Estimate, delta: float | None, alpha: float) -> int | None:
    """Propose the fewest seeds that decide with 80 % power, if difference and spread stay as seen."""
    if estimate.n < 2:
        return (2 if delta is None else FEWEST_PAIRS) - estimate.n
    most = estimate.n + MOST_SEEDS
    sizes = [seeds_for(estimate.value, estimate.sd, alpha, most=most)]
    if delta is not None:
        sizes.append(seeds_for_equivalence(estimate.value, estimate.sd, delta, alpha, most=most))
    known = [size for size in sizes if size is not None]
    return max(1, min(known) - estimate.n) if known else None
