"""Do two ways of predicting err on the same examples? Who flips, and whether that is more than chance.

All of it is about hits: whether each example is predicted rightly.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from paribus.errors import EvidenceError
from paribus.evidence.bootstrap import DRAWS
from paribus.evidence.variance import Interval

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]

MOST_SWAPS = 4096  # of the seeds of two arms: all of them up to 12 seeds, so many drawn at random beyond


@dataclass(frozen=True)
class Consistency:
    """Whether errors of two go together, beyond what their accuracies alone would make of it.

    Args:
        observed: share of examples that both have right, or both wrong.
        expected: the same, had they erred independently of each other: ab + (1 − a)(1 − b).
        kappa: (observed − expected) / (1 − expected) (Geirhos, Meding & Wichmann 2020, eq. 1), with its interval over
            examples: 0 of independent errors, 1 of the same ones; `None` where both never err, or always.
    """

    observed: float
    expected: float
    kappa: Interval | None


def mcnemar(lost: int, won: int) -> float:
    """Two-sided exact p-value that flips are as likely one way as the other (McNemar 1947): a sign test on flips."""
    from scipy.stats import binomtest

    return float(binomtest(lost, lost + won).pvalue) if lost + won else 1.0


def holm(values: Sequence[float]) -> list[float]:
    """p-values adjusted for all of them (Holm 1979)."""
    found, largest = list(values), 0.0
    for rank, place in enumerate(sorted(range(len(values)), key=lambda one: values[one])):
        largest = max(largest, min(1.0, values[place] * (len(values) - rank)))
        found[place] = largest
    return found


def consistency(one: Flags, other: Flags, confidence: float = 0.95, seed: int = 0, draws: int = DRAWS) -> Consistency:
    """Agreement of hits (N,) of two, against independent errors.

    Raises:
        EvidenceError: for arrays that do not fit, or fewer than 4 examples.
    """
    if one.shape != other.shape or one.ndim != 1 or len(one) < 4:
        raise EvidenceError("agreement needs hits on the same 4 examples or more", got=f"{one.shape}, {other.shape}")
    table = np.array([(one & other).sum(), (one & ~other).sum(), (~one & other).sum(), (~one & ~other).sum()])
    drawn = np.random.default_rng(seed).multinomial(len(one), table / len(one), size=draws)  # examples drawn anew
    observed, expected, kappa = _kappa(table[None].astype(np.float64))
    known = (values := _kappa(drawn.astype(np.float64))[2])[np.isfinite(values)]
    ends = ((1 - confidence) / 2, (1 + confidence) / 2)
    low, high = np.quantile(known, ends) if len(known) >= draws / 2 else (-1.0, 1.0)
    whole = None if np.isnan(kappa[0]) else Interval(float(kappa[0]), float(low), float(high))
    return Consistency(float(observed[0]), float(expected[0]), whole)


def _kappa(table: Array) -> tuple[Array, Array, Array]:
    """Observed, expected and κ of tables (T, 4): both right, only one, only the other, none."""
    share = table / table.sum(1, keepdims=True)
    a, b = share[:, 0] + share[:, 1], share[:, 0] + share[:, 2]
    observed, expected = share[:, 0] + share[:, 3], a * b + (1 - a) * (1 - b)
    left = 1 - expected
    kappa: Array = np.where(left > 1e-12, (observed - expected) / np.where(left > 1e-12, left, 1), np.nan)
    return observed, expected, kappa


@dataclass(frozen=True)
class Flips:
    """Whether two arms differ in which examples they get right, beyond what seeds do.

    Args:
        within: share of examples whose hit differs between two seeds of one arm, mean over all pairs and both arms.
        between: the same between a seed of one arm and another seed of the other.
        excess: between − within; 0 on average where arms do not matter.
        p: share of all swaps of arms within seeds, or of some at random, with as large an excess: a permutation test,
            exact up to 12 seeds.
        least_p: the smallest that so few seeds could give.
        p_of: (N,) of each example: Fisher's exact test on its hits, two-sided.
        q_of: (N,) the same with the share of false discoveries controlled (Gilbert 2005: Benjamini & Hochberg over
            the examples that could be significant at all); 1 for the others.
        tested: how many those are.
    """

    within: float
    between: float
    excess: float
    p: float
    least_p: float
    p_of: tuple[float, ...]
    q_of: tuple[float, ...]
    tested: int


def flips(one: Flags, other: Flags, rate: float = 0.1, seed: int = 0) -> Flips:
    """Compare the hits of two arms, whose seeds are paired.

    Args:
        one: (seeds, N) hits of one arm.
        other: (seeds, N) of the other: rows of the same seeds.
        rate: the share of false discoveries for which tests of examples are chosen.
        seed: of the swaps that are drawn where there are too many.

    Raises:
        EvidenceError: for tables that do not fit, or fewer than two seeds.
    """
    if one.shape != other.shape or one.ndim != 2 or len(one) < 2:
        rule = "flips need the hits of at least two seeds, the same of both arms, on the same examples"
        raise EvidenceError(rule, got=f"{one.shape} and {other.shape}")
    seeds = len(one)
    apart = _apart(np.concatenate([one, other]).astype(np.float64))
    swaps = _swaps(seeds, seed)
    excess = np.concatenate([_excess(apart, some) for some in np.array_split(swaps, 1 + len(swaps) // 512)])
    observed = excess[0]  # nothing swapped
    within, between = _churn(apart, swaps[:1])
    p_of = _fisher(one.sum(0), other.sum(0), seeds)
    q_of, tested = discoveries(p_of, _least(one.sum(0) + other.sum(0), seeds), rate)
    share = float((excess >= observed - 1e-12).mean())
    return Flips(
        float(within[0]),
        float(between[0]),
        float(observed),
        share,
        2 / len(swaps) if seeds <= 12 else 1 / len(swaps),
        tuple(p_of.tolist()),
        tuple(q_of.tolist()),
        tested,
    )


def discoveries(p: Array, least: Array, rate: float) -> tuple[Array, int]:
    """Adjusted p-values of discrete tests (N,), and how many of them could be significant at all.

    A test whose smallest possible p-value lies above rate/m could never be found among m tests, and is no test
    therefore (Tarone 1990). With K the smallest number for which no more than K tests can reach rate/K, Benjamini and
    Hochberg's procedure over these controls the share of false discoveries (Gilbert 2005).

    Args:
        p: of each test.
        least: the smallest that each could have had.
        rate: the share of false discoveries.
    """
    ordered = np.sort(least)
    able = np.searchsorted(ordered, rate / np.arange(1, len(p) + 1) * (1 + 1e-9), "right")  # for K = 1, 2, …
    fits = np.flatnonzero(able <= np.arange(1, len(p) + 1))
    k = int(fits[0]) + 1 if len(fits) else max(1, len(p))
    chosen = np.flatnonzero(least <= rate / k * (1 + 1e-9))
    adjusted = np.ones(len(p))
    order = chosen[np.argsort(p[chosen], kind="stable")]
    scaled = p[order] * len(order) / np.arange(1, len(order) + 1)
    adjusted[order] = np.minimum(1, np.minimum.accumulate(scaled[::-1])[::-1])
    return adjusted, len(chosen)


def _apart(hits: Array) -> Array:
    """(R, R) share of examples on which two runs differ, from hits (R, N)."""
    ones = hits.sum(1)
    found: Array = (ones[:, None] + ones[None] - 2 * hits @ hits.T) / hits.shape[1]
    return found


def _swaps(seeds: int, seed: int) -> Array:
    """(swaps, seeds) ±1: which seeds change arms, first none."""
    if seeds <= 12:
        return np.array(list(product((1.0, -1.0), repeat=seeds)))
    drawn = np.random.default_rng(seed).choice([1.0, -1.0], size=(MOST_SWAPS, seeds))
    drawn[0] = 1.0
    return drawn


def _churn(apart: Array, swaps: Array) -> tuple[Array, Array]:
    """Mean distance of two different seeds within an arm, and between the arms, for each swap.

    Pairs of the same seed are left out: they share their chance, and are nearer to each other than other seeds.
    """
    seeds = swaps.shape[1]
    arm = np.concatenate([swaps, -swaps], 1)  # +1 for the first arm, −1 for the other
    same_seed = np.tile(np.eye(seeds), (2, 2)) > 0
    usable = np.where(same_seed, 0.0, apart)
    alike = np.einsum("si,ij,sj->s", arm, usable, arm)  # within − between, each pair twice
    both = usable.sum()
    pairs = seeds * (seeds - 1) * 2  # ordered ones within the arms; as many between them
    return (both + alike) / 2 / pairs, (both - alike) / 2 / pairs


def _excess(apart: Array, swaps: Array) -> Array:
    within, between = _churn(apart, swaps)
    return between - within


def _fisher(one: Whole, other: Whole, seeds: int) -> Array:
    """Two-sided exact p-value of hits a of S against b of S (Fisher 1922), for each example."""
    from scipy.stats import hypergeom

    table = np.ones((2 * seeds + 1, seeds + 1))  # by all hits, and those of the first arm
    for total in range(2 * seeds + 1):
        likely = hypergeom.pmf(np.arange(seeds + 1), 2 * seeds, total, seeds)
        table[total] = [min(1.0, likely[likely <= mine * (1 + 1e-9)].sum()) for mine in likely]
    found: Array = table[one + other, one]
    return found


def _least(total: Whole, seeds: int) -> Array:
    """The smallest p-value that an example with so many hits in all can have."""
    most = np.minimum(total, seeds)
    return np.minimum(_fisher(most, total - most, seeds), 1.0)
