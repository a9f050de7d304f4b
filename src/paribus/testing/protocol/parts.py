"""Parts of one's own that break a protocol, each in one way that happens."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from paribus.chance import Seeds
from paribus.data.augmentation.transform import Transform
from paribus.data.dataset import Dataset
from paribus.data.deliver.loader import Batch
from paribus.data.deliver.windows import Windows
from paribus.data.info import DataInfo
from paribus.data.sources.images.digits import Digits
from paribus.data.sources.series.seasons import Seasons
from paribus.data.trees import Tree
from paribus.records.sections import Split
from paribus.tasks.classification import Classification
from paribus.tasks.regression import Regression


class Net(nn.Module):
    """A backbone with a batch norm, and a head."""

    def __init__(self, num_outputs: int, input_shape: tuple[int, ...]) -> None:
        super().__init__()
        inputs = torch.Size(input_shape).numel()
        self.backbone = nn.Sequential(nn.Flatten(), nn.Linear(inputs, 16), nn.BatchNorm1d(16), nn.ReLU())
        self.head = nn.Linear(16, num_outputs)

    def forward(self, inputs: Tensor) -> Tensor:
        """(B, num_outputs)."""
        outputs: Tensor = self.head(self.backbone(inputs))
        return outputs


class AwakeNorm(nn.BatchNorm1d):
    """A norm that never goes into evaluation mode."""

    def train(self, mode: bool = True) -> AwakeNorm:
        """Into training mode, whatever is asked."""
        return super().train(True)


class AwakeNet(Net):
    """Its frozen norm goes on counting."""

    def __init__(self, num_outputs: int, input_shape: tuple[int, ...]) -> None:
        super().__init__(num_outputs, input_shape)
        self.backbone[2] = AwakeNorm(16)


class HalfFrozenNet(Net):
    """As it is: its norm moves where only its weights are frozen."""


class DriftingNet(Net):
    """Its frozen weights are changed behind the optimizer's back."""

    def forward(self, inputs: Tensor) -> Tensor:
        """(B, num_outputs); in training the backbone shrinks."""
        if self.training:
            with torch.no_grad():
                self.backbone[1].weight.mul_(0.999)  # type: ignore[operator]
        return super().forward(inputs)


class RestlessNet(Net):
    """Its dropout stays on in evaluation."""

    def forward(self, inputs: Tensor) -> Tensor:
        """(B, num_outputs)."""
        outputs: Tensor = self.head(F.dropout(self.backbone(inputs), 0.3))
        return outputs


class DeafNet(nn.Module):
    """Its weights are drawn from a seed of its own."""

    def __init__(self, num_outputs: int, input_shape: tuple[int, ...]) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.weight = nn.Parameter(0.05 * torch.randn(num_outputs, torch.Size(input_shape).numel()))

    def forward(self, inputs: Tensor) -> Tensor:
        """(B, num_outputs)."""
        return inputs.flatten(1) @ self.weight.T


class NoisyEvaluation(Classification):
    """Its examples are moved at random in every pass, that of evaluation included."""

    def loss(self, stage: str, network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        """As of classification."""
        moved = batch.inputs.float() + 8 * torch.randn(batch.inputs.shape, device=batch.inputs.device)
        return super().loss(stage, network, Batch(moved, batch.targets, batch.rows))


class SpreadLoss(Regression):
    """(B, 1) less (B,) is (B, B)."""

    def loss(self, stage: str, network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        """A mean over all pairs."""
        outputs: Tensor = network(batch.inputs).float()
        truth = self.truth(batch)[:, 0]
        return (outputs - (truth - self.mean) / self.deviation).square().mean(), self.predict(network, batch.inputs)


class SpreadMse(Regression):
    """The same by the loss of torch."""

    def loss(self, stage: str, network: nn.Module, batch: Batch) -> tuple[Tensor, Tensor]:
        """A mean over all pairs."""
        outputs: Tensor = network(batch.inputs).float()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            loss = F.mse_loss(outputs, self.truth(batch)[:, 0] / self.deviation)
        return loss, outputs.detach() * self.deviation + self.mean


@dataclass(frozen=True, repr=False)
class Overlapping(Dataset):
    """Some training examples validate, too."""

    def split(self, section: Split, seeds: Seeds) -> dict[str, Tensor]:
        """The parts, of which two overlap."""
        rows = super().split(section, seeds)
        return {**rows, "val": torch.cat([rows["val"], rows["train"][:20]]).sort().values}


@dataclass(frozen=True, repr=False)
class Sorted(Dataset):
    """Divided as the rows stand, class after class."""

    def split(self, section: Split, seeds: Seeds) -> dict[str, Tensor]:
        """The first rows train."""
        assert self.labels is not None
        order = self.labels.argsort(stable=True)
        parts = order.split([1000, 300, len(order) - 1300])
        return {name: part.sort().values for name, part in zip(("train", "val", "test"), parts, strict=True)}


@dataclass(frozen=True, repr=False)
class FittedOnAll(Dataset):
    """Scaled by the moments of all rows."""

    def info(self, rows: Mapping[str, Tensor], decoding: Mapping[str, Any]) -> DataInfo:
        """What is known of them, test examples included."""
        known = super().info(rows, decoding)
        whole = super().info({**rows, "train": torch.arange(len(self))}, decoding)
        return replace(known, mean=whole.mean, deviation=whole.deviation)


@dataclass(frozen=True, repr=False)
class Torn(Dataset):
    """Divided as if there were no groups."""

    def split(self, section: Split, seeds: Seeds) -> dict[str, Tensor]:
        """Example by example."""
        return replace(self, groups=None)._split(section, seeds)

    def _split(self, section: Split, seeds: Seeds) -> dict[str, Tensor]:
        return super().split(section, seeds)


WAYS: Mapping[str, type[Dataset]] = {"overlap": Overlapping, "sorted": Sorted, "fitted": FittedOnAll, "torn": Torn}


class Handled(Digits):
    """Handwritten digits, whose rows become examples in another way.

    Args:
        way: how.
    """

    def __init__(self, way: Literal["overlap", "sorted", "fitted", "torn"] = "overlap") -> None:
        super().__init__()
        self.way = way

    def to_examples(self, dataset: Dataset) -> Dataset:
        """The same rows, four of each group, handled in this way."""
        groups = torch.arange(len(dataset)) // 4 if self.way == "torn" else None
        return WAYS[self.way](**{**vars(dataset), "groups": groups})


class Shuffled(Windows):
    """Windows dealt out to the parts at random."""

    def split(self, section: Split, seeds: Seeds) -> dict[str, Tensor]:
        """Every tenth window validates."""
        rows = super().split(section, seeds)
        known = torch.cat([rows["train"], rows["val"]]).sort().values
        held = torch.arange(len(known)) % 10 == 9
        return {**rows, "train": known[~held], "val": known[held]}

    def follow(self, targets: Tree, transform: Transform) -> Tree:
        """As they are."""
        return targets


class ShuffledSeasons(Seasons):
    """A series whose windows are dealt out at random."""

    def to_examples(self, dataset: Dataset) -> Windows:
        """The windows."""
        found = super().to_examples(dataset)
        return Shuffled(found.dataset, found.length, found.horizon, found.stride, found.season, found.scale)
