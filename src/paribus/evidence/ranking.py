"""Which of many arms is best, how sure is that, and how good is the winner really.

Comparison with the best (Hsu 1984; 1996, chapter 4): an interval for each arm minus the best of the others, all of them
together with probability ≥ 1 − alpha. Seeds are paired and nothing is assumed of how arms vary together: each pair of
arms has its own paired t interval, and Bonferroni's inequality holds for any dependence. Among k arms it takes k − 1
one-sided statements and not k(k − 1)/2 two-sided ones, since only the truly best arm matters, whichever that is:

- with probability ≥ 1 − alpha the best arm b leads no other arm j by more than upper(b, j);
- then min_j upper(i, j), and at least 0, bounds arm i minus the best of the others from above, for every i;
- b is among the arms for which min_j upper(i, j) is not negative, so the smallest lower(i, j) over those j, and at most
  0, bounds it from below.

The winner of many flatters: the arm with the highest mean was chosen for its luck too. Its corrected estimate is
cross-validated: on every seed the figure of the arm that wins on the *other* seeds, averaged. What chooses and what
measures never share a seed, so this is unbiased for what choosing by n − 1 seeds brings. The interval is about the arm
itself: its lower end is shared out over all arms, any of which might have won; its upper end is not, since an arm that
was chosen for its height does not look small.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paribus.errors import EvidenceError
from paribus.evidence.anytime import reaching
from paribus.evidence.estimate import ROUNDING, Estimate, Values, margin_of_signs, mean_interval
from paribus.evidence.skewness import FEWEST, skewness, stretch

Standing = Literal["as good as any", "may be the best", "another is as good or better", "unknown"]
"""What an interval shows, to the letter: where arms tie, neither is *the* best, and another is as good as each."""
Reach = Callable[[int, float, float], float]
"""From n, α and overlap to how many standard errors an interval reaches: at a planned end, or at every look."""


@dataclass(frozen=True)
class Place:
    """One arm against the best of the others, in the unit of the metric; above 0 is good if higher is.

    Attributes:
        arm: its position.
        value: its mean minus that of the best of the others, over common seeds; NaN where it cannot be compared.
        low: lower end of the simultaneous interval, infinite where nothing is known.
        high: upper end.
        standing: what follows from the interval; ``unknown`` without figures, or where a run diverged.
    """

    arm: int
    value: float
    low: float
    high: float
    standing: Standing


@dataclass(frozen=True)
class Winner:
    """The arm with the best mean, as it looks and corrected for having been chosen.

    Attributes:
        arm: its position.
        naive: its mean over seeds with its interval, as if it had not been chosen.
        value: the cross-validated mean; NaN with fewer than two seeds that all ranked arms have.
        low: lower end of an interval that covers the winner's true mean, however it was chosen.
        high: upper end.
    """

    arm: int
    naive: Estimate
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Ranking:
    """All arms against the best, in the order in which they were given, and the winner."""

    places: tuple[Place, ...]
    winner: Winner | None
    confidence: float


def t_reach(n: int, alpha: float, overlap: float) -> float:
    """That of Student's t interval, for a look that was planned: the quantile."""
    from scipy.special import stdtrit

    return -float(stdtrit(n - 1, alpha / 2)) if n >= 2 else math.inf


def rank(
    values: Values,
    *,
    higher_is_better: bool,
    confidence: float = 0.95,
    resolution: float = 0.0,
    diverged: ArrayLike | None = None,
    overlap: float = 0.0,
    reach: Reach = t_reach,
) -> Ranking:
    """Compare every arm with the best of the others, and correct the winner.

    Args:
        values: table of seeds (rows) by arms (columns), two arms or more; ``None`` or NaN where a run has no value.
        higher_is_better: whether larger values of the metric are good.
        confidence: of all intervals together; that of the winner has its own.
        resolution: smallest step of the metric; see `contrast`.
        diverged: table of the same shape, true where a run diverged; such arms are not ranked.
        overlap: validation examples per training example; see `Estimate`.
        reach: how many standard errors an interval reaches.
    """
    table = np.asarray(values, np.float64)
    if table.ndim != 2 or table.shape[1] < 2:
        raise EvidenceError("a ranking is of seeds by two arms or more", got=f"shape {table.shape}")
    if not 0.5 < confidence < 1:
        raise EvidenceError("the confidence of a ranking lies between 0.5 and 1", got=confidence, hint="0.95 is usual")
    lost = np.zeros(table.shape, bool) if diverged is None else np.asarray(diverged, bool)
    ranked = [arm for arm in range(table.shape[1]) if not lost[:, arm].any() and np.isfinite(table[:, arm]).any()]
    sign = 1.0 if higher_is_better else -1.0
    places = {arm: Place(arm, math.nan, -math.inf, math.inf, "unknown") for arm in range(table.shape[1])}
    if len(ranked) > 1:
        found = compare_with_best(sign * table[:, ranked], confidence, resolution, overlap, reach)
        for arm, place in zip(ranked, found, strict=True):
            places[arm] = _turned(replace(place, arm=arm), sign)
    winner = correct_winner(table, ranked, sign, confidence, overlap, reach) if ranked else None
    return Ranking(tuple(places.values()), winner, confidence)


