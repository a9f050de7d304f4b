"""Distillation: a network learns from the answers of a trained one beside the labels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from paribus.data.deliver.loader import Batch
from paribus.data.info import DataInfo
from paribus.data.prepare.prepared import PreparedData
from paribus.errors import RecipeError
from paribus.tasks.classification import Classification, final_activation
from paribus.tasks.distillation import features as kinds
from paribus.tasks.distillation import teacher as teachers
from paribus.tasks.distillation.teacher import Teacher, as_logits


class Distillation(Classification):
    """Assign each example to one class, and learn how sure a trained network, the teacher, is of each (Hinton, 2015).

    The training loss is α·T²·KL(teacher ‖ student), both softened by the temperature T, plus (1 − α) times the loss of
    the labels. Figures of validation and test are those of a classification: they compare with a net without teacher.

    Args:
        teacher: the finished run to learn from: its path or its name below runs; or the folder of its arm, STUDY/ARM,
            of which each seed takes the run of that seed.
        temperature: by which logits are divided: the higher, the more the teacher's lesser classes count.
        alpha: share of the teacher in the loss; the labels have the rest.
        features: what is learned from inside the teacher: nothing, hints (a linear map of the student's features shall
            be the teacher's) or attention (where in a picture features are large).
        layers: names of the student's layers whose features are compared, as paribus show lists them.
        teacher_layers: names of the teacher's layers, in the same order; by default the same names.
        feature_weight: weight of what is learned from inside, summed over the layers.
        label_smoothing: share of the target probability that is spread evenly over all classes, in the labels' loss.
        class_weights: weight of the examples of each class in the labels' loss.
    """

    def __init__(
        self,
        info: DataInfo,
        teacher: str,
        temperature: Annotated[float, Field(gt=0)] = 4.0,
        alpha: Annotated[float, Field(ge=0, le=1)] = 0.9,
        features: kinds.Kind = "none",
        layers: Sequence[str] = (),
        teacher_layers: Sequence[str] = (),
        feature_weight: Annotated[float, Field(ge=0)] = 1.0,
        label_smoothing: Annotated[float, Field(ge=0, lt=1)] = 0.0,
        class_weights: Literal["none", "balanced"] = "none",
    ) -> None:
        super().__init__(info, label_smoothing=label_smoothing, class_weights=class_weights)
        self.named, self.temperature, self.alpha = teacher, temperature, alpha
        self.features, self.feature_weight = features, feature_weight
        self.layers, self.teacher_layers = _pairs(features, layers, teacher_layers)
        self.teacher: Teacher | None = None
        self.rows: Tensor | None = None  # (n,) of the examples whose answers are known, sorted
        self.answers: Tensor | None = None  # (n, classes)
        self.device = torch.device("cpu")

    @staticmethod
    def files(settings: Mapping[str, Any], seed: int) -> dict[str, Path]:
        """The file that a run reads beside its data: the teacher's weights."""
        return {"teacher": teachers.find(settings["teacher"], seed).weights}

    @property
    def asks(self) -> bool:
        """Whether the teacher has a say at all."""
        return self.alpha > 0 or self.features != "none"

    def check(self, prepared: PreparedData) -> None:
        """Get the teacher, which must fit, and must not have seen what the student is examined on."""
        self.teacher = teachers.load(self.named, prepared)

    def learns_from(self) -> dict[str, Any]:
        """The teacher, with what is to be known of the examples that it has seen."""
        return {"teacher": self.teacher.plain()} if self.teacher is not None else {}

    def stages(self, network: nn.Module) -> Mapping[str, list[nn.Parameter]]:
        """The student alone is trained."""
        self.device = next(network.parameters()).device
        return super().stages(network)

    def prepare(self, prepared: PreparedData) -> None:
        """Ask the teacher about all training examples, unless every epoch shows other pictures of them.

        A student whose test is opened needs none any more.
        """
        super().prepare(prepared)
        if self.teacher is not None and self.alpha > 0 and self.features == "none" and not prepared.augmented:
            self.rows = prepared.rows["train"].to(self.device)
            self.answers = self.teacher.cached_logits(prepared, self.device).to(self.device)

    def loss(self, stage: str, network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        """Mean loss of the batch, in evaluation that of the labels alone, and what the model gave (B, classes)."""
        if not network.training or not self.asks:
            return super().loss(stage, network, batch)
        with kinds.recorded(network, self.layers, "the student") as own:
            labels, outputs = super().loss(stage, network, batch)
        if final_activation(network) == "sigmoid":
            hint = "set model.final_activation=none"
            raise RecipeError("distillation needs outputs that are spread over the classes", got="sigmoid", hint=hint)
        with kinds.recorded(self._there(batch.inputs).network, self.teacher_layers, "the teacher") as theirs:
            answers = self._answers(batch)
        loss = self.alpha * softened(as_logits(network, outputs), answers, self.temperature) if self.alpha else 0.0
        loss = loss + (1 - self.alpha) * labels
        for one, other in zip(own, theirs, strict=True):
            with torch.autocast(outputs.device.type, enabled=False):
                loss = loss + self.feature_weight * kinds.LOSSES[self.features](one, other)
        return loss, outputs

    def _answers(self, batch: Batch) -> Tensor:
        """The teacher's logits (B, classes): of pictures that were changed, for these very pictures."""
        if self.rows is None or self.answers is None:
            return self._there(batch.inputs).logits(batch.inputs)
        return self.answers[torch.searchsorted(self.rows, batch.rows)]

    def _there(self, inputs: Tensor) -> Teacher:
        """The teacher, where the pictures are."""
        assert self.teacher is not None
        if next(self.teacher.network.parameters()).device != inputs.device:
            self.teacher.network.to(inputs.device)
        return self.teacher


def softened(student: Tensor, teacher: Tensor, temperature: float) -> Tensor:
    """T²·KL(teacher ‖ student) of logits (B, classes) divided by T, mean over the batch (Hinton et al., 2015).

    Its gradient for each logit z of an example is T (softmax(z/T) − softmax(v/T)), which goes to (z − v)/N for large T
    and N classes whose logits have mean 0: that of Hinton's loss, without T², is (z − v)/(N·T²).
    """
    own, wanted = (one.div(temperature).log_softmax(1) for one in (student, teacher))
    return temperature**2 * F.kl_div(own, wanted, reduction="batchmean", log_target=True)


def _pairs(
    features: kinds.Kind, layers: Sequence[str], teacher_layers: Sequence[str]
) -> tuple[Sequence[str], Sequence[str]]:
    """Layers of the student, and as many of the teacher."""
    if features == "none" and (layers or teacher_layers):
        hint = "set task.features=hint or attention"
        raise RecipeError("task.layers are for features, of which none are compared", got=[*layers], hint=hint)
    if features != "none" and not layers:
        hint = "name one or more: task.layers=[NAME]; paribus show RECIPE --model lists them"
        raise RecipeError(f"task.features={features} needs the layers to compare", got="no layers", hint=hint)
    if teacher_layers and len(teacher_layers) != len(layers):
        got = f"{len(layers)} of the student, {len(teacher_layers)} of the teacher"
        raise RecipeError("each layer of the student has one of the teacher", got=got, hint="name as many of both")
    return layers, teacher_layers or layers
