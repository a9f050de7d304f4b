"""Few labels and a pretext at once: two heads on one body, and one loss."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from paribus.chance import Seeds
from paribus.data.augmentation.compose import Compose
from paribus.data.augmentation.crop import Crop
from paribus.data.augmentation.flip import Flip
from paribus.data.deliver.loader import Batch
from paribus.data.info import DataInfo
from paribus.data.prepare.divisible import Divisible
from paribus.data.prepare.prepared import PreparedData
from paribus.data.prepare.split import few
from paribus.errors import DataError, RecipeError
from paribus.records.metric import ACCURACY, AUROC, BALANCED_ACCURACY, BRIER, ECE, LOSS, MACRO_F1, PRETEXT_LOSS, Metric
from paribus.tasks.classification import Classification, ClassificationMeter, final_activation
from paribus.tasks.meter import Means
from paribus.tasks.pretext.pretext import Kind, Pretext, own
from paribus.tasks.preview import Preview

Count = Annotated[int, Field(ge=1)]


class Joint(Classification):
    """Assign each example to one class, of which few are known, and solve a pretext on all pictures beside it.

    The last layer has two parts, one for each. Each step takes a batch of pictures for the pretext, and draws some of
    the few labelled examples, mirrored and shifted at random. Figures of validation and test are of the classes alone:
    they compare with those of a classification, which with ``split.limit=labelled`` and the same seed knows the same
    examples.

    Args:
        labelled: how many training examples have labels that are looked at, with the mix of all classes.
        weight: of the pretext in the loss; that of the classes has 1. With 0 the few labels are all there is.
        kind: of the pretext, with its options as in task=pretext by default.
        labelled_batch: labelled examples in a step.
        padding: pixels by which labelled examples are shifted at most.
    """

    draws: ClassVar[bool] = True
    metrics: ClassVar[tuple[Metric, ...]] = (
        ACCURACY,
        LOSS,
        MACRO_F1,
        BALANCED_ACCURACY,
        AUROC,
        ECE,
        BRIER,
        PRETEXT_LOSS,
    )

    def __init__(
        self,
        info: DataInfo,
        labelled: Count = 200,
        weight: Annotated[float, Field(ge=0)] = 1.0,
        kind: Kind = "rotation",
        labelled_batch: Count = 50,
        padding: Annotated[int, Field(ge=0)] = 4,
    ) -> None:
        super().__init__(info)
        self.objective = Pretext(info, kind).objective
        self.labelled, self.weight, self.labelled_batch = labelled, weight, labelled_batch
        self.changes = Compose({"flip": Flip(), "crop": Crop(padding)})
        self.known: tuple[Tensor, Tensor] | None = None  # (labelled, C, H, W), (labelled,)

    @property
    def num_outputs(self) -> int:
        """One for each class, then what the pretext reads."""
        return len(self.info.classes) + self.objective.outputs

    def output_shape(self, batch: Batch) -> None:
        """Of as many pictures as the pretext makes of them."""

    def companion(self) -> nn.Module | None:
        """That of the pretext."""
        return self.objective.companion()

    def check(self, prepared: PreparedData) -> None:
        """Choose the examples whose labels count.

        Raises:
            DataError: if there are fewer examples, or they have no class each.
        """
        labels: Tensor | None = getattr(prepared.examples, "labels", None)
        if labels is None:
            raise DataError("task=joint needs examples with one class each", got="none", hint="use task=pretext")
        if self.labelled > (known := len(prepared.rows["train"])):
            rule, hint = "task.labelled must not exceed the number of training examples", f"set task.labelled={known}"
            raise DataError(rule, got=self.labelled, hint=hint)
        examples = Divisible(len(labels), self.info.classes, labels.numpy(force=True))
        rows = few(prepared.rows["train"].numpy(), examples, self.labelled, Seeds(prepared.split_seed))
        self.known = prepared.examples.take(torch.from_numpy(rows).to(prepared.examples.device))

    def loss(self, stage: str, network: nn.Module, batch: Batch) -> tuple[Tensor, Any]:
        """In training both losses, and figures; in evaluation the loss of the classes, and their outputs."""
        classes = self._classes(network)
        if not network.training:
            return super().loss(stage, classes, batch)
        known = self._some_known(batch)
        label_loss, outputs = super().loss(stage, classes, known)
        right = (outputs.argmax(1) == known.targets).float().mean()
        if not self.weight:
            return label_loss, {"accuracy": right}
        puzzle, _ = self.objective.loss(self._rest(network), own(network), batch)
        return label_loss + self.weight * puzzle, {"accuracy": right, "pretext_loss": puzzle}

    def _some_known(self, batch: Batch) -> Batch:
        """Labelled examples at random, each with changes of its own; in a dry pass those of the batch."""
        if self.known is None:
            return batch
        device = batch.inputs.device
        self.known = self.known[0].to(device), self.known[1].to(device)
        chosen = torch.randint(len(self.known[1]), (self.labelled_batch,), device=device)
        key = int(torch.randint(1 << 62, (1,)))
        inputs, _ = self.changes(self.known[0][chosen], key, torch.arange(len(chosen)))
        return Batch(inputs, self.known[1][chosen], chosen)

    def meter(self, split: str) -> Means | ClassificationMeter:  # type: ignore[override]
        """While training the mean losses and the accuracy on the few labelled ones."""
        return Means(lambda outputs, batch: outputs) if split == "train" else super().meter(split)  # type: ignore[arg-type, return-value]

    def scores(self, network: nn.Module, batch: Batch) -> dict[str, Tensor]:
        """Those of the classes."""
        return super().scores(self._classes(network), batch)

    def predict(self, network: nn.Module, inputs: Tensor) -> Tensor:
        """Probabilities (B, classes)."""
        return super().predict(self._classes(network), inputs)

    def preview(self, network: nn.Module, batch: Batch) -> Preview:
        """The puzzle and its solution."""
        return self.objective.preview(self._rest(network), own(network), batch)

    def _classes(self, network: nn.Module) -> Part:
        if (final := final_activation(network)) != "none":
            rule = "two losses share the last layer of task=joint, which so has no function behind it"
            raise RecipeError(rule, got=f"model.final_activation={final}", hint="set model.final_activation=none")
        return Part(network, 0, len(self.info.classes))

    def _rest(self, network: nn.Module) -> Part:
        return Part(network, len(self.info.classes), self.num_outputs)


class Part(nn.Module):
    """Some of a network's outputs: (B, …) → (B, stop − start)."""

    def __init__(self, network: nn.Module, start: int, stop: int) -> None:
        super().__init__()
        self.network, self.start, self.stop = network, start, stop

    def forward(self, inputs: Tensor) -> Tensor:
        """A range of columns."""
        out: Tensor = self.network(inputs)[:, self.start : self.stop]
        return out