def compare_with_best(
    values: NDArray[np.float64],
    confidence: float = 0.95,
    resolution: float = 0.0,
    overlap: float = 0.0,
    reach: Reach = t_reach,
) -> tuple[Place, ...]:
    """Each arm minus the best of the others, where larger is better: constrained intervals (Hsu 1984).

    Args:
        values: seeds (rows) by arms (columns), NaN where a run has no value.
        confidence: of all intervals together.
        resolution: smallest step of the metric; see `contrast`.
        overlap: validation examples per training example; see `Estimate`.
        reach: how many standard errors an interval reaches.
    """
    arms = values.shape[1]
    alpha = 2 * (1 - confidence) / (arms - 1)  # so that either end of an interval errs (1 − confidence)/(arms − 1)
    floor, rounding = resolution / math.sqrt(12), ROUNDING * float(np.nanmax(np.abs(values)))
    pairs = [_minus_others(values, arm, alpha, floor, rounding, overlap, reach) for arm in range(arms)]
    value, low, high = (np.array(part) for part in zip(*pairs, strict=True))  # (arms, arms)
    nearest, upper = value.min(axis=1), high.min(axis=1)
    rivals = (upper >= 0) | ~(upper >= 0).any()  # arms that miss seeds may beat each other in a circle
    return tuple(_place(arm, float(nearest[arm]), low[arm], float(upper[arm]), rivals) for arm in range(arms))


def correct_winner(
    table: NDArray[np.float64],
    arms: Sequence[int],
    sign: float,
    confidence: float = 0.95,
    overlap: float = 0.0,
    reach: Reach = t_reach,
) -> Winner:
    """The arm with the best mean over its seeds, and what it is worth.

    Args:
        table: seeds (rows) by arms (columns), NaN where a run has no value.
        arms: positions of those that can win.
        sign: 1 where higher is better, else −1.
        confidence: of the interval.
        overlap: validation examples per training example; see `Estimate`.
        reach: how many standard errors an interval reaches.
    """
    chosen = table[:, list(arms)]
    best = int(np.argmax(sign * np.nanmean(chosen, axis=0)))
    found = mean_interval(chosen[:, best].tolist(), confidence, overlap=overlap)
    alone = _reaching(found, 1 - confidence, reach)
    shared = _reaching(found, (1 - confidence) / len(arms), reach)
    low, high = (shared.low, alone.high) if sign > 0 else (alone.low, shared.high)
    value = cross_validated_best(sign * chosen)
    return Winner(arms[best], alone, min(max(sign * value, low), high), low, high)


def cross_validated_best(values: NDArray[np.float64]) -> float:
    """Mean over seeds of the figure of the arm that has the largest mean on the other seeds.

    Args:
        values: seeds (rows) by arms (columns); only seeds that all arms have count. NaN with fewer than two.
    """
    whole = values[np.isfinite(values).all(axis=1)]
    if len(whole) < 2:
        return math.nan
    chosen = (whole.sum(axis=0) - whole).argmax(axis=1)  # (seeds,)
    return float(whole[np.arange(len(whole)), chosen].mean())


def _reaching(estimate: Estimate, alpha: float, reach: Reach) -> Estimate:
    """The same with an interval of another reach; without a spread, signs alone have one."""
    if estimate.n < 2 or estimate.sd == 0:
        return estimate.at(1 - alpha)
    wide = reaching(estimate, reach(estimate.n, alpha, estimate.overlap))
    return replace(wide, confidence=1 - alpha)


def _minus_others(
    values: NDArray[np.float64],
    arm: int,
    alpha: float,
    floor: float,
    rounding: float,
    overlap: float,
    reach: Reach,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Mean, low and high of the paired differences of an arm to each other, as `contrast` has them.

    The mean is infinite where there is no pair: for the arm itself, and for one without a common seed.
    """
    differences = values[:, [arm]] - values  # (seeds, arms)
    present = np.isfinite(differences)
    n = present.sum(axis=0)
    mean = np.where(present, differences, 0).sum(axis=0) / np.maximum(n, 1)
    sd = np.sqrt(np.where(present, (differences - mean) ** 2, 0).sum(axis=0) / np.maximum(n - 1, 1))
    mean[np.abs(mean) <= rounding] = 0.0
    sd = np.maximum(np.where(sd <= rounding, 0, sd), floor)
    below, above = np.full(len(n), math.inf), np.full(len(n), math.inf)
    for size in set(n[n >= 2].tolist()):
        those = n == size
        margin = reach(size, alpha, overlap) * sd[those] * math.sqrt(1 / size + overlap)
        margin = np.where(sd[those] > 0, margin, margin_of_signs(size, alpha))
        gamma = _skewness(differences[:, those], sd[those]) if size >= FEWEST else np.zeros(len(margin))
        below[those], above[those] = margin * stretch(gamma, size, overlap), margin * stretch(-gamma, size, overlap)
    unknown = (n == 0) | (np.arange(len(n)) == arm)
    below[unknown], above[unknown], mean[unknown] = math.inf, math.inf, 0.0
    return np.where(unknown, math.inf, mean), mean - below, mean + above


def _skewness(columns: NDArray[np.float64], sd: NDArray[np.float64]) -> NDArray[np.float64]:
    """That of each column, without what it lacks."""
    if np.isfinite(columns).all():
        return skewness(columns, sd)
    each = zip(columns.T, sd, strict=True)
    return np.array([float(skewness(column[np.isfinite(column)], spread)) for column, spread in each])


def _place(arm: int, value: float, low: NDArray[np.float64], upper: float, candidates: NDArray[np.bool_]) -> Place:
    """One arm: bounded below by the others that may be the best."""
    rivals = low[candidates & (np.arange(len(low)) != arm)]
    standing: Standing = "may be the best"
    if upper < 0 or not len(rivals):
        standing = "another is as good or better" if len(rivals) else "as good as any"
    lower = min(0.0, float(rivals.min())) if len(rivals) else 0.0
    return Place(arm, value if math.isfinite(value) else math.nan, lower, max(upper, 0.0), standing)


def _turned(place: Place, sign: float) -> Place:
    """In the direction of the metric."""
    if sign > 0:
        return place
    return replace(place, value=0.0 - place.value, low=0.0 - place.high, high=0.0 - place.low)  # no −0
