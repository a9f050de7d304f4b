"""The kill test: whether a planted fault does harm at all.

A mutant counts as killed if its figure is worse than that of the sound program with p < .05 and an effect of at least
half a deviation (Jahangirova & Tonella 2020), here over seeds that are paired. A fault that does no harm to a host, as
a summed loss under Adam, is no fault there, and graded apart.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean, stdev
from typing import Literal

from paribus.diagnosis.grading.cases import Case, Pair
from paribus.diagnosis.grading.hosts import NAMED
from paribus.diagnosis.grading.work import settled
from paribus.evidence.estimate import paired_difference

ALPHA, EFFECT, SEEDS = 0.05, 0.5, 10
Verdict = Literal["harmful", "harmless", "undecided"]


@dataclass(frozen=True)
class Harm:
    """What a fault does to a host.

    Args:
        loss: by how much the figure is worse, in its own unit.
        d: the same in deviations of single trainings, pooled (Cohen 1988).
        p: two-sided, of a paired t-test.
        n: pairs of seeds.
    """

    loss: float
    d: float
    p: float
    n: int

    @property
    def verdict(self) -> Verdict:
        """Harmful, or harmless where enough seeds showed nothing of it."""
        if self.n >= 2 and self.loss > 0 and self.p < ALPHA and self.d >= EFFECT:
            return "harmful"
        return "harmless" if self.n >= SEEDS else "undecided"


def harm(planted: Sequence[float], twins: Sequence[float], higher_is_better: bool) -> Harm:
    """Of figures of planted trainings and of their twins, paired by position."""
    sign = 1.0 if higher_is_better else -1.0
    found = paired_difference([sign * value for value in twins], [sign * value for value in planted])
    return Harm(found.value, _effect(planted, twins, found.value), found.p, found.n)


def figure(case: Case, runs: Path) -> float | None:
    """The figure of a training that is over; the worst one of those that end without any."""
    folder = case.folder(runs)
    if not settled(folder):
        return None
    value = folder.metrics.get(case.metric)
    worst = NAMED[case.host].figure.worst
    if value is None or not math.isfinite(value):
        return worst
    return max(value, worst) if NAMED[case.host].figure.higher_is_better else min(value, worst)


def judged(pairs: Sequence[Pair], runs: Path) -> Harm:
    """Of all pairs of a cell of which both trainings are over."""
    found = [(figure(pair.planted, runs), figure(pair.twin, runs)) for pair in pairs]
    both = [(planted, twin) for planted, twin in found if planted is not None and twin is not None]
    if not both:
        return Harm(math.nan, math.nan, math.nan, 0)
    planted, twins = zip(*both, strict=True)
    return harm(planted, twins, NAMED[pairs[0].planted.host].figure.higher_is_better)


def _effect(planted: Sequence[float], twins: Sequence[float], loss: float) -> float:
    if len(planted) < 2:
        return math.nan
    spread = math.sqrt(fmean((stdev(planted) ** 2, stdev(twins) ** 2)))
    return loss / spread if spread else math.copysign(math.inf, loss) if loss else 0.0
