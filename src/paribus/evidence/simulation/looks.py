"""What looking costs, and what winners flatter: how often intervals miss at any of many looks, and after a choice."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from paribus.evidence.anytime import reach
from paribus.evidence.ranking import Reach, rank, t_reach
from paribus.evidence.sequential import alpha_at
from paribus.evidence.simulation.worlds import Array
from paribus.evidence.skewness import FEWEST, skewness, stretch

PLANNED = (3, 5, 10, 20)


def ever_rejected(
    differences: Array,
    most: Sequence[int],
    alpha: float = 0.05,
    overlap: float = 0.0,
    reach: Reach = reach,
    resolution: float = 0.0,
) -> list[float]:
    """How often a true mean of 0 was rejected at any look from 2 seeds to each of ``most``.

    Args:
        differences: (studies, seeds).
        most: the last looks.
        alpha: of all looks together, or of each, as ``reach`` has it.
        overlap: what seeds have in common; see `Estimate`.
        reach: how many standard errors an interval reaches.
        resolution: smallest step of the differences.
    """
    looks = [
        _rejected(differences[:, :n], reach(n, alpha, overlap), alpha, overlap, resolution)
        for n in range(2, max(most) + 1)
    ]
    ever = np.logical_or.accumulate(np.array(looks), axis=0)  # (looks, studies)
    return [float(ever[last - 2].mean()) for last in most]


def _rejected(seen: Array, errors: float, alpha: float, overlap: float, resolution: float) -> Array:
    """Whether an interval that reaches so many standard errors excludes 0, (studies,): as `contrast` has it."""
    n, mean, sd = seen.shape[1], seen.mean(axis=1), seen.std(axis=1, ddof=1)
    alike = sd < 1e-9
    sd = np.maximum(np.where(alike, 0, sd), resolution / math.sqrt(12))
    gamma = np.where(mean > 0, 1, -1) * skewness(seen.T, sd) if n >= FEWEST else np.zeros(len(seen))
    with np.errstate(invalid="ignore"):
        outside = np.abs(mean) > errors * sd * math.sqrt(1 / n + overlap) * stretch(gamma, n, overlap)
    known: Array = np.where(alike & (resolution == 0), (np.abs(mean) > 1e-9) & (2 * 2.0**-n <= alpha), outside)
    return known


def either_rejected(differences: Array, last: int, alpha: float = 0.05) -> float:
    """How often a true mean of 0 was rejected while a study ran, at every look, or at its planned end."""

    def reaching(n: int, alpha: float, overlap: float) -> float:
        return (t_reach if n == last else reach)(n, alpha, overlap)

    return ever_rejected(differences[:, :last], [last], alpha, reach=reaching)[0]


def shared(differences: Array, overlap: float, rng: np.random.Generator) -> Array:
    """Differences about data like these: all seeds of a study share a shift of variance ``overlap``."""
    shift: Array = differences + math.sqrt(overlap) * rng.normal(size=(len(differences), 1))
    return shift


def widths(sizes: Sequence[int] = PLANNED, overlap: float = 0.0) -> dict[str, list[float]]:
    """Half widths of 95 % intervals in standard deviations: at a planned end, at planned looks, at every look."""
    errors = [math.sqrt(1 / n + overlap) for n in sizes]
    levels = alpha_at(sizes, max(sizes))
    return {
        "planned end": [t_reach(n, 0.05, overlap) * se for n, se in zip(sizes, errors, strict=True)],
        "planned looks": [t_reach(n, a, overlap) * se for n, a, se in zip(sizes, levels, errors, strict=True)],
        "every look": [reach(n, 0.05, overlap) * se for n, se in zip(sizes, errors, strict=True)],
    }


def chosen(
    truth: Array, n: int, studies: int, rng: np.random.Generator, spreads: Array | None = None
) -> dict[str, float]:
    """What is said of arms with these true means, over simulated studies in which half the variance is the seed's.

    Args:
        truth: (arms,), in standard deviations of a single run.
        n: seeds.
        studies: how many.
        rng: draws them.
        spreads: (arms,), of an arm's own part; equal ones by default.

    Returns:
        ``together``: how often all intervals to the best cover. ``left out``: how often a best arm is said to have one
        that is as good or better. ``bias``, ``corrected bias``: of the winner's mean, in standard errors. ``covers``,
        ``corrected covers``: how often its interval does.
    """
    rest = np.array([truth[i] - np.delete(truth, i).max() for i in range(len(truth))])
    best, error = int(truth.argmax()), math.sqrt(1 / n)
    found = []
    for _ in range(studies):
        own = rng.normal(size=(n, len(truth))) * (1 if spreads is None else spreads)
        ranking = rank(truth + (rng.normal(size=(n, 1)) + own) / math.sqrt(2), higher_is_better=True)
        places, winner = ranking.places, ranking.winner
        assert winner is not None
        true = truth[winner.arm]
        found.append(
            (
                all(p.low - 1e-12 <= rest[p.arm] <= p.high + 1e-12 for p in places),
                places[best].standing == "another is as good or better",
                (winner.naive.value - true) / error,
                (winner.value - true) / error,
                winner.naive.low <= true <= winner.naive.high,
                winner.low <= true <= winner.high,
            )
        )
    names = ("together", "left out", "bias", "corrected bias", "covers", "corrected covers")
    return dict(zip(names, np.mean(found, axis=0).tolist(), strict=True))
