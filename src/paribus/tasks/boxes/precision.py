"""Average precision of found boxes by the rule of COCO (Lin et al., 2014)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

THRESHOLDS = tuple(round(0.5 + 0.05 * step, 2) for step in range(10))  # IoU .50, .55, … .95
RECALLS = np.linspace(0, 1, 101)  # at which precision is read off
MOST = 100  # boxes of a picture and class that count, the best ones

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Found:
    """The boxes of one picture.

    Args:
        boxes: (n, 4) left, top, right, bottom.
        labels: (n,) classes.
        scores: (n,) how sure, the more the larger; of true boxes nothing.
    """

    boxes: Floats
    labels: NDArray[np.int64]
    scores: Floats | None = None

    def of(self, label: int) -> Found:
        """Those of one class, the best first."""
        rows = np.flatnonzero(self.labels == label)
        if self.scores is None:
            return Found(self.boxes[rows], self.labels[rows])
        rows = rows[np.argsort(-self.scores[rows], kind="stable")][:MOST]
        return Found(self.boxes[rows], self.labels[rows], self.scores[rows])


@dataclass(frozen=True)
class Matched:
    """The found boxes of one class in all pictures, each right or wrong.

    Args:
        scores: (n,).
        right: (thresholds, n) whether a box was matched with a true one that no better box had.
        pictures: (n,) in which picture each is.
        true: (pictures,) how many boxes there are to be found in each.
    """

    scores: Floats
    right: NDArray[np.bool_]
    pictures: NDArray[np.int64]
    true: NDArray[np.int64]


def overlaps(one: Floats, other: Floats) -> Floats:
    """IoU of each of (n, 4) with each of (m, 4): (n, m); in float64, as verdicts at a threshold are to be exact."""
    low, high = np.maximum(one[:, None, :2], other[None, :, :2]), np.minimum(one[:, None, 2:], other[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(-1)
    areas = [np.clip(boxes[:, 2:] - boxes[:, :2], 0, None).prod(-1) for boxes in (one, other)]
    found: Floats = shared / np.maximum(areas[0][:, None] + areas[1][None] - shared, 1e-12)
    return found


def matched(table: Floats, thresholds: Sequence[float] = THRESHOLDS) -> NDArray[np.bool_]:
    """Which found boxes (rows, the best first) are right: (thresholds, n).

    Each takes the true box (column) that it overlaps with most among those not taken yet, if that is the threshold or
    more.
    """
    limits = np.asarray(thresholds)
    places = np.arange(len(limits))
    free = np.ones((len(limits), table.shape[1]), bool)
    right = np.zeros((len(limits), len(table)), bool)
    if not table.shape[1]:
        return right
    for row in np.flatnonzero(table.max(1) >= limits.min()):
        left = np.where(free, table[row], -1.0)  # (thresholds, m)
        best = left.argmax(1)
        right[:, row] = left[places, best] >= limits
        free[places, best] &= ~right[:, row]
    return right


def match(
    found: Sequence[Found], true: Sequence[Found], label: int, thresholds: Sequence[float] = THRESHOLDS
) -> Matched:
    """All pictures of one class.

    Args:
        found, true: one each for every picture.
        label: the class.
        thresholds: IoU from which a box counts as found.
    """
    mine, theirs = [one.of(label) for one in found], [one.of(label) for one in true]
    pairs = zip(mine, theirs, strict=True)
    right = [matched(overlaps(one.boxes, other.boxes), thresholds) for one, other in pairs]
    counts = [len(one.boxes) for one in mine]
    return Matched(
        np.concatenate([one.scores for one in mine if one.scores is not None] or [np.zeros(0)]),
        np.concatenate(right, 1) if right else np.zeros((len(thresholds), 0), bool),
        np.repeat(np.arange(len(mine)), counts),
        np.array([len(one.boxes) for one in theirs], np.int64),
    )


def average_precision(scores: Floats, right: NDArray[np.bool_], true: int) -> Floats:
    """Average precision for each threshold (thresholds,): the mean of 101 precisions at recalls 0, .01, …, 1.

    The precision at a recall is the best at that recall or a higher one, and 0 where it is never reached.

    Args:
        scores: (n,).
        right: (thresholds, n).
        true: how many boxes there are to be found, at least 1.
    """
    recall, precision = curve(scores, right, true)
    kept = np.concatenate([precision, np.zeros((len(precision), 1))], 1)
    places = np.stack([row.searchsorted(RECALLS, side="left") for row in recall])
    values: Floats = np.take_along_axis(kept, places, 1).mean(1)
    return values


def curve(scores: Floats, right: NDArray[np.bool_], true: int) -> tuple[Floats, Floats]:
    """Recall and precision behind each found box, the best first, both (thresholds, n); precision never rises."""
    order = np.argsort(-scores, kind="stable")
    hits = right[:, order].cumsum(1)
    precision = hits / np.arange(1, len(order) + 1)
    falling = np.maximum.accumulate(precision[:, ::-1], 1)[:, ::-1]
    return hits / true, falling


def mean_average_precision(
    found: Sequence[Found], true: Sequence[Found], classes: int, thresholds: Sequence[float] = THRESHOLDS
) -> Floats:
    """For each threshold and class (thresholds, classes); not a number for classes of which there is no true box."""
    values = np.full((len(thresholds), classes), np.nan)
    for label in range(classes):
        one = match(found, true, label, thresholds)
        if one.true.sum():
            values[:, label] = average_precision(one.scores, one.right, int(one.true.sum()))
    return values
