"""Seeds × evaluation examples for one fixed split: what the examples leave open, beside what training does."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from paribus.errors import EvidenceError
from paribus.evidence.estimate import ROUNDING, Estimate, Values, inferred

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Crossed:
    """Two-way random effects: difference of seed i on example j = mean + seed i + example j + the rest.

    Attributes:
        estimate: the mean over all runs and all examples that might have been; ``n`` is the number of seeds, ``sd``
            their spread, ``per_seed`` what each says on average, and ``overlap`` the variance that further seeds leave,
            since they share their examples, in units of that of the seeds.
        seeds: variance of the seeds' true means; 0 where it comes out negative.
        examples: variance of the examples' true means; likewise.
        rest: variance of what neither explains.
    """

    estimate: Estimate
    seeds: float
    examples: float
    rest: float


def crossed_effects(table: Values, confidence: float = 0.95) -> Crossed:
    """Mean difference of two arms from what both do with each example, seed by seed.

    Both arms meet the same examples: only those count on which they disagree, as in McNemar's test (1947), and that is
    why the interval is narrow. Seeds and examples are both drawn, so both add to the standard error,

        SE² = seeds/S + examples/E + rest/(S·E) = (MS_seeds + MS_examples − MS_rest) / (S·E),

    with degrees of freedom after Satterthwaite (1946), but no more than make the interval as long as that over seeds
    alone, which says less. It is about further examples and further trainings on these
    training data: which examples *train* is held fixed, so it says less than an interval about data like these.

    Args:
        table: (seeds, examples): the figure of one arm less that of the other, for correct answers 1, 0 or −1; a row
            with a missing value is left out.
        confidence: of the interval.

    Raises:
        EvidenceError: for what is no table, or has fewer than two examples.
    """
    values = np.asarray(table, np.float64)  # None becomes NaN
    if values.ndim != 2 or values.shape[1] < 2:
        raise EvidenceError("differences are a table of seeds by examples, two or more", got=f"shape {values.shape}")
    complete: NDArray[np.bool_] = np.asarray(~np.isnan(values).any(axis=1))
    kept = values[complete]
    found = _components(kept, confidence)
    means = iter(kept.mean(axis=1).tolist())
    per_seed = tuple(next(means) if present else None for present in complete.tolist())
    estimate = replace(found.estimate, dropped=int((~complete).sum()), per_seed=per_seed)
    return replace(found, estimate=estimate)


def _components(table: Array, confidence: float) -> Crossed:
    """Of a table without missing values."""
    seeds, examples = table.shape
    if seeds < 2:
        value = float(table.mean()) if seeds else math.nan
        unknown = Estimate(value, -math.inf, math.inf, seeds, math.nan, 0, math.nan, confidence)
        return Crossed(unknown, math.nan, math.nan, math.nan)
    by_seed, by_example, rest = _mean_squares(table)
    by_seed, by_example = max(by_seed, rest), max(by_example, rest)  # no component is below 0
    total = by_seed + by_example - rest
    of_rest = rest**2 / ((seeds - 1) * (examples - 1))
    freedom = by_seed**2 / (seeds - 1) + by_example**2 / (examples - 1) + of_rest
    df = total**2 / freedom if total else seeds - 1
    df = _no_narrower(df, seeds - 1, by_seed / total, confidence) if total else df
    sd, overlap = math.sqrt(by_seed / examples), (by_example - rest) / (seeds * by_seed) if by_seed else 0.0
    if not by_seed:  # all seeds say the same of every example
        sd = math.sqrt(total / examples)
    estimate = inferred(float(table.mean()), sd, seeds, df, confidence, overlap)
    return Crossed(estimate, (by_seed - rest) / examples, (by_example - rest) / seeds, rest)


def _mean_squares(table: Array) -> tuple[float, float, float]:
    """Of seeds, of examples, and of the rest; what is rounding counts as 0."""
    seeds, examples = table.shape
    of_seeds, of_examples = table.mean(axis=1), table.mean(axis=0)
    rest = table - of_seeds[:, None] - of_examples + table.mean()
    found = (
        examples * float(of_seeds.var(ddof=1)),
        seeds * float(of_examples.var(ddof=1)),
        float((rest**2).sum()) / ((seeds - 1) * (examples - 1)),
    )
    rounding = (ROUNDING * float(np.abs(table).max())) ** 2
    by_seed, by_example, left = (0.0 if square <= rounding else square for square in found)
    return by_seed, by_example, left


def _no_narrower(df: float, of_seeds: int, share: float, confidence: float) -> float:
    """Degrees of freedom with which an interval is no narrower than one with this share of its variance, and fewer."""
    from scipy.special import stdtridf, stdtrit

    level = (1 + confidence) / 2
    alone = float(stdtrit(of_seeds, level)) * math.sqrt(share)
    return float(stdtridf(level, alone)) if alone > stdtrit(df, level) else df
