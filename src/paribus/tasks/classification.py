"""Classification: one of several classes for every example."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from paribus.data.deliver.loader import Batch
from paribus.data.info import DataInfo
from paribus.errors import DataError, RecipeError
from paribus.records.metric import ACCURACY, LOSS, MACRO_F1, Metric
from paribus.tasks.inspection import Inspection, confusion
from paribus.tasks.pictures import chunks, decoded
from paribus.tasks.prediction import Prediction
from paribus.tasks.tables import for_rows
from paribus.tasks.task import Task


class Classification(Task):
    """Assign each example to one class.

    The loss fits the model's last function, its ``final``: cross-entropy from logits, or from the probabilities of a
    softmax; for a sigmoid the binary cross-entropy, summed over the classes.

    Args:
        label_smoothing: share of the target probability that is spread evenly over all classes.
        class_weights: weight of the examples of each class in the loss; balanced makes rare classes count as much as
            common ones, with mean weight 1.
    """

    metrics: ClassVar[tuple[Metric, ...]] = (ACCURACY, LOSS, MACRO_F1)
    scored: ClassVar[tuple[str, ...]] = ("accuracy", "loss")

    def __init__(
        self,
        info: DataInfo,
        label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0,
        class_weights: Literal["none", "balanced"] = "none",
    ) -> None:
        super().__init__(info)
        if info.target_mean:
            hint = "set task.use=regression; or, in a table, data.target_kind=classes"
            raise DataError("classification needs classes, and these targets are numbers", got="numbers", hint=hint)
        self.label_smoothing, self.class_weights = label_smoothing, class_weights
        counts = torch.tensor(info.class_counts, dtype=torch.float32)
        self.weights = counts.sum() / (len(counts) * counts) if class_weights == "balanced" else None

    def output_shape(self, batch: Batch) -> tuple[int, ...]:
        """(B, classes)."""
        return len(batch), self.num_outputs

    def loss(self, stage: str, network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        """Mean loss of the batch, and what the model gave (B, classes)."""
        outputs: Tensor = network(batch.inputs).float()
        final = final_activation(network)
        if self.weights is None and final != "sigmoid":  # one kernel: a tenth of a small network's step
            return self._cross_entropy(final, outputs, batch.targets, "mean"), outputs
        return self._weighted(self.losses(final, outputs, batch.targets), batch.targets).mean(), outputs

    def scores(self, network: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Whether each example is classified correctly, and its loss."""
        outputs: Tensor = network(batch.inputs).float()
        losses = self.losses(final_activation(network), outputs, batch.targets)
        return {"accuracy": outputs.argmax(1) == batch.targets, "loss": self._weighted(losses, batch.targets)}

    def losses(self, final: str, outputs: Tensor, targets: Tensor) -> Tensor:
        """Loss of every example (B,), from outputs (B, classes) behind a final activation.

        Targets are class indices (B,), or, of mixed pictures, shares (B, classes).
        """
        if final != "sigmoid":
            return self._cross_entropy(final, outputs, targets, "none")
        shares = self._smooth(targets if targets.ndim == 2 else F.one_hot(targets, outputs.shape[1]).float())
        with torch.autocast(outputs.device.type, enabled=False):  # on a GPU torch refuses this loss under autocast
            return F.binary_cross_entropy(outputs, shares, reduction="none").sum(1)

    def _weighted(self, losses: Tensor, targets: Tensor) -> Tensor:
        if self.weights is None:
            return losses
        self.weights = self.weights.to(losses.device)
        return losses * (targets @ self.weights if targets.is_floating_point() else self.weights[targets])

    def _cross_entropy(self, final: str, outputs: Tensor, targets: Tensor, reduction: str) -> Tensor:
        logits = outputs.clamp(min=1e-12).log() if final == "softmax" else outputs
        return F.cross_entropy(logits, targets, reduction=reduction, label_smoothing=self.label_smoothing)

    def fitting(self, batch: Batch) -> tuple[Tensor, Tensor | None]:
        """Class indices (B,), and the weights of their classes."""
        if self.label_smoothing or batch.targets.ndim > 1:
            got = f"task.label_smoothing={self.label_smoothing}" if self.label_smoothing else "mixed pictures"
            hint = "leave that out, or these models"
            raise RecipeError("models that are fitted at once know no shares of classes", got=got, hint=hint)
        weights = None if self.weights is None else self.weights.to(batch.targets.device)[batch.targets]
        return batch.targets, weights

    def meter(self, split: str) -> ClassificationMeter:
        """Loss and accuracy while training; the whole confusion matrix otherwise."""
        return ClassificationMeter(len(self.info.classes), confusion=split != "train")

    def predict(self, network: nn.Module, inputs: Tensor) -> Tensor:
        """Probabilities (B, classes)."""
        outputs: Tensor = network(inputs).float()
        final = final_activation(network)
        if final == "sigmoid":  # one yes-or-no per class: as shares
            return outputs / outputs.sum(1, keepdim=True).clamp(min=1e-12)
        return outputs if final == "softmax" else outputs.softmax(1)

    def inspect(self, network: nn.Module, batch: Batch) -> Inspection:
        """The loss of each example, its class and the likeliest ones, and how classes are confused."""
        shares, targets = self.predict(network, batch.inputs), batch.targets
        said, names = shares.argmax(1), self.info.classes
        pictures = len(self.info.input_shape) == 3 and self.info.input_shape[0] in (1, 3)
        return Inspection(
            "loss",
            -shares.gather(1, targets[:, None])[:, 0].clamp(min=1e-12).log(),
            [names[one] for one in targets.tolist()],
            [names[one] for one in said.tolist()],
            shares,
            batch.inputs[:, None] if pictures and batch.inputs.dtype == torch.uint8 else None,
            confusion=confusion(targets, said, len(names)),
            pairs=torch.stack([targets, said], 1),
        )

    def predict_files(self, network: nn.Module, files: Sequence[Path]) -> list[Prediction]:
        """The probabilities of all classes for each picture, decoded as in training, or for each row of tables."""
        if self.info.table:
            return for_rows(files, self.info, lambda rows: self._rows(network, rows))
        return [found for some in chunks(files) for found in self._chunk(network, some)]

    def _rows(self, network: nn.Module, rows: Tensor) -> list[dict[str, float | str]]:
        """Class and probabilities of the rows of a table."""
        said = [self._answer("", shares) for shares in self.predict(network, rows).tolist()]
        return [{"prediction": one.label, **(one.figures or {})} for one in said]

    def _chunk(self, network: nn.Module, files: Sequence[Path]) -> list[Prediction]:
        pixels, problems = decoded(files, self.info)
        rows = iter(self.predict(network, pixels).tolist() if len(pixels) else [])
        return [
            Prediction(str(path), problem=problems[path]) if path in problems else self._answer(path, next(rows))
            for path in files
        ]

    def predict_inputs(self, network: nn.Module, inputs: Tensor) -> list[Prediction]:
        """The probabilities of all classes for each input."""
        return [self._answer("", shares) for shares in self.predict(network, inputs).tolist()]

    def _answer(self, path: Path | str, shares: Sequence[float]) -> Prediction:
        figures = dict(zip(self.info.classes, shares, strict=True))
        return Prediction(str(path), max(figures, key=figures.__getitem__), figures)

    def _smooth(self, targets: Tensor) -> Tensor:
        return targets * (1 - self.label_smoothing) + self.label_smoothing / targets.shape[1]


