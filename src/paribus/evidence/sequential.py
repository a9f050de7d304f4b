"""Adding seeds until decided, without more false alarms than a study of fixed size.

Whoever tests at 3, 5, 10 and 20 seeds and stops at the first p < 0.05 raises a false alarm in 15 % of
studies, not in 5 %. Here the error probability α is spent over the planned looks, little early and most at
the end (Lan & DeMets 1983, with their approximation to O'Brien & Fleming 1979), and each look tests at the
level it spends. The levels sum to α, so by the union bound the study errs with probability ≤ α, however the
looks depend on each other. The price is small for a few looks (at those four sizes 4.9 % of null studies
err) and large for many (1.7 % with a look after every seed from 3 to 20): plan few.

The sizes are fixed beforehand, not chosen from the results seen so far.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from paribus.errors import EvidenceError
from paribus.evidence.estimate import mean_interval
from paribus.evidence.verdict import Judged, judge_family


@dataclass(frozen=True)
class Looks:
    """The numbers of seeds at which the results are looked at, the last being the most that will be run."""

    sizes: tuple[int, ...]
    alpha: float = 0.05

    @property
    def planned_most(self) -> int:
        """The seeds after which the study stops in any case."""
        return max(self.sizes, default=0)


@dataclass(frozen=True)
class Decision:
    """Whether to stop adding seeds.

    Attributes:
        stop: all comparisons are decided, or the last planned look is reached.
        judged: the comparisons; empty before the first look. A decision stays as it was at the look that
            made it (its arm needs no more seeds), unless a run of it diverged since.
        level: the α spent at the latest look.
        next_look: the size of the next look, None after stopping.
    """

    stop: bool
    judged: tuple[Judged, ...]
    level: float
    next_look: int | None


def plan_looks(first: int = 3, most: int = 20, count: int = 4, alpha: float = 0.05) -> Looks:
    """Plan up to `count` looks from `first` to `most` seeds, evenly spaced by ratio."""
    if not 2 <= first <= most or count < 2:
        raise EvidenceError(
            "a plan has two looks or more, the first at two seeds or more",
            got=f"{count} looks from {first} to {most} seeds",
        )
    sizes = np.unique(np.geomspace(first, most, count).round().astype(int))
    return Looks(tuple(int(size) for size in sizes), alpha)


def alpha_at(looks_at_n: Sequence[int], most: int, alpha: float = 0.05) -> tuple[float, ...]:
    """The level of the test at each look.

    The levels sum to `alpha` if the last look is at `most`, and to less if it comes earlier.
    By n of `most` seeds 2·(1 − Φ(z/√(n/most))) is spent, where z is the 1 − α/2 quantile (Lan & DeMets 1983).
    """
    from scipy.special import ndtr, ndtri

    sizes = [1, *looks_at_n, most + 1]
    if len(sizes) < 3 or any(a >= b for a, b in pairwise(sizes)):
        raise EvidenceError(f"looks are at increasing numbers of seeds from 2 to {most}", got=list(looks_at_n))
    if not 0 < alpha < 1:
        raise EvidenceError("alpha lies between 0 and 1", got=alpha, hint="0.05 is usual")
    spent = 2 * ndtr(ndtri(alpha / 2) / np.sqrt(np.asarray(looks_at_n) / most))
    return tuple(float(level) for level in np.diff(spent, prepend=0.0))


def follow(
    differences: ArrayLike,
    looks: Looks,
    *,
    delta: float | None,
    higher_is_better: bool,
    resolution: float = 0.0,
) -> Decision:
    """Say from the per-seed differences so far whether to stop, and what the evidence says.

    The intervals of a look have the confidence 1 − its level, so that those of one comparison all cover with
    probability ≥ 1 − α, however the study stops (repeated confidence intervals, Jennison & Turnbull 1989).

    Args:
        differences: table of seeds (rows, in the order run) by comparisons; NaN is a missing run, ±inf one
            that diverged.
        looks: the plan.
        delta: smallest difference that matters, or None.
        higher_is_better: whether larger values of the metric are good.
        resolution: smallest step of the metric, see `contrast`.
    """
    table = np.asarray(differences, dtype=np.float64)
    if table.ndim != 2:
        raise EvidenceError("differences are a table of seeds by comparisons", got=f"shape {table.shape}")
    levels = alpha_at(looks.sizes, looks.planned_most, looks.alpha)

    def judged_at(size: int, level: float) -> tuple[Judged, ...]:
        estimates = [mean_interval(column, 1 - level, resolution) for column in table[:size].T]
        return judge_family(
            estimates, delta=delta, higher_is_better=higher_is_better, alpha=level, planning_alpha=levels[-1]
        )

    done = [(size, level) for size, level in zip(looks.sizes, levels, strict=True) if size <= len(table)]
    histories = zip(*(judged_at(*look) for look in done), strict=True)
    judged = tuple(_standing(history) for history in histories)
    stop = len(done) == len(looks.sizes) or bool(judged and all(_decided(one) for one in judged))
    return Decision(stop, judged, done[-1][1] if done else 0.0, None if stop else looks.sizes[len(done)])


def _decided(judged: Judged) -> bool:
    return judged.verdict.word != "undecided"


def _standing(history: Sequence[Judged]) -> Judged:
    """The first decision; the latest state where there is none, or where a run diverged."""
    latest = history[-1]
    if latest.verdict.word == "diverged":
        return latest
    return next((judged for judged in history if _decided(judged)), latest)
