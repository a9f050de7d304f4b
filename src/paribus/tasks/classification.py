"""Classification: one of several classes for every example."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from paribus.data import balance
from paribus.data.deliver.loader import Batch
from paribus.data.info import DataInfo
from paribus.data.prepare.prepared import PreparedData
from paribus.errors import DataError, RecipeError
from paribus.records.metric import ACCURACY, AUROC, BALANCED_ACCURACY, BRIER, ECE, LOSS, MACRO_F1, RECALL, Metric
from paribus.tasks.inspection import Inspection, confusion
from paribus.tasks.pictures import of_one_size
from paribus.tasks.prediction import Prediction
from paribus.tasks.scores import Scores, brier
from paribus.tasks.tables import for_rows
from paribus.tasks.task import Task
from paribus.tasks.views import Views, averaged

MOST_DETAILS, MOST_NAMED = 100, 20  # classes whose figures are recorded one by one, and that a warning names

logger = logging.getLogger(__name__)


class Classification(Task):
    """Assign each example to one class.

    The loss fits the model's last function, its ``final``: cross-entropy from logits, or from the probabilities of a
    softmax; for a sigmoid the binary cross-entropy, summed over the classes.

    Args:
        label_smoothing: share of the target probability that is spread evenly over all classes.
        class_weights: weight of the examples of each class in the loss, with mean weight 1; balanced makes rare classes
            count as much as common ones, effective by their effective numbers of examples (Cui et al. 2019).
        loss: what is minimised; focal makes examples count less that are right already (Lin et al. 2017).
        gamma: of the focal loss, how much less; at 0 it is the cross-entropy.
        beta: of the effective numbers (1 − βⁿ)/(1 − β); 0 weighs all classes the same, 1 would be balanced.
        views: of a picture that evaluation and prediction average over: the picture alone, also its mirror image, or
            also both moved by a pixel.
    """

    metrics: ClassVar[tuple[Metric, ...]] = (ACCURACY, LOSS, MACRO_F1, BALANCED_ACCURACY, AUROC, ECE, BRIER)
    scored: ClassVar[tuple[str, ...]] = ("accuracy", "loss", "brier")
    details: ClassVar[tuple[Metric, ...]] = (RECALL,)

    def __init__(
        self,
        info: DataInfo,
        label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0,
        class_weights: balance.ClassWeights = "none",
        loss: Literal["cross_entropy", "focal"] = "cross_entropy",
        gamma: Annotated[float, Field(ge=0)] = 2.0,
        beta: Annotated[float, Field(ge=0, lt=1)] = 0.999,
        views: Views = "none",
    ) -> None:
        super().__init__(info)
        if info.target_mean:
            hint = "set task.use=regression; or, in a table, data.target_kind=classes"
            raise DataError("classification needs classes, and these targets are numbers", got="numbers", hint=hint)
        if views != "none" and len(info.input_shape) != 3:
            got = f"task.views={views} for inputs of shape {info.input_shape}"
            raise RecipeError("only pictures have several views", got=got, hint="set task.views=none")
        self.label_smoothing, self.class_weights, self.views = label_smoothing, class_weights, views
        self.gamma = gamma if loss == "focal" else 0.0
        self.weights = weights_of(class_weights, info, beta)
        self.final = "none"  # of the network that was seen last: what its outputs mean

    def prepare(self, prepared: PreparedData) -> None:
        """Say which classes a split lacks, for its figures leave them out."""
        labels: Tensor | None = getattr(prepared.examples, "labels", None)
        for split in ("val", "test"):
            if labels is not None and split in prepared.rows:
                self._say_missing(split, labels.cpu()[prepared.rows[split]].unique().tolist())

    def _say_missing(self, split: str, present: Sequence[int]) -> None:
        if missing := [name for label, name in enumerate(self.info.classes) if label not in present]:
            logger.warning(
                "the %s split has no example of %s: recall, AUROC and balanced accuracy leave classes without examples "
                "out, macro-F1 counts them as 0%s",
                split,
                ", ".join(missing[:MOST_NAMED]),
                "; with one class only there is no AUROC" if len(present) < 2 else "",
            )

    def output_shape(self, batch: Batch) -> tuple[int, ...] | None:
        """(B, classes)."""
        return len(batch), self.num_outputs

    def loss(self, stage: str, network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        """Mean loss of the batch, and what the model gave (B, classes)."""
        outputs = self._outputs(network, batch.inputs)
        self.final = final = final_activation(network)
        plain = self.weights is None and final != "sigmoid" and not self.gamma
        if plain:  # one kernel: a tenth of a small network's step
            return self._cross_entropy(final, outputs, batch.targets, "mean"), outputs
        return self._weighted(self.losses(final, outputs, batch.targets), batch.targets).mean(), outputs

    def scores(self, network: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Whether each example is classified correctly, its loss, and its Brier score."""
        outputs, final = self._outputs(network, batch.inputs), final_activation(network)
        losses = self._weighted(self.losses(final, outputs, batch.targets), batch.targets)
        squares = brier(as_shares(final, outputs).cpu(), batch.targets.cpu())  # in float64, which not all devices have
        return {"accuracy": outputs.argmax(1) == batch.targets, "loss": losses, "brier": squares}

    def losses(self, final: str, outputs: Tensor, targets: Tensor) -> Tensor:
        """Loss of every example (B,), from outputs (B, classes) behind a final activation.

        Targets are class indices (B,), or, of mixed pictures, shares (B, classes).
        """
        if final != "sigmoid" and not self.gamma:
            return self._cross_entropy(final, outputs, targets, "none")
        shares = self._smooth(targets if targets.ndim == 2 else F.one_hot(targets, outputs.shape[1]).float())
        if self.gamma:
            return focal_loss(final, outputs, shares, self.gamma)
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
        """Loss and accuracy while training; otherwise the whole confusion matrix, and what scores tell."""
        if split == "train":
            return ClassificationMeter(len(self.info.classes), confusion=False)
        scores = Scores(len(self.info.classes), lambda outputs: as_shares(self.final, outputs))
        return ClassificationMeter(len(self.info.classes), True, scores, self.info.classes)

    def predict(self, network: nn.Module, inputs: Tensor) -> Tensor:
        """Probabilities (B, classes)."""
        return as_shares(final_activation(network), self._outputs(network, inputs))

    def _outputs(self, network: nn.Module, inputs: Tensor) -> Tensor:
        """What the network gives (B, K), outside of training averaged over the views that the recipe asks for."""
        if self.views == "none" or network.training:
            outputs: Tensor = network(inputs).float()
            return outputs
        return averaged(network, inputs, self.views)

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
        return of_one_size(files, self.info, partial(self.predict_inputs, network))

    def _rows(self, network: nn.Module, rows: Tensor) -> list[dict[str, float | str]]:
        """Class and probabilities of the rows of a table."""
        said = [self._answer(shares) for shares in self.predict(network, rows).tolist()]
        return [{"prediction": one.label, **(one.figures or {})} for one in said]

    def predict_inputs(self, network: nn.Module, inputs: Tensor) -> list[Prediction]:
        """The probabilities of all classes for each input."""
        return [self._answer(shares) for shares in self.predict(network, inputs).tolist()]

    def _answer(self, shares: Sequence[float]) -> Prediction:
        figures = dict(zip(self.info.classes, shares, strict=True))
        return Prediction("", max(figures, key=figures.__getitem__), figures)

    def _smooth(self, targets: Tensor) -> Tensor:
        return targets * (1 - self.label_smoothing) + self.label_smoothing / targets.shape[1]


