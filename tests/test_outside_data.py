"""What somebody else adds without touching a file of paribus: a detector with its boxes, and two views of a picture."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from paribus.chance import Draws
from paribus.data.augmentation.compose import Compose
from paribus.data.augmentation.crop import Crop
from paribus.data.augmentation.cutout import Cutout
from paribus.data.augmentation.flip import Flip
from paribus.data.augmentation.transform import Mixed
from paribus.data.columns import Column
from paribus.data.dataset import Dataset
from paribus.data.prepare.prepared import prepare
from paribus.data.trees import Ragged
from paribus.errors import Interrupted
from paribus.records.metric import LOSS, Metric
from paribus.records.parts import Part
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.tasks.meter import Means
from paribus.tasks.task import Task
from paribus.training import loop, monitor
from paribus.training.execution import Settings
from paribus.training.monitor import Progress, no_listener

SIDE, CELL = 32, 4  # of a picture, and of a square of the heat map; in pixels
COLOURS = np.array([[250, 20, 20], [20, 250, 20]], np.uint8)  # of the two classes
SMALL = {
    "budget": {"epochs": 3},
    "training": {"batch_size": 16, "precision": "fp32"},
    "split": {"val": 0.25, "test": 0},
}


class Squares:
    """Coloured squares on dark ground, none or up to three in a picture.

    Args:
        pictures: how many.
    """

    def __init__(self, pictures: int = 64) -> None:
        self.pictures = pictures

    def key(self):
        return vars(self)

    def write(self, cache):
        draw = np.random.default_rng(0)
        drawn = [self.picture(draw) for _ in range(self.pictures)]
        pictures, boxes, labels = zip(*drawn, strict=True)
        cache.start(
            classes=["red", "green"],
            shape=(3, SIDE, SIDE),
            targets={
                "boxes": Column("float32", (4,), ragged=True, kind="boxes"),
                "labels": Column("int64", ragged=True, kind="class", of="boxes"),
            },
        )
        cache.add(np.stack(pictures), {"boxes": boxes, "labels": labels})

    @staticmethod
    def picture(draw):
        picture = draw.integers(0, 60, (3, SIDE, SIDE)).astype(np.uint8)
        boxes, labels = [], []
        for corner in draw.permutation(4)[: draw.integers(0, 4)]:  # one in each quarter at most, so none hides another
            side, label = draw.integers(6, 10), draw.integers(2)
            left, top = np.array([corner % 2, corner // 2]) * 16 + draw.integers(0, 16 - side, 2)
            picture[:, top : top + side, left : left + side] = COLOURS[label][:, None, None]
            boxes.append([left, top, left + side, top + side])
            labels.append(label)
        return picture, boxes, labels


class Dense(nn.Module):
    """A small map of outputs: a few convolutions, one answer for each cell.

    Args:
        width: channels within.
    """

    def __init__(self, in_channels: int, num_outputs: int, width: int = 16) -> None:
        super().__init__()
        self.first = nn.Conv2d(in_channels, width, 4, stride=2, padding=1)
        self.second = nn.Conv2d(width, width, 4, stride=2, padding=1)
        self.head = nn.Conv2d(width, num_outputs, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(F.relu(self.second(F.relu(self.first(x)))))


class Centres(Task):
    """Where are the centres of the boxes of each class, and how large are they? A heat map and sizes for each cell."""

    metrics: ClassVar = (Metric("hits", higher_is_better=True), LOSS)

    @property
    def num_outputs(self) -> int:
        return len(self.info.classes) + 2

    def loss(self, stage, network, batch):
        outputs = network(batch.inputs)
        heat, sizes = outputs[:, :-2], outputs[:, -2:]
        boxes, labels = batch.targets["boxes"], batch.targets["labels"]
        x, y = self.cells(boxes)
        truth = torch.zeros_like(heat)
        truth[boxes.owners, labels.values, y, x] = 1
        extent = (boxes.values[:, 2:] - boxes.values[:, :2]) / SIDE
        wrong = (sizes[boxes.owners, :, y, x] - extent).abs().sum() / max(1, len(extent))
        return F.binary_cross_entropy_with_logits(heat, truth) + wrong, {"heat": heat, "sizes": sizes}

    def meter(self, split):
        return Means(self.hits)

    def hits(self, outputs, batch):
        """The share of boxes whose cell answers with the right class."""
        boxes, labels = batch.targets["boxes"], batch.targets["labels"]
        x, y = self.cells(boxes)
        said = outputs["heat"][boxes.owners, :, y, x].argmax(1)
        return {"hits": (said == labels.values).float().sum() / max(1, len(said))}

    def predict(self, network, inputs):
        return network(inputs)[:, :-2].sigmoid()

    @staticmethod
    def cells(boxes: Ragged) -> tuple[Tensor, Tensor]:
        middle = ((boxes.values[:, :2] + boxes.values[:, 2:]) / 2 / CELL).long().clamp(max=SIDE // CELL - 1)
        return middle[:, 0], middle[:, 1]


def recipe(**changes) -> Recipe:
    return Recipe.read(
        {
            "name": "squares",
            "data": Part(Squares),
            "model": Part(Dense),
            "task": Part(Centres),
            "augment": {"flip": {"vertical": True}, "crop": {"padding": 3}},
            "optimizer": {"use": "adam", "lr": 0.01},
            **SMALL,
            **changes,
        }
    )


@pytest.fixture(autouse=True)
def same_threads():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def train(folder, made: Recipe, listen=no_listener):
    return loop.train(RunFolder(folder), made, 0, Settings("cpu", 1), listen)


def stopping_at(step: int):
    """A listener that presses Ctrl-C once."""
    pressed: list[int] = []

    def listen(progress: Progress) -> None:
        if progress.step == step and progress.row is None and not pressed:
            pressed.append(step)
            os.kill(os.getpid(), signal.SIGINT)

    return listen


def test_a_detector_from_outside_trains_and_resumes_to_the_last_bit(tmp_path, monkeypatch):
    monkeypatch.setattr(monitor, "TICK_SECONDS", 0.0)
    made = recipe()
    whole = train(tmp_path / "whole", made)
    rows = RunFolder(tmp_path / "whole").history
    assert rows[-1]["val/loss"] < rows[0]["val/loss"]
    assert rows[-1]["val/hits"] > 0.5
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # it may be ignored where the tests were started
    try:
        with pytest.raises(Interrupted):
            train(tmp_path / "stopped", made, stopping_at(5))
    finally:
        signal.signal(signal.SIGINT, before)
    assert train(tmp_path / "stopped", made).weights_sha256 == whole.weights_sha256
    info = RunFolder(tmp_path / "stopped").info()
    assert info["columns"]["targets.labels"]["of"] == "boxes"
    assert sum(info["class_counts"]) > 0


def test_boxes_lie_where_the_squares_are_seen():
    made = recipe()
    loader = prepare(made, made.seeds(0)).loader("train", 48, "cpu")
    (batch,) = loader.shuffled(made.seeds(0), 0, augment=Compose({"flip": Flip(vertical=True), "crop": Crop(5)}))
    whole = loader.take(batch.rows)
    boxes, labels = batch.targets["boxes"], batch.targets["labels"]
    assert not torch.equal(batch.inputs, whole.inputs)
    assert torch.equal(boxes.offsets, labels.offsets)
    assert 0 < len(boxes.values) <= len(whole.targets["boxes"].values)
    bright = batch.inputs > 200
    seen = torch.zeros_like(bright[:, :2])
    for picture, box, label in zip(boxes.owners.tolist(), boxes.values.long().tolist(), labels.values, strict=True):
        left, top, right, bottom = box
        assert bright[picture, label, top:bottom, left:right].all()  # all of the box is the square
        seen[picture, label, top:bottom, left:right] = True
    alone = bright[:, :2] & ~seen  # what is left of squares of which so little is seen that their box was dropped
    assert alone.sum() < 0.03 * seen.sum()


@dataclass(frozen=True)
class Mixup:
    """Mixtures of two pictures, in equal parts on average (Zhang et al., 2018)."""

    def __call__(self, images: Tensor, draws: Draws) -> tuple[Tensor, Mixed]:
        share, partner = draws.uniform("share"), draws.uniform("partner").argsort()
        own = share.view(-1, 1, 1, 1)
        mixed = (own * images + (1 - own) * images[partner]).round().to(torch.uint8)
        return mixed, Mixed(partner, share)


def test_an_augmentation_from_outside_turns_classes_into_shares(tmp_path):
    made = Recipe.load("digits/mlp", {"split.limit": 128, "budget.epochs": 3, "training.batch_size": 32})
    made = made.override({"augment": {"mixup": Part(Mixup)}})
    loader = prepare(made, made.seeds(0)).loader("train", 32, "cpu")
    batch = next(iter(loader.shuffled(made.seeds(0), 0, augment=Compose({"mixup": Mixup(), "cutout": Cutout(2)}))))
    assert batch.targets.shape == (32, 10)
    torch.testing.assert_close(batch.targets.sum(1), torch.ones(32))
    assert ((batch.targets > 0).sum(1) > 1).any()
    train(tmp_path / "run", made)
    losses = [row["train/loss"] for row in RunFolder(tmp_path / "run").history]
    assert losses[-1] < losses[0]


class Views:
    """Two views of each picture: the augmentations change each in its own way.

    Args:
        pictures: how many.
    """

    def __init__(self, pictures: int = 48) -> None:
        self.pictures = pictures

    def key(self):
        return vars(self)

    def write(self, cache):
        Squares(self.pictures).write(cache)

    def to_examples(self, dataset: Dataset) -> Dataset:
        return Pairs(**{**vars(dataset), "targets": torch.zeros(len(dataset)), "classes": (), "columns": {}})


class Pairs(Dataset):
    """Pictures as pairs of themselves."""

    def take(self, rows):
        pictures, nothing = super().take(rows)
        return {"one": pictures, "other": pictures}, nothing


class Contrast(Task):
    """Tell which view belongs to which: the loss of SimCLR (Chen et al., 2020) in one direction."""

    metrics: ClassVar = (LOSS,)

    @property
    def num_outputs(self) -> int:
        return 8

    def loss(self, stage, network, batch):
        one, other = (F.normalize(self.predict(network, batch.inputs[name]), dim=1) for name in ("one", "other"))
        return F.cross_entropy(one @ other.T / 0.5, torch.arange(len(one))), (one, other)

    def meter(self, split):
        return Means()

    def predict(self, network, inputs):
        return network(inputs).mean((2, 3))


def test_two_views_of_each_picture_are_a_batch(tmp_path):
    made = recipe(data=Part(Views), task=Part(Contrast), augment={"crop": {"padding": 4}, "colour": True})
    loader = prepare(made, made.seeds(0)).loader("train", 16, "cpu")
    augment = Compose({"crop": Crop(4)})
    batch = next(iter(loader.shuffled(made.seeds(0), 0, augment=augment)))
    assert set(batch.inputs) == {"one", "other"}
    assert not torch.equal(batch.inputs["one"], batch.inputs["other"])
    assert [len(piece) for piece in batch.chunks(3)] == [4, 4, 4]
    result = train(tmp_path / "run", made)
    assert result.steps == 9
    assert RunFolder(tmp_path / "run").history[-1]["val/loss"] > 0
