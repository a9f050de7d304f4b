"""Classification: one of several classes for every example."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from paribus.data.facts import Facts
from paribus.data.feed import Batch
from paribus.records.metric import Metric


class Classification:
    """Assign each example to one class.

    The loss fits the model's ``final_activation``: cross-entropy from logits, or from the probabilities of a softmax;
    for a sigmoid the binary cross-entropy, summed over the classes.

    Args:
        label_smoothing: share of the target probability that is spread evenly over all classes.
        class_weights: weight of each class in the loss; balanced makes rare classes count as much as common ones.
    """

    metrics: ClassVar[tuple[Metric, ...]] = (
        Metric("accuracy", higher_is_better=True, percent=True, matters=0.01),
        Metric("loss", higher_is_better=False),
        Metric("macro_f1", higher_is_better=True, percent=True, matters=0.01),
    )

    def __init__(
        self,
        facts: Facts,
        label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0,
        class_weights: Literal["none", "balanced"] = "none",
    ) -> None:
        self.facts, self.label_smoothing, self.class_weights = facts, label_smoothing, class_weights
        counts = torch.tensor(facts.class_counts, dtype=torch.float32)
        self.weights = counts.sum() / (len(counts) * counts) if class_weights == "balanced" else None

    def stages(self, network: nn.Module) -> Mapping[str, list[nn.Parameter]]:
        """All parameters together."""
        return {"model": [parameter for parameter in network.parameters() if parameter.requires_grad]}

    def loss(self, stage: str, network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        """Mean loss of the batch, and what the model gave (B, classes)."""
        outputs: Tensor = network(batch.inputs).float()
        if self.weights is not None:
            self.weights = self.weights.to(outputs.device)
        if (final := final_activation(network)) == "sigmoid":
            targets = self._smooth(F.one_hot(batch.targets, outputs.shape[1]).float())
            return F.binary_cross_entropy(outputs, targets, weight=self.weights) * outputs.shape[1], outputs
        logits = outputs.clamp(min=1e-12).log() if final == "softmax" else outputs
        loss = F.cross_entropy(logits, batch.targets, weight=self.weights, label_smoothing=self.label_smoothing)
        return loss, outputs

    def meter(self, split: str) -> ClassificationMeter:
        """Loss and accuracy while training; the whole confusion matrix otherwise."""
        return ClassificationMeter(len(self.facts.classes), confusion=split != "train")

    def predict(self, network: nn.Module, inputs: Tensor) -> Tensor:
        """Probabilities (B, classes)."""
        outputs: Tensor = network(inputs).float()
        final = final_activation(network)
        if final == "sigmoid":  # one yes-or-no per class: as shares
            return outputs / outputs.sum(1, keepdim=True).clamp(min=1e-12)
        return outputs if final == "softmax" else outputs.softmax(1)

    def _smooth(self, targets: Tensor) -> Tensor:
        return targets * (1 - self.label_smoothing) + self.label_smoothing / targets.shape[1]


class ClassificationMeter:
    """Sums of loss and hits, and the confusion matrix if asked for."""

    def __init__(self, classes: int, confusion: bool) -> None:
        self.classes, self.confusion = classes, confusion
        self.loss: Tensor | float = 0.0
        self.hits: Tensor | int = 0  # number, or (classes, classes) counts of (true, predicted)
        self.count = 0

    def update(self, stage: str, loss: Tensor, outputs: Tensor, batch: Batch) -> None:
        """Count one batch."""
        size = len(batch.targets)
        guesses = outputs.argmax(1)
        self.count += size
        self.loss = loss.double() * size + self.loss
        if self.confusion:
            pairs = (batch.targets * self.classes + guesses).bincount(minlength=self.classes**2)
            self.hits = pairs.view(self.classes, self.classes) + self.hits
        else:
            self.hits = (guesses == batch.targets).sum() + self.hits

    def figures(self) -> dict[str, float]:
        """Mean loss, accuracy, and macro-F1 where the confusion matrix is known."""
        loss, hits = torch.as_tensor(self.loss), torch.as_tensor(self.hits)
        if not self.confusion:
            return {"loss": float(loss) / self.count, "accuracy": float(hits) / self.count}
        accuracy = float(hits.diagonal().sum()) / self.count
        return {"loss": float(loss) / self.count, "accuracy": accuracy, "macro_f1": macro_f1(hits)}

    def state(self) -> dict[str, Tensor]:
        """The sums."""
        values = {"loss": self.loss, "hits": self.hits, "count": self.count}
        return {name: torch.as_tensor(value).cpu() for name, value in values.items()}

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go on from saved sums."""
        self.loss, self.hits, self.count = state["loss"], state["hits"], int(state["count"])


def macro_f1(confusion: Tensor) -> float:
    """Unweighted mean over classes of F1 = 2TP / (2TP + FP + FN), 0 for a class that is never seen nor said."""
    hits = confusion.diagonal().double()
    either = confusion.sum(0) + confusion.sum(1)  # 2TP + FP + FN
    return float((2 * hits / either.clamp(min=1)).mean())


def final_activation(network: nn.Module) -> str:
    """What the model applies to its outputs, if it says so."""
    return str(getattr(getattr(network, "model", network), "final_activation", "none"))
