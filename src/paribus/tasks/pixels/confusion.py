"""All figures of pixels from one confusion matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from paribus.data.deliver.loader import Batch


class Confusion:
    """Mean loss, and how often each class was said to be each class.

    Pixels are only collected at first and counted many at a time: a step should not wait for its bookkeeping.

    Args:
        classes: their names.
        ignore: a label that is no class, or ``None``.
        details: whether the figures tell the IoU of every class.
    """

    PENDING = 1 << 22  # pixels that may wait to be counted

    def __init__(self, classes: Sequence[str], ignore: int | None, details: bool) -> None:
        self.classes, self.ignore, self.details = classes, ignore, details
        self.matrix = torch.zeros(len(classes), len(classes), dtype=torch.int64)  # (true, said)
        self.loss: Tensor | float = 0.0
        self.count = 0
        self._pending: list[Tensor] = []

    def update(self, stage: str, loss: Tensor, outputs: Tensor, batch: Batch) -> None:
        """Count one batch of logits (B, K, H, W) and class indices (B, H, W)."""
        self.loss = self.loss + loss.double() * len(batch.rows)
        self.count += len(batch.rows)
        self._pending.append(pairs(batch.targets, outputs.argmax(1), len(self.classes), self.ignore))
        if sum(map(len, self._pending)) > self.PENDING:
            self._count()

    def figures(self) -> dict[str, float]:
        """Mean loss, mIoU, pixel accuracy, and the IoU of every class that occurs."""
        self._count()
        figures = {"loss": float(self.loss) / self.count, "miou": mean_iou(self.matrix)}
        figures["pixel_accuracy"] = int(self.matrix.trace()) / max(1, int(self.matrix.sum()))
        if self.details:
            shares = zip(self.classes, iou(self.matrix).tolist(), strict=True)
            figures |= {f"iou/{name}": share for name, share in shares if share == share}
        return figures

    def state(self) -> dict[str, Any]:
        """The sums."""
        self._count()
        return {"loss": float(self.loss), "count": self.count, "matrix": self.matrix}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from saved sums."""
        self.loss, self.count, self.matrix = state["loss"], state["count"], state["matrix"]

    def _count(self) -> None:
        if self._pending:
            found, self._pending = torch.cat(self._pending), []
            counts = found.bincount(minlength=self.matrix.numel() + 1)[: self.matrix.numel()]  # the ignored at the end
            self.matrix = self.matrix + counts.view_as(self.matrix).cpu()


def pairs(true: Tensor, said: Tensor, classes: int, ignore: int | None) -> Tensor:
    """A number for every pixel, true·K + said, and K² for those to ignore; int32 (pixels,)."""
    numbers = true.int() * classes + said.int()
    if ignore is not None:
        numbers.masked_fill_(true == ignore, classes**2)
    return numbers.flatten()


def iou(matrix: Tensor) -> Tensor:
    """Intersection over union of every class, TP / (TP + FP + FN), from (true, said) counts (K, K).

    It is not a number for a class that neither occurs nor is said (Jaccard, 1912).
    """
    hits = matrix.diagonal().double()
    return hits / (matrix.sum(0) + matrix.sum(1) - hits)


def mean_iou(matrix: Tensor) -> float:
    """Mean IoU over the classes that occur or are said; 0 if there is none."""
    return float(iou(matrix).nanmean().nan_to_num())
