"""Detection: where the objects of some classes are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated, Any, ClassVar

import numpy as np
import torch
from pydantic import Field
from torch import Tensor, nn

from paribus.data.deliver.loader import Batch
from paribus.data.info import DataInfo
from paribus.data.sources.boxes.letterbox import Letterbox
from paribus.data.trees import Ragged
from paribus.errors import RecipeError
from paribus.records.metric import LOSS, MAP, MAP50, Metric
from paribus.tasks.boxes import centres
from paribus.tasks.boxes.drawing import SAID, TRUE, outlined
from paribus.tasks.boxes.geometry import BoxLoss, pairwise_iou
from paribus.tasks.boxes.precision import MOST, Found, mean_average_precision
from paribus.tasks.inspection import Inspection
from paribus.tasks.meter import Means
from paribus.tasks.pictures import each
from paribus.tasks.pixels.overlays import hexadecimal
from paribus.tasks.prediction import Prediction
from paribus.tasks.preview import Preview
from paribus.tasks.task import Task

SHOWN = 4  # rows of a preview
LEAST = 0.01  # score from which boxes count for the average precision

Share = Annotated[float, Field(gt=0, lt=1)]
Boxed = tuple[Tensor, Tensor, Tensor]  # boxes (n, 4), scores (n,), classes (n,)


class Detection(Task):
    """Find all objects of some classes, and a box around each.

    The network answers at each place of a grid: a logit for each class that the middle of an object is there, and the
    logarithms of the distances to the four sides. Figures are COCO's mean average precision: map50 of boxes that
    overlap with the true one by an IoU of .50, map as the mean over .50, .55, … .95.

    Args:
        box_loss: what the sides are learned by: one less the generalised, the complete or the plain IoU.
        box_weight: how much the boxes count beside the maps.
        threshold: IoU above which two boxes of a class are taken for the same object, and the surer one stays.
        sure: score from which a box is shown, predicted and read.
    """

    metrics: ClassVar[tuple[Metric, ...]] = (MAP50, MAP, LOSS)

    def __init__(
        self,
        info: DataInfo,
        box_loss: BoxLoss = "giou",
        box_weight: Annotated[float, Field(gt=0)] = 2.0,
        threshold: Share = 0.5,
        sure: Share = 0.3,
    ) -> None:
        super().__init__(info)
        if "targets.boxes" not in info.columns or len(info.input_shape) != 3:
            rule, hint = "detection needs pictures with boxes", "use data=plates, or data=boxes for your own"
            raise RecipeError(rule, got=f"inputs {info.input_shape}, {', '.join(info.columns) or 'targets'}", hint=hint)
        self.box_loss, self.box_weight, self.threshold, self.sure = box_loss, box_weight, threshold, sure

    @property
    def num_outputs(self) -> int:
        """One for each class, and four sides."""
        return len(self.info.classes) + 4

    def loss(self, stage: str, network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        """Loss of the maps and of the boxes, and the map of answers (B, classes + 4, h, w)."""
        outputs = self._answers(network, batch.inputs)
        boxes, labels = batch.targets["boxes"], batch.targets["labels"].values
        stride = batch.inputs.shape[2] / outputs.shape[2]
        maps, sides = centres.losses(outputs, boxes, labels, stride, self.box_loss)
        return maps + self.box_weight * sides, outputs

    def meter(self, split: str) -> Means:
        """The loss in training; else the average precisions as well."""
        return Means() if split == "train" else Precision(self)

    def found(self, outputs: Tensor, size: Sequence[int], least: float) -> list[Boxed]:
        """The boxes in pictures of a height and a width, the surest first."""
        shape = (int(size[0]), int(size[1]))
        return centres.found_in(outputs, shape, least=least, threshold=self.threshold, most=MOST)

    def predict(self, network: nn.Module, inputs: Tensor) -> Tensor:
        """(B, 100, 6): left, top, right, bottom, score and class of the surest boxes; a score of 0 is none."""
        answers = torch.zeros(len(inputs), MOST, 6)
        for row, one in zip(answers, self._boxes(network, inputs, LEAST), strict=True):
            boxes, scores, labels = (part.cpu() for part in one)
            row[: len(boxes)] = torch.cat([boxes, scores[:, None], labels[:, None].float()], 1)
        return answers

    def preview(self, network: nn.Module, batch: Batch) -> Preview:
        """Pictures with the true boxes and with those that are found."""
        few = batch.take(torch.arange(min(SHOWN, len(batch)), device=batch.rows.device))
        return Preview(
            self._pictures(few, self._boxes(network, few.inputs, self.sure)),
            ("truth", "found"),
            title="Boxes around objects",
            legend=tuple(zip(("truth", "found"), hexadecimal(torch.tensor([TRUE, SAID])), strict=True)),
        )

    def inspect(self, network: nn.Module, batch: Batch) -> Inspection:
        """How badly the worst found object of each picture is overlapped; boxes that are too many are whole errors."""
        found = self._boxes(network, batch.inputs, self.sure)
        true = list(batch.targets["boxes"])
        return Inspection(
            "1 − IoU",
            torch.tensor([_error(one[0].cpu(), boxes.cpu()) for one, boxes in zip(found, true, strict=True)]),
            truth=[_objects(len(boxes)) for boxes in true],
            said=[_objects(len(one[0])) for one in found],
            pictures=self._pictures(batch, found),
            columns=("truth", "found"),
        )

    def predict_files(self, network: nn.Module, files: Sequence[Path]) -> list[Prediction]:
        """For each picture, of any size, a table of the boxes in its own pixels, and the picture with them."""
        return each(files, self.info, partial(self._prediction, network))

    def predict_inputs(self, network: nn.Module, inputs: Tensor) -> list[Prediction]:
        """The same for pictures (B, C, H, W)."""
        return [self._prediction(network, "", picture.to(torch.uint8)) for picture in inputs]

    def _prediction(self, network: nn.Module, file: str, picture: Tensor) -> Prediction:
        boxes, scores, labels = self.locate(network, picture)
        names = [self.info.classes[label] for label in labels.tolist()]
        columns: Mapping[str, list[Any]] = {
            **{side: boxes[:, k].tolist() for k, side in enumerate(("left", "top", "right", "bottom"))},
            "score": scores.tolist(),
            "class": names,
        }
        counts = {name: names.count(name) for name in dict.fromkeys(names)}
        label = ", ".join(f"{count} {name}" for name, count in counts.items()) or "nothing"
        line = max(1, round(min(picture.shape[1:]) / 200))
        return Prediction(file, label, None, outlined(picture, boxes, line=line), table=columns)

    def locate(self, network: nn.Module, picture: Tensor) -> Boxed:
        """The boxes of one picture (C, H, W) uint8 of any size, in its own pixels, on the CPU."""
        from paribus.data.sources.images.letterboxed import letterboxed

        size = self.info.input_shape[1:]
        fit = self.info.decoding.get("fit", "pad")
        boxes, scores, labels = self._boxes(network, letterboxed(picture, size, fit)[None], self.sure)[0]
        own = Letterbox.of(picture.shape[1:], size, fit).back(boxes.cpu().double().numpy())
        height, width = picture.shape[1:]
        inside = np.clip(own, 0, [width, height, width, height])
        return torch.from_numpy(inside).float(), scores.cpu(), labels.cpu()

    def _answers(self, network: nn.Module, inputs: Tensor) -> Tensor:
        """What the network gives, as float32.

        Raises:
            RecipeError: if it is no map of answers.
        """
        outputs: Tensor = network(inputs)
        if outputs.ndim != 4 or outputs.shape[1] != self.num_outputs:
            got = f"{tuple(outputs.shape)} for pictures {tuple(inputs.shape)}"
            raise RecipeError("detection needs a model with answers on a grid", got=got, hint="use model=detector")
        return outputs.float()

    def _boxes(self, network: nn.Module, inputs: Tensor, least: float) -> list[Boxed]:
        return self.found(self._answers(network, inputs), inputs.shape[2:], least)

    def _pictures(self, batch: Batch, found: Sequence[Boxed]) -> Tensor:
        """(B, 2, 3, H, W): the true boxes, and those that are found."""
        true = zip(batch.inputs, batch.targets["boxes"], strict=True)
        said = zip(batch.inputs, found, strict=True)
        left = torch.stack([outlined(picture, boxes, TRUE) for picture, boxes in true])
        return torch.stack([left, torch.stack([outlined(picture, one[0], SAID) for picture, one in said])], 1)


class Precision(Means):
    """The mean loss, and average precisions over all pictures of a split."""

    def __init__(self, task: Detection) -> None:
        super().__init__()
        self.task = task
        self.found: list[Tensor] = []  # of each picture (n, 6)
        self.true: list[Tensor] = []  # of each picture (n, 5)

    def update(self, stage: str, loss: Tensor, outputs: Tensor, batch: Batch) -> None:
        """Count one batch."""
        super().update(stage, loss, outputs, batch)
        boxes, labels = batch.targets["boxes"], batch.targets["labels"]
        for some, scores, kinds in self.task.found(outputs, batch.inputs.shape[2:], LEAST):
            self.found.append(torch.cat([some, scores[:, None], kinds[:, None].float()], 1).cpu())
        self.true += [
            torch.cat([some, kinds[:, None].float()], 1).cpu() for some, kinds in zip(boxes, labels, strict=True)
        ]

    def figures(self) -> dict[str, float]:
        """map50, map and the loss; without true boxes the loss alone."""
        found = [
            Found(one[:, :4].double().numpy(), one[:, 5].long().numpy(), one[:, 4].double().numpy())
            for one in self.found
        ]
        true = [Found(one[:, :4].double().numpy(), one[:, 4].long().numpy()) for one in self.true]
        values = mean_average_precision(found, true, len(self.task.info.classes))
        known = ~np.isnan(values[0])
        means = {"map50": values[0], "map": values.mean(0)} if known.any() else {}
        return {**{name: float(value[known].mean()) for name, value in means.items()}, **super().figures()}

    def state(self) -> dict[str, Any]:
        """The sums, and all boxes."""
        kept = {name: [some.values, some.offsets] for name, some in self._kept()}
        return {**super().state(), **kept}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from saved sums."""
        super().load(state)
        self.found, self.true = ([*Ragged(*state[name])] if name in state else [] for name in ("found", "true"))

    def _kept(self) -> list[tuple[str, Ragged]]:
        return [(name, Ragged.of(some)) for name, some in (("found", self.found), ("true", self.true)) if some]


def _error(found: Tensor, true: Tensor) -> float:
    """1 − the least IoU of a true box with a found one; 1 where boxes are found and there is none, or too many."""
    if not len(true) or len(found) > len(true):
        return float(len(found) > 0)
    return 1 - float(pairwise_iou(true, found).amax(1).min()) if len(found) else 1.0


def _objects(count: int) -> str:
    return "1 object" if count == 1 else f"{count} objects"
