"""Suspected wrong labels by confident learning (Northcutt, Jiang & Chuang, Journal of AI Research 70, 2021)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paribus.errors import EvidenceError

Array = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True)
class Suspicion:
    """What predictions for examples that were not learned say of their labels.

    Args:
        rows: places of the suspects, the most suspicious first: those whose label has the smallest probability.
        said: the class that each seems to be.
        joint: (K, K) how many examples have a label (row) and seem to be of a class (column), as estimated for all.
        thresholds: (K,) mean probability of a class among the examples of its label; NaN where there is none.
    """

    rows: tuple[int, ...]
    said: tuple[int, ...]
    joint: tuple[tuple[float, ...], ...]
    thresholds: tuple[float, ...]

    @property
    def noise(self) -> float:
        """The estimated share of wrong labels."""
        joint = np.array(self.joint)
        return float(1 - joint.trace() / joint.sum())


def suspect(shares: Array, labels: Whole) -> Suspicion:
    """Find labels that confident predictions contradict.

    An example counts for class j where its probability of j reaches the threshold tⱼ, the mean probability of j among
    all examples labelled j; of several such classes for the likeliest (eq. 1). Examples that count for another class
    than their label, and are predicted to be another, are the suspects; ranked by the probability of their label
    (self-confidence). The joint is the table of these counts, each row brought to the number of examples of its label
    (eq. 3).

    Args:
        shares: (N, K) probabilities by networks that were not trained on these examples.
        labels: (N,) as given, from 0 to K − 1.

    Raises:
        EvidenceError: for arrays that do not fit.
    """
    if shares.ndim != 2 or labels.shape != shares.shape[:1] or not len(labels):
        raise EvidenceError("each label needs a row of probabilities", got=f"{shares.shape}, {labels.shape}")
    classes = shares.shape[1]
    counts = np.bincount(labels, minlength=classes)
    own = shares[np.arange(len(labels)), labels]
    present = counts > 0
    thresholds = np.where(present, np.bincount(labels, own, classes) / np.maximum(counts, 1), np.nan)
    above = present & (shares >= np.where(present, thresholds, np.inf) - 1e-6)
    confident = above.any(1)
    seems = np.where(above, shares, -1.0).argmax(1)
    table = np.zeros((classes, classes))
    np.add.at(table, (labels[confident], seems[confident]), 1)
    wrong = confident & (seems != labels) & (shares.argmax(1) != labels)
    rows = np.flatnonzero(wrong)
    rows = rows[np.argsort(own[rows], kind="stable")]
    return Suspicion(
        tuple(rows.tolist()),
        tuple(seems[rows].tolist()),
        tuple(map(tuple, _to_counts(table, counts).tolist())),
        tuple(thresholds.tolist()),
    )


def _to_counts(table: Array, counts: Whole) -> Array:
    """The table of confident examples with rows that sum to all examples of a label; one without is taken as right."""
    sums = table.sum(1)
    filled = np.where(sums[:, None] > 0, table, np.eye(len(table)))
    joint: Array = filled / filled.sum(1, keepdims=True) * counts[:, None]
    return joint
