"""What a confusion says of each class."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class ClassFigures:
    """One class against the rest; of nothing there is no share.

    Args:
        name: of the class.
        tp, fp, fn, tn: right and wrong, said to be of the class (positive) or not.
        precision: TP / (TP + FP), how often it is right where the class is said.
        recall: TP / (TP + FN), the share of the class that is found; also sensitivity.
        specificity: TN / (TN + FP), the share of the rest that is left alone.
        f1: 2TP / (2TP + FP + FN).
        iou: TP / (TP + FP + FN).
    """

    name: str
    tp: int
    fp: int
    fn: int
    tn: int
    precision: float | None
    recall: float | None
    specificity: float | None
    f1: float | None
    iou: float | None

    @property
    def support(self) -> int:
        """How many there are of the class."""
        return self.tp + self.fn


def class_figures(confusion: Sequence[Sequence[int]], names: Sequence[str]) -> tuple[ClassFigures, ...]:
    """The figures of each class from how often each (row) was taken for each (column)."""
    whole, said = sum(map(sum, confusion)), [sum(column) for column in zip(*confusion, strict=True)]
    return tuple(
        _figures(name, row[place], said[place] - row[place], sum(row) - row[place], whole)
        for place, (name, row) in enumerate(zip(names, confusion, strict=True))
    )


def _figures(name: str, tp: int, fp: int, fn: int, whole: int) -> ClassFigures:
    tn = whole - tp - fp - fn
    shares = ((tp, tp + fp), (tp, tp + fn), (tn, tn + fp), (2 * tp, 2 * tp + fp + fn), (tp, tp + fp + fn))
    return ClassFigures(name, tp, fp, fn, tn, *(part / of if of else None for part, of in shares))