class ClassificationMeter:
    """Sums of loss and hits, and the confusion matrix if asked for.

    Batches are only collected at first, and counted many at a time: a step should not wait for its bookkeeping.
    """

    PENDING = 1 << 20  # output values that may wait to be counted

    def __init__(self, classes: int, confusion: bool) -> None:
        self.classes = classes
        self.loss, self.hits, self.count = 0.0, 0, 0
        self.confusion = torch.zeros(classes, classes, dtype=torch.int64) if confusion else None  # (true, said)
        self._pending: list[tuple[Tensor, Tensor, Tensor]] = []
        self._values = 0

    def update(self, stage: str, loss: Tensor, outputs: Tensor, batch: Batch) -> None:
        """Count one batch; an example with shares of classes counts for the largest."""
        targets = batch.targets.argmax(1) if batch.targets.ndim == 2 else batch.targets
        self._pending.append((loss, outputs, targets))
        self._values += outputs.numel()
        if self._values > self.PENDING:
            self._count()

    def figures(self) -> dict[str, float]:
        """Mean loss, accuracy, and macro-F1 where the confusion matrix is known."""
        self._count()
        figures = {"loss": self.loss / self.count, "accuracy": self.hits / self.count}
        return figures if self.confusion is None else {**figures, "macro_f1": macro_f1(self.confusion)}

    def state(self) -> dict[str, Any]:
        """The sums."""
        self._count()
        return {"loss": self.loss, "hits": self.hits, "count": self.count, "confusion": self.confusion}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from saved sums."""
        self.loss, self.hits, self.count = state["loss"], state["hits"], state["count"]
        self.confusion = state["confusion"]

    def _count(self) -> None:
        if not self._pending:
            return
        losses, outputs, targets = zip(*self._pending, strict=True)
        self._pending, self._values = [], 0
        # one after the other, so that the sum does not depend on when it is asked for
        for loss, target in zip(torch.stack(losses).tolist(), targets, strict=True):
            self.loss += loss * len(target)
            self.count += len(target)
        true, said = torch.cat(targets), torch.cat(outputs).argmax(1)
        self.hits += int((true == said).sum())
        if self.confusion is not None:
            pairs = (true * self.classes + said).bincount(minlength=self.classes**2)
            self.confusion += pairs.view(self.classes, self.classes).cpu()


def macro_f1(confusion: Tensor) -> float:
    """Unweighted mean over classes of F1 = 2TP / (2TP + FP + FN), 0 for a class that is never seen nor said."""
    hits = confusion.diagonal().double()
    either = confusion.sum(0) + confusion.sum(1)  # 2TP + FP + FN
    return float((2 * hits / either.clamp(min=1)).mean())


def final_activation(network: nn.Module) -> str:
    """What the model applies last, if it has it as ``final``: softmax, sigmoid, or else none."""
    final = getattr(getattr(network, "model", network), "final", None)
    return {nn.Softmax: "softmax", nn.Sigmoid: "sigmoid"}.get(type(final), "none")
