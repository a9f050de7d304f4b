"""Segmentation: one of several classes for every pixel."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import ClassVar, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from paribus.data.deliver.loader import Batch
from paribus.data.info import DataInfo
from paribus.errors import RecipeError
from paribus.records.metric import IOU, LOSS, MIOU, PIXEL_ACCURACY, Metric
from paribus.tasks.inspection import Inspection, confusion
from paribus.tasks.pictures import each, for_every_pixel
from paribus.tasks.pixels import regions
from paribus.tasks.pixels.confusion import Confusion
from paribus.tasks.pixels.overlays import coloured, hexadecimal, overlay, palette
from paribus.tasks.pixels.tiling import anywhere
from paribus.tasks.prediction import Prediction
from paribus.tasks.preview import Preview
from paribus.tasks.task import Task

SHOWN = 4  # rows of a preview


class Segmentation(Task):
    """Assign each pixel to one class. Pixels with the ignored label of the data change neither losses nor figures.

    The mean IoU is over the classes that occur in the split or are predicted there; absent ones are left out.

    Args:
        loss: what is minimised; sums of two count both the same.
        class_weights: weight of the pixels of each class in the cross-entropy and the focal loss; balanced makes rare
            classes count as much as common ones, median is the median of the classes' pixels over those of the class.
    """

    metrics: ClassVar[tuple[Metric, ...]] = (MIOU, PIXEL_ACCURACY, LOSS)
    details: ClassVar[tuple[Metric, ...]] = (IOU,)

    def __init__(
        self,
        info: DataInfo,
        loss: Literal["cross_entropy", "dice", "focal", "cross_entropy+dice", "focal+dice"] = "cross_entropy",
        class_weights: Literal["none", "balanced", "median"] = "none",
    ) -> None:
        super().__init__(info)
        if info.target_shape != info.input_shape[1:] or len(info.target_shape) != 2 or not info.classes:
            rule, hint = "segmentation needs masks of the pictures' size", "use data=shapes, or data=masks for your own"
            raise RecipeError(rule, got=f"pictures {info.input_shape}, targets {info.target_shape}", hint=hint)
        self.losses, self.class_weights = regions.LOSSES[loss], class_weights
        self.ignore = info.masks.ignore if info.masks else None
        counts = torch.tensor(info.class_counts, dtype=torch.float32)
        self.weights = torch.zeros(256)  # by label; 0 for what is no class
        self.weights[: len(counts)] = regions.WEIGHTS[class_weights](counts)

    def output_shape(self, batch: Batch) -> tuple[int, ...]:
        """(B, classes, H, W)."""
        return len(batch), self.num_outputs, *batch.targets.shape[1:]

    def loss(self, stage: str, network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        """Mean loss of the pictures, and logits (B, K, H, W)."""
        outputs = for_every_pixel(network(batch.inputs), batch.inputs)
        targets = batch.targets.long()
        self.weights = self.weights.to(targets.device)
        weights = self.weights[targets]
        targets = targets.clamp(max=outputs.shape[1] - 1)  # an ignored label becomes a class of weight 0
        losses = [loss(outputs, targets, weights) for loss in self.losses]
        return torch.stack(losses).sum(0).mean(), outputs

    def meter(self, split: str) -> Confusion:
        """All figures; the IoU of every class but for training."""
        return Confusion(self.info.classes, self.ignore, details=split != "train")

    def predict(self, network: nn.Module, inputs: Tensor) -> Tensor:
        """Probabilities (B, K, H, W)."""
        outputs: Tensor = network(inputs).float()
        return outputs.softmax(1)

    def preview(self, network: nn.Module, batch: Batch) -> Preview:
        """Pictures, their true classes and the predictions, as colours over the pictures."""
        inputs, truth = batch.inputs[:SHOWN], batch.targets[:SHOWN]
        said = self.predict(network, inputs).argmax(1)
        shown = [coloured(inputs.cpu()), *(overlay(inputs, labels, self.colours) for labels in (truth, said))]
        legend = tuple(zip(self.info.classes, hexadecimal(self.colours), strict=True))
        columns, title = ("picture", "truth", "prediction"), "Classes of pixels, as colours over the pictures"
        return Preview(torch.stack(shown, 1), columns, title=title, legend=legend)

    def inspect(self, network: nn.Module, batch: Batch) -> Inspection:
        """One minus the mean IoU of each picture over the classes in it, its masks, and how pixels are confused."""
        truth, said = batch.targets.long(), self.predict(network, batch.inputs).argmax(1)
        classes = len(self.info.classes)
        known = truth < classes
        tables = torch.stack([confusion(t[k], s[k], classes) for t, s, k in zip(truth, said, known, strict=True)])
        hits, either = tables.diagonal(dim1=1, dim2=2), tables.sum(1) + tables.sum(2)  # (B, K)
        iou = (hits / (either - hits).clamp(min=1)).sum(1) / (either > 0).sum(1).clamp(min=1)
        shown = [coloured(batch.inputs), *(overlay(batch.inputs, labels, self.colours) for labels in (truth, said))]
        return Inspection(
            "1 − mean IoU",
            1 - iou,
            pictures=torch.stack(shown, 1),
            columns=("picture", "truth", "prediction"),
            confusion=tables.sum(0),
            unit="pixels",
        )

    @property
    def colours(self) -> Tensor:
        """A colour for every class, (K, 3) uint8."""
        return palette(len(self.info.classes), self.info.masks.colours if self.info.masks else ())

    def predict_files(self, network: nn.Module, files: Sequence[Path]) -> list[Prediction]:
        """For each picture, of any size, the share of every class, and the classes as colours over it."""
        return each(files, self.info, partial(self._prediction, network))

    def predict_inputs(self, network: nn.Module, inputs: Tensor) -> list[Prediction]:
        """The same for pictures (B, C, H, W)."""
        return [self._prediction(network, "", picture.to(torch.uint8)) for picture in inputs]

    def _prediction(self, network: nn.Module, file: str, picture: Tensor) -> Prediction:
        labels = self.labels(network, picture)
        shares = labels.flatten().bincount(minlength=len(self.info.classes)) / labels.numel()
        figures = dict(zip(self.info.classes, shares.tolist(), strict=True))
        largest = sorted(figures, key=figures.__getitem__, reverse=True)[:2]
        label = ", ".join(f"{name} {figures[name]:.0%}" for name in largest if figures[name])
        return Prediction(file, label, figures, overlay(picture, labels, self.colours))

    def labels(self, network: nn.Module, picture: Tensor) -> Tensor:
        """Class indices (H, W) of a picture (C, H, W) of any size.

        Where training pictures were scaled to one size, so is this, and the prediction back; else it keeps its size,
        in tiles if it is large.
        """
        size, decoding = picture.shape[1:], self.info.decoding
        if decoding.get("fit") == "cut":
            return anywhere(lambda x: self.predict(network, x), picture).argmax(0)
        small = F.interpolate(picture[None].float(), self._scaled(size), mode="bilinear", antialias=True)
        return F.interpolate(self.predict(network, small), size, mode="bilinear").argmax(1)[0]

    def _scaled(self, size: Sequence[int]) -> tuple[int, int]:
        """The size at which the network sees a picture: that of training, or with its own proportions as near to it."""
        height, width = self.info.input_shape[1:]
        shares = [height / size[0], width / size[1]]
        if self.info.decoding.get("fit", "stretch") == "stretch":
            return height, width
        share = max(shares) if self.info.decoding["fit"] == "crop" else min(shares)
        return max(1, round(size[0] * share)), max(1, round(size[1] * share))