class ClassificationMeter:
    """Sums of loss and hits, and the confusion matrix if asked for.

    Batches are only collected at first, and counted many at a time: a step should not wait for its bookkeeping.

    Args:
        classes: how many there are.
        confusion: whether to count the confusion matrix.
        scores: what counts the probabilities, if they are asked for.
        names: of the classes, where the figures of each are asked for.
    """

    PENDING = 1 << 20  # output values that may wait to be counted

    def __init__(self, classes: int, confusion: bool, scores: Scores | None = None, names: Sequence[str] = ()) -> None:
        self.classes, self.scores, self.names = classes, scores, names
        self.loss, self.hits, self.count = 0.0, 0, 0
        self.confusion = torch.zeros(classes, classes, dtype=torch.int64) if confusion else None  # (true, said)
        self._pending: list[tuple[Tensor, Tensor]] = []
        self._values = 0
        self._losses: list[tuple[Tensor, int]] = []  # mean of a batch, examples; on the device until figures are asked
        self._right: Tensor | None = None  # hits on the device that are not in `hits` yet

    def update(self, stage: str, loss: Tensor, outputs: Tensor, batch: Batch) -> None:
        """Count one batch; an example with shares of classes counts for the largest."""
        targets = batch.targets.argmax(1) if batch.targets.ndim == 2 else batch.targets
        self._losses.append((loss, len(targets)))
        self._pending.append((outputs, targets))
        self._values += outputs.numel()
        if self._values > self.PENDING:
            self._gather()

    def figures(self) -> dict[str, float]:
        """Mean loss and accuracy; with the confusion matrix macro-F1 and recalls, with scores what those tell.

        What the examples do not say is left out, such as the recall of a class that has none.
        """
        self._count()
        figures = {"loss": self.loss / self.count, "accuracy": self.hits / self.count}
        if self.confusion is None:
            return figures
        figures["macro_f1"] = macro_f1(self.confusion)
        if self.scores is not None:
            recalls = recall(self.confusion)
            figures |= {"balanced_accuracy": float(recalls.nanmean()), **self.scores.figures()}
            if len(self.names) <= MOST_DETAILS:
                named = zip(self.names, recalls.tolist(), strict=True)
                figures |= {f"recall/{name}": share for name, share in named if share == share}
        return figures

    def state(self) -> dict[str, Any]:
        """The sums."""
        self._count()
        sums = {"loss": self.loss, "hits": self.hits, "count": self.count, "confusion": self.confusion}
        return sums if self.scores is None else {**sums, "scores": self.scores.state()}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from saved sums."""
        self.loss, self.hits, self.count = state["loss"], state["hits"], state["count"]
        self.confusion = state["confusion"]
        if self.scores is not None:
            self.scores.load(state["scores"])

    def _gather(self) -> None:
        """Count what is pending; while training nobody waits for the device."""
        if not self._pending:
            return
        given, true = (torch.cat(some) for some in zip(*self._pending, strict=True))
        self._pending, self._values = [], 0
        said = given.argmax(1)
        right = (true == said).sum()
        self._right = right if self._right is None else self._right + right
        if self.confusion is not None:
            pairs = (true * self.classes + said).bincount(minlength=self.classes**2)
            self.confusion += pairs.view(self.classes, self.classes).cpu()
        if self.scores is not None:
            self.scores.add(given, true)

    def _count(self) -> None:
        """Count all, and read what lies on the device."""
        self._gather()
        losses, self._losses = self._losses, []
        if losses:
            # one after the other, so that the sum does not depend on when it is asked for
            for loss, (_, examples) in zip(torch.stack([one for one, _ in losses]).tolist(), losses, strict=True):
                self.loss += loss * examples
                self.count += examples
        if self._right is not None:
            self.hits, self._right = self.hits + int(self._right), None


def macro_f1(confusion: Tensor) -> float:
    """Unweighted mean over classes of F1 = 2TP / (2TP + FP + FN), 0 for a class that is never seen nor said."""
    hits = confusion.diagonal().double()
    either = confusion.sum(0) + confusion.sum(1)  # 2TP + FP + FN
    return float((2 * hits / either.clamp(min=1)).mean())


def recall(confusion: Tensor) -> Tensor:
    """Share of each class that was said to be it (K,), not a number for a class without examples."""
    return confusion.diagonal().double() / confusion.sum(1)


def focal_loss(final: str, outputs: Tensor, shares: Tensor, gamma: float) -> Tensor:
    """Loss of every example (B,): each class's cross-entropy times (1 − p)^γ, p being what it gives to the truth.

    Behind a softmax −Σₖ tₖ(1 − pₖ)^γ log pₖ; behind a sigmoid the same of each yes-or-no, summed over the classes (Lin
    et al. 2017, eq. 4).

    Args:
        final: the model's last function.
        outputs: (B, K) what it gave.
        shares: (B, K) of the classes in the targets.
        gamma: 0 is the cross-entropy.
    """
    if final == "sigmoid":
        p = outputs.clamp(1e-7, 1 - 1e-7)
        return -(shares * (1 - p) ** gamma * p.log() + (1 - shares) * p**gamma * (1 - p).log()).sum(1)
    logs = outputs.clamp(min=1e-12).log() if final == "softmax" else outputs.log_softmax(1)
    wrong = -torch.expm1(logs).clamp(max=-1e-12)  # 1 − p; where it is 0, a root of it has no gradient
    return -(shares * wrong**gamma * logs).sum(1)


def weights_of(scheme: balance.ClassWeights, info: DataInfo, beta: float) -> Tensor | None:
    """Weight of each class (K,) in the loss, mean 1 over the training examples; ``None`` where all weigh the same.

    Raises:
        DataError: if a class has no training example.
    """
    if scheme == "none":
        return None
    if missing := [name for name, count in zip(info.classes, info.class_counts, strict=True) if not count]:
        rule = f"task.class_weights={scheme} divides by the training examples of each class, and of some there is none"
        raise DataError(rule, got=", ".join(missing), hint="add examples, or leave these classes out")
    return torch.tensor(balance.class_weights(scheme, info.class_counts, beta))


def as_shares(final: str, outputs: Tensor) -> Tensor:
    """Probabilities (B, K) from what a model gave behind its last function."""
    if final == "sigmoid":  # one yes-or-no per class: as shares
        return outputs / outputs.sum(1, keepdim=True).clamp(min=1e-12)
    return outputs if final == "softmax" else outputs.softmax(1)


def final_activation(network: nn.Module) -> str:
    """What the model applies last, if it has it as ``final``: softmax, sigmoid, or else none."""
    final = getattr(getattr(network, "model", network), "final", None)
    return {nn.Softmax: "softmax", nn.Sigmoid: "sigmoid"}.get(type(final), "none")
