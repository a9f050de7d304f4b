"""Labelling: one of several classes for every token of a sequence."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

import torch.nn.functional as F
from torch import Tensor, nn

from paribus.data.deliver.loader import Batch
from paribus.data.info import DataInfo
from paribus.ranks import as_share
from paribus.records.metric import ACCURACY, LOSS, MACRO_F1, Metric
from paribus.tasks.classification import ClassificationMeter
from paribus.tasks.inspection import Inspection, confusion
from paribus.tasks.task import Task


class Labelling(Task):
    """Assign each token to one class, by cross-entropy; a label that the data call ``ignore`` does not count."""

    metrics: ClassVar[tuple[Metric, ...]] = (ACCURACY, LOSS, MACRO_F1)

    def __init__(self, info: DataInfo) -> None:
        super().__init__(info)
        self.ignore = -100 if info.text is None or info.text.ignore is None else info.text.ignore

    def output_shape(self, batch: Batch) -> tuple[int, ...]:
        """(B, T, classes)."""
        return *batch.targets.shape, self.num_outputs

    def loss(self, stage: str, network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        """Mean loss of all tokens that count, and what the model gave (B, T, classes)."""
        outputs: Tensor = network(batch.inputs).float()
        said, true = outputs.flatten(0, 1), batch.targets.flatten()
        losses = F.cross_entropy(said, true, ignore_index=self.ignore, reduction="sum")
        counted = (true != self.ignore).sum()  # of several processes one may have none
        return losses / as_share(counted, len(batch)), outputs

    def inspect(self, network: nn.Module, batch: Batch) -> Inspection:
        """The share of wrong labels of each sequence, its true labels and those given, and how they are confused."""
        targets, said = batch.targets, self.predict(network, batch.inputs).argmax(2)
        known, names = targets != self.ignore, self.info.classes
        wrong = ((said != targets) & known).sum(1) / known.sum(1).clamp(min=1)
        truth, answers = self._words(targets, known), self._words(said, known)
        table = confusion(targets[known], said[known], len(names))
        return Inspection("share of wrong labels", wrong, truth, answers, confusion=table, unit="tokens")

    def _words(self, labels: Tensor, known: Tensor) -> list[str]:
        """Each sequence of labels (B, T) as words, with a dot where a label does not count."""
        pairs = zip(labels.tolist(), known.tolist(), strict=True)
        return [
            " ".join(self.info.classes[label] if counts else "·" for label, counts in zip(row, kept, strict=True))
            for row, kept in pairs
        ]

    def meter(self, split: str) -> LabellingMeter:
        """Loss and accuracy while training; the whole confusion matrix otherwise."""
        return LabellingMeter(len(self.info.classes), self.ignore, confusion=split != "train")

    def predict(self, network: nn.Module, inputs: Tensor) -> Tensor:
        """Probabilities (B, T, classes)."""
        outputs: Tensor = network(inputs).float()
        return outputs.softmax(2)


class LabellingMeter(ClassificationMeter):
    """The figures of classification, with a token as an example.

    Args:
        classes: how many there are.
        ignore: the label that does not count.
        confusion: whether to count the confusion matrix.
    """

    def __init__(self, classes: int, ignore: int, confusion: bool) -> None:
        super().__init__(classes, confusion)
        self.ignore = ignore

    def update(self, stage: str, loss: Tensor, outputs: Tensor, batch: Batch) -> None:
        """Count one batch."""
        targets = batch.targets.flatten()
        counts = targets != self.ignore
        flat = replace(batch, targets=targets[counts])
        super().update(stage, loss, outputs.flatten(0, 1)[counts], flat)
