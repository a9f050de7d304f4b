"""Cross-validation: k folds, and five times two, as estimates about data like these."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paribus.errors import EvidenceError
from paribus.evidence.estimate import Estimate, Values, mean_interval


def k_folds(differences: Values, confidence: float = 0.95) -> Estimate:
    """Mean difference over the k folds of one cross-validation, with the corrected standard error.

    Any two training parts share all but one of their folds, and no unbiased estimate of the variance of the mean exists
    that would hold for all data and learners: it depends on covariances that one cross-validation does not show
    (Bengio & Grandvalet 2004). The correction of Nadeau & Bengio (2003) assumes them: the overlap is that of one fold
    with the others, 1/(k − 1), as if the folds' validation parts were drawn anew each time. They are not, so it errs to
    the safe side, the more so the less a fit depends on single examples; random splits show more with as many fits.

    Args:
        differences: one for each fold, in which every example validates once.
        confidence: of the interval.
    """
    folds = np.asarray(differences, np.float64)
    if folds.ndim != 1 or len(folds) < 2 or np.isnan(folds).any():
        rule = "a cross-validation has two folds or more, and a value for each: without one of them it is none"
        raise EvidenceError(rule, got=np.round(folds, 6).tolist(), hint="train the missing fold")
    return mean_interval(folds, confidence, overlap=1 / (len(folds) - 1))


@dataclass(frozen=True)
class FiveByTwo:
    """Two tests of one difference by five times two folds.

    Attributes:
        value: mean of the ten differences.
        t: Dietterich's statistic: the first difference over the spread within the repetitions.
        p_t: its p-value, from t with 5 degrees of freedom.
        f: Alpaydin's statistic: the mean of all squares over the spread within the repetitions.
        p_f: its p-value, from F with 10 and 5 degrees of freedom.
    """

    value: float
    t: float
    p_t: float
    f: float
    p_f: float


def five_by_two(differences: Values) -> FiveByTwo:
    """Dietterich's 5×2 cv t-test (1998) and Alpaydin's combined F-test (1999).

    Five times the examples are halved at random, and each half validates once what the other trains. The two
    differences of a repetition share no training example, so their spread s² = (d₁ − d₂)²/2 is that of independent
    draws; with d₁ the first of all, t = d₁/√(Σs²/5), and F = Σd²/(2·Σs²) uses all ten. Both train on half of the
    examples only.

    Args:
        differences: (5, 2): repetitions by halves.
    """
    from scipy.special import fdtrc, stdtr

    table = np.asarray(differences, np.float64)
    if table.shape != (5, 2) or np.isnan(table).any():
        raise EvidenceError("5×2 cross-validation has ten differences, five rows of two", got=f"shape {table.shape}")
    within = float(((table[:, 0] - table[:, 1]) ** 2).sum()) / 2  # Σs²
    if within == 0:
        rule = "the two halves agree exactly in all repetitions: their spread is not known"
        raise EvidenceError(rule, got=table.tolist(), hint="use a finer metric, or more examples")
    t, f = float(table[0, 0]) / (within / 5) ** 0.5, float((table**2).sum()) / (2 * within)
    return FiveByTwo(float(table.mean()), t, 2 * float(stdtr(5, -abs(t))), f, float(fdtrc(10, 5, f)))
