"""Adding seeds until decided, without more false alarms than a study of fixed size.

Testing at 3, 5, 10 and 20 seeds and stopping at the first p < 0.05 raises a false alarm in 15 % of
studies, not in 5 %. Here the error probability α is spent over the planned interim analyses, little early and
most at the end (Lan & DeMets 1983, with their approximation to O'Brien & Fleming 1979), and each analysis tests
at the level it spends. The levels sum to α, so by the union bound the study errs with probability ≤ α, however
the analyses depend on each other. The price is small for a few (at those four sizes 4.9 % of null studies err)
and large for many (1.7 % with one after every seed from 3 to 20): plan few.

The sizes are fixed beforehand, not chosen from the results seen so far.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from paribus.errors import EvidenceError
from paribus.evidence.estimate import Values, contrast
from paribus.evidence.verdict import Judged, judge_family


@dataclass(frozen=True)
class InterimAnalyses:
    """The numbers of seeds at which the results are analysed, the last being the most that will be run."""

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
        stop: all comparisons are decided, or the last planned analysis is reached.
        judged: the comparisons; empty before the first analysis. A decision stays as it was at the analysis that
            made it (its arm needs no more seeds), unless a run of it diverged since.
        level: the α spent at the latest analysis.
        next_size: the number of seeds of the next analysis, None after stopping.
    """

    stop: bool
    judged: tuple[Judged, ...]
    level: float
    next_size: int | None


def plan_analyses(first: int = 3, most: int = 20, count: int = 4, alpha: float = 0.05) -> InterimAnalyses:
    """Plan up to `count` analyses from `first` to `most` seeds, evenly spaced by ratio."""
    if not 2 <= first <= most or count < 2:
        raise EvidenceError(
            "a plan has two analyses or more, the first at two seeds or more",
            got=f"{count} analyses from {first} to {most} seeds",
        )
    sizes = np.unique(np.geomspace(first, most, count).round().astype(int))
    return InterimAnalyses(tuple(int(size) for size in sizes), alpha)


def alpha_at(analyses: Sequence[int], most: int, alpha: float = 0.05) -> tuple[float, ...]:
    """The level of the test at each analysis.

    The levels sum to `alpha` if the last one is at `most`, and to less if it comes earlier.
    By n of `most` seeds 2·(1 − Φ(z/√(n/most))) is spent, where z is the 1 − α/2 quantile (Lan & DeMets 1983).
    """
    from scipy.special import ndtr, ndtri

    sizes = [1, *analyses, most + 1]
    if len(sizes) < 3 or any(a >= b for a, b in pairwise(sizes)):
        raise EvidenceError(f"interim analyses are at increasing numbers of seeds from 2 to {most}", got=list(analyses))
    if not 0 < alpha < 1:
        raise EvidenceError("alpha lies between 0 and 1", got=alpha, hint="0.05 is usual")
    spent = 2 * ndtr(ndtri(alpha / 2) / np.sqrt(np.asarray(analyses) / most))
    return tuple(float(level) for level in np.diff(spent, prepend=0.0))


def sequential_test(
    values: Values,
    weights: ArrayLike,
    analyses: InterimAnalyses,
    *,
    delta: float | None,
    higher_is_better: bool,
    resolution: float = 0.0,
    diverged: ArrayLike | None = None,
    overlap: float = 0.0,
) -> Decision:
    """Say from the seeds so far whether to stop, and what the evidence says.

    The intervals of an analysis cover together with probability 1 − its level, so that those of all analyses do with
    probability ≥ 1 − α, however the study stops (repeated confidence intervals, Jennison & Turnbull 1989).

    Args:
        values: table of seeds (rows, in the order run) by arms; ``None`` or NaN where a run has no value.
        weights: one row for each comparison, one weight per arm; see `contrast`.
        analyses: the plan.
        delta: smallest difference that matters, or None.
        higher_is_better: whether larger values of the metric are good.
        resolution: smallest step of the metric; see `contrast`.
        diverged: table of the same shape as the values, true where a run diverged.
        overlap: validation examples per training example; see `Estimate`.
    """
    table = np.asarray(values, dtype=np.float64)
    if table.ndim != 2:
        raise EvidenceError("values are a table of seeds by arms", got=f"shape {table.shape}")
    lost = np.zeros(table.shape, bool) if diverged is None else np.asarray(diverged, bool)
    levels = alpha_at(analyses.sizes, analyses.planned_most, analyses.alpha)

    def judged_at(size: int, level: float) -> tuple[Judged, ...]:
        seen, gone = table[:size], lost[:size]
        estimates = [contrast(seen, row, 1 - level, resolution, gone, overlap) for row in np.asarray(weights)]
        return judge_family(
            estimates, delta=delta, higher_is_better=higher_is_better, alpha=level, planning_alpha=levels[-1]
        )

    done = [(size, level) for size, level in zip(analyses.sizes, levels, strict=True) if size <= len(table)]
    histories = zip(*(judged_at(*analysis) for analysis in done), strict=True)
    judged = tuple(_standing(history) for history in histories)
    stop = len(done) == len(analyses.sizes) or bool(judged and all(_decided(one) for one in judged))
    return Decision(stop, judged, done[-1][1] if done else 0.0, None if stop else analyses.sizes[len(done)])


def _decided(judged: Judged) -> bool:
    return judged.verdict.word != "undecided"


def _standing(history: Sequence[Judged]) -> Judged:
    """The first decision; the latest state where there is none, or where a run diverged."""
    latest = history[-1]
    if latest.verdict.word == "diverged":
        return latest
    return next((judged for judged in history if _decided(judged)), latest)
