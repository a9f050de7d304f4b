"""How well a score tells a class from the rest: ROC and precision–recall, their areas, and cut points by cost.

Whatever scores above a cut is said to be of the class. All figures of all cuts come from two running sums over the
examples in falling order of their scores, weighted ones where examples are drawn anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paribus.errors import EvidenceError
from paribus.evidence.bootstrap import AT_ONCE, DRAWS, mean_interval
from paribus.evidence.estimate import Estimate
from paribus.evidence.variance import Interval

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]

WORK = 1 << 24  # sums of classes × draws × examples, beyond which fewer draws must do
FEWEST_DRAWS = 200  # for the ends of a 95 % interval five on either side


@dataclass(frozen=True)
class Cuts:
    """A class against the rest at all cut points, one behind each group of equal scores; sums may be weighted.

    Args:
        scores: (G,) falling: the score of each group.
        tp, fp: (…, G) examples of the class, and of the rest, that score at least so much.
    """

    scores: Array
    tp: Array
    fp: Array

    @property
    def thresholds(self) -> Array:
        """(G + 1,) cuts between the scores, falling; the first lies above all of them, the last below."""
        between = (self.scores[1:] + self.scores[:-1]) / 2
        return np.concatenate([[np.inf], between, [-np.inf]])

    def auroc(self) -> Array:
        """Area under the ROC curve (…,), ties counted as half (Hanley & McNeil 1982); NaN without class or rest."""
        middles = self.tp - np.diff(_from_zero(self.tp)) / 2
        area = np.einsum("...g,...g->...", np.diff(_from_zero(self.fp)), middles)
        return _ratio(area, self.tp[..., -1] * self.fp[..., -1])

    def average_precision(self) -> Array:
        """Σ (recallᵢ − recallᵢ₋₁)·precisionᵢ over all cuts (…,); NaN without the class."""
        precision = self.tp / np.maximum(self.tp + self.fp, 1e-30)
        return _ratio(np.einsum("...g,...g->...", np.diff(_from_zero(self.tp)), precision), self.tp[..., -1])

    def cost(self, price: Price) -> Array:
        """(…, G + 1) what all examples cost together at each of the thresholds."""
        tp, fp = (_from_zero(sums) for sums in (self.tp, self.fp))
        fn, tn = tp[..., -1:] - tp, fp[..., -1:] - fp
        return price.fn * fn + price.fp * fp + price.tp * tp + price.tn * tn


@dataclass(frozen=True)
class Price:
    """What an answer costs: one of the class missed (fn), one of the rest taken for it (fp); right ones cost nothing.

    Raises:
        EvidenceError: if a mistake is not dearer than the right answer to the same example.
    """

    fn: float
    fp: float
    tp: float = 0.0
    tn: float = 0.0

    def __post_init__(self) -> None:
        if not (self.fn > self.tp and self.fp > self.tn):
            got = f"fn={self.fn:g} fp={self.fp:g} tp={self.tp:g} tn={self.tn:g}"
            raise EvidenceError("a mistake costs more than the right answer: fn > tp and fp > tn", got=got)

    @property
    def fair(self) -> float:
        """The cut that is best where scores are true probabilities (Elkan 2001, eq. 2)."""
        wrong = self.fp - self.tn
        return wrong / (wrong + self.fn - self.tp)

    def paid(self, positive: Flags, said: Flags) -> Array:
        """The cost of each example (N,)."""
        return np.where(positive, np.where(said, self.tp, self.fn), np.where(said, self.fp, self.tn))


@dataclass(frozen=True)
class Detection:
    """One class against the rest.

    Args:
        positives: examples of the class.
        auroc: area under the ROC curve, with its interval over examples; `None` without the class or the rest.
        ap: average precision, likewise; a blind score has the share of the class.
        roc: (false positive rate, true positive rate) at some cuts, rising.
        pr: (recall, precision) at some cuts, recall rising.
    """

    positives: int
    auroc: Interval | None
    ap: Interval | None
    roc: tuple[tuple[float, float], ...]
    pr: tuple[tuple[float, float], ...]


@dataclass(frozen=True)
class Detections:
    """All classes, each against the rest; ``macro`` are means over the classes, ``draws`` how many gave intervals."""

    classes: tuple[Detection, ...]
    macro_auroc: Interval | None
    macro_ap: Interval | None
    draws: int


@dataclass(frozen=True)
class Cheapest:
    """The cut that costs least, found among all of them.

    Args:
        threshold: of the score; above it the class is said. Infinite where it is best never, or always, said.
        low, high: between which the best cut of other examples like these lies.
        fair: the best cut, were the scores true probabilities.
        chosen: what an example costs at the threshold, on the very examples that it was chosen on: too good.
        cost: what an example costs, chosen on one half of the examples and paid on the other, both ways.
        usual: at a cut of one half.
        saved: usual − cost, of the same examples.
    """

    threshold: float
    low: float
    high: float
    fair: float
    chosen: float
    cost: Estimate
    usual: Estimate
    saved: Estimate


def cuts(scores: Array, positive: Flags, weights: Array | None = None) -> Cuts:
    """All cut points of scores (N,), from weights (…, N) of the examples, all 1 by default."""
    order = np.argsort(-scores, kind="stable")
    ordered = scores[order]
    last = np.append(ordered[1:] != ordered[:-1], True)  # of a group of equal scores
    given = np.ones(len(scores)) if weights is None else weights
    taken = given.take(order, -1)
    tp, both = (some.cumsum(-1) for some in (taken * positive[order], taken))
    if not last.all():
        tp, both = tp[..., last], both[..., last]
    return Cuts(ordered[last], tp, both - tp)


def detections(scores: Array, labels: Whole, confidence: float = 0.95, seed: int = 0, points: int = 200) -> Detections:
    """ROC and precision–recall of every class against the rest, with intervals by drawing the examples anew.

    Percentile intervals (Efron 1979). A draw is the same for all classes; one that lacks a class says nothing of it.

    Args:
        scores: (N, K), the larger the more likely; probabilities.
        labels: (N,) from 0 to K − 1.
        confidence: of the intervals.
        seed: of the draws.
        points: of a curve that are kept.

    Raises:
        EvidenceError: for arrays that do not fit, or fewer than 4 examples.
    """
    _check(scores, labels)
    n, k = scores.shape
    draws = int(min(DRAWS // 2, max(FEWEST_DRAWS, WORK // (n * k))))
    whole = [cuts(scores[:, one], labels == one) for one in range(k)]
    drawn = np.concatenate([_areas(scores, labels, weights) for weights in drawn_anew(n, draws, seed)])  # (draws, K, 2)
    areas = np.array([[one.auroc(), one.average_precision()] for one in whole])  # (K, 2)
    found = tuple(
        Detection(
            int((labels == one).sum()),
            *_intervals(whole[one], areas[one], drawn[:, one], confidence),
            *_curves(whole[one], points),
        )
        for one in range(k)
    )
    macro = [_between(_mean(areas[None, :, i])[0], _mean(drawn[:, :, i]), confidence) for i in (0, 1)]
    return Detections(found, macro[0], macro[1], draws)


def cheapest(scores: Array, positive: Flags, price: Price, confidence: float = 0.95, seed: int = 0) -> Cheapest:
    """The cheapest of all cut points, and what it costs on examples that did not choose it.

    Args:
        scores: (N,) probability of the class.
        positive: (N,) whether an example is of it.
        price: of the four answers.
        confidence: of the intervals.
        seed: of the halves and the draws.

    Raises:
        EvidenceError: for fewer than 8 examples.
    """
    n = len(scores)
    if n < 8:
        raise EvidenceError("a cut is chosen on one half of the examples and judged on the other: 8 at least", got=n)
    whole = cuts(scores, positive)
    costs = whole.cost(price)
    drawn = [
        whole.thresholds[cuts(scores, positive, weights).cost(price).argmin(-1)]
        for weights in drawn_anew(n, DRAWS // 2, seed)
    ]
    low, high = np.quantile(np.concatenate(drawn), _ends(confidence), method="nearest")  # of infinite ones no mean
    half = np.random.default_rng(seed).permutation(n) < n // 2
    paid = np.empty(n)
    for chosen_on in (half, ~half):
        own = cuts(scores[chosen_on], positive[chosen_on])
        cut = own.thresholds[own.cost(price).argmin()]
        paid[~chosen_on] = price.paid(positive, scores > cut)[~chosen_on]
    usual = price.paid(positive, scores > 0.5)
    best = int(costs.argmin())
    estimates = [mean_interval(values, confidence, seed) for values in (paid, usual, usual - paid)]
    return Cheapest(
        float(whole.thresholds[best]), float(low), float(high), price.fair, float(costs[best] / n), *estimates
    )


def drawn_anew(n: int, draws: int, seed: int) -> Iterator[Array]:
    """How often each of n examples is taken when n are drawn with replacement, (some, n) draws at a time."""
    rng, size = np.random.default_rng(seed), max(1, AT_ONCE // n)
    for start in range(0, draws, size):
        some = min(size, draws - start)
        places = rng.integers(n, size=(some, n)) + n * np.arange(some)[:, None]
        yield np.bincount(places.ravel(), minlength=some * n).reshape(some, n).astype(np.float64)


def _areas(scores: Array, labels: Whole, weights: Array) -> Array:
    """(draws, K, 2) AUROC and average precision of each class in each draw."""
    found = [cuts(scores[:, one], labels == one, weights) for one in range(scores.shape[1])]
    return np.stack([np.stack([one.auroc(), one.average_precision()], -1) for one in found], 1)


def _curves(found: Cuts, points: int) -> tuple[tuple[tuple[float, float], ...], tuple[tuple[float, float], ...]]:
    """Points of the ROC and of the precision–recall curve; nothing where there is no class or no rest."""
    positives, rest = found.tp[-1], found.fp[-1]
    if not positives or not rest:
        return (), ()
    precision = found.tp / (found.tp + found.fp)
    kept = np.unique(np.linspace(0, len(found.scores) - 1, min(points, len(found.scores))).round().astype(int))
    tpr, fpr = found.tp[kept] / positives, found.fp[kept] / rest
    return _pairs([0.0, *fpr], [0.0, *tpr]), _pairs(tpr, precision[kept])


def _pairs(x: Sequence[float] | Array, y: Sequence[float] | Array) -> tuple[tuple[float, float], ...]:
    return tuple((float(a), float(b)) for a, b in zip(x, y, strict=True))


def _intervals(found: Cuts, areas: Array, drawn: Array, confidence: float) -> tuple[Interval | None, Interval | None]:
    """AUROC and average precision with their percentiles.

    Where no example of the rest scores above one of the class, all draws say 1. Of k disjoint pairs, one of the class
    and one of the rest each, all were then ranked rightly, and the lower end for their share (Clopper & Pearson 1934)
    is that of AUROC; average precision lies between 0 and 1.
    """
    if areas[0] != 1:  # nor where it is not known
        return _between(areas[0], drawn[:, 0], confidence), _between(areas[1], drawn[:, 1], confidence)
    pairs = min(found.tp[-1], found.fp[-1])
    return Interval(1.0, float(((1 - confidence) / 2) ** (1 / pairs)), 1.0), Interval(1.0, 0.0, 1.0)


def _between(value: float, drawn: Array, confidence: float) -> Interval | None:
    """A figure with the percentiles of what was drawn; where less than half of the draws know it, all that can be."""
    if np.isnan(value):
        return None
    known = drawn[np.isfinite(drawn)]
    if len(known) < len(drawn) / 2:
        return Interval(float(value), 0.0, 1.0)
    low, high = np.quantile(known, _ends(confidence))
    return Interval(float(value), float(low), float(high))


def _ends(confidence: float) -> tuple[float, float]:
    return (1 - confidence) / 2, (1 + confidence) / 2


def _mean(table: Array) -> Array:
    """(draws,) the mean over the classes of each draw that are known there."""
    known = np.isfinite(table)
    return _ratio(np.where(known, table, 0).sum(1), known.sum(1))


def _ratio(part: Array, whole: Array) -> Array:
    found: Array = np.where(whole > 0, part / np.where(whole > 0, whole, 1), np.nan)
    return found


def _from_zero(sums: Array) -> Array:
    """(…, G) running sums with the nothing that they begin with (…, G + 1)."""
    return np.concatenate([np.zeros((*sums.shape[:-1], 1)), sums], -1)


def _check(scores: Array, labels: Whole) -> None:
    if scores.ndim != 2 or labels.shape != scores.shape[:1] or not np.isfinite(scores).all():
        rule = "ranks need a row of finite scores for each label"
        raise EvidenceError(rule, got=f"scores {scores.shape}, labels {labels.shape}")
    if len(labels) < 4:
        raise EvidenceError("an interval over examples needs at least 4 of them", got=len(labels))
