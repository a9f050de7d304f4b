"""A detector learns squares of two classes, and says where they are in pictures of any size."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from paribus.data.columns import Column
from paribus.data.deliver.loader import Batch
from paribus.data.info import DataInfo
from paribus.data.trees import Ragged
from paribus.errors import RecipeError
from paribus.tasks.boxes import centres
from paribus.tasks.boxes.detection import Detection
from paribus.tasks.boxes.geometry import iou, pairwise_iou

SIZE, STRIDE = (48, 64), 4
COLUMNS = {
    "inputs": Column("uint8", (3, *SIZE)),
    "targets.boxes": Column("float32", (4,), ragged=True, kind="boxes"),
    "targets.labels": Column("int64", ragged=True, kind="class", of="boxes"),
}
INFO = DataInfo(
    (3, *SIZE), ("red", "green"), {"train": 8}, (4, 4), (0.0,) * 3, (1.0,) * 3,
    {"size": list(SIZE), "colour": "rgb", "fit": "pad"}, columns=COLUMNS,
)  # fmt: skip
BOXES = [[[8.0, 8, 28, 20], [34, 20, 54, 40]], [], [[30, 4, 46, 12]]]
LABELS = [[0, 1], [], [1]]


def targets() -> dict[str, Ragged]:
    return {
        "boxes": Ragged.of([torch.tensor(one).view(-1, 4) for one in BOXES]),
        "labels": Ragged.of([torch.tensor(one, dtype=torch.int64) for one in LABELS]),
    }


def batch(inputs: Tensor | None = None) -> Batch:
    return Batch(torch.zeros(3, 3, *SIZE, dtype=torch.uint8) if inputs is None else inputs, targets(), torch.arange(3))


class Says(nn.Module):
    """A network that gives the same map for every batch."""

    def __init__(self, answers: Tensor) -> None:
        super().__init__()
        self.answers = nn.Parameter(answers)

    def forward(self, x: Tensor) -> Tensor:
        return self.answers[: len(x)]


def perfect() -> Tensor:
    """The map that says exactly what is there."""
    answers = torch.full((3, 6, SIZE[0] // STRIDE, SIZE[1] // STRIDE), -9.0)
    for picture, (boxes, labels) in enumerate(zip(BOXES, LABELS, strict=True)):
        for (left, top, right, bottom), label in zip(boxes, labels, strict=True):
            row, column = int((top + bottom) / 2 / STRIDE), int((left + right) / 2 / STRIDE)
            x, y = (column + 0.5) * STRIDE, (row + 0.5) * STRIDE
            answers[picture, label, row, column] = 9.0
            answers[picture, 2:, row, column] = (
                torch.tensor([x - left, y - top, right - x, bottom - y]) / STRIDE
            ).log()
    return answers


def test_what_a_perfect_map_says_is_what_is_there():
    task = Detection(INFO)
    for (boxes, scores, labels), expected, kinds in zip(
        task.found(perfect(), SIZE, 0.3), targets()["boxes"], targets()["labels"], strict=True
    ):
        order = labels.argsort()
        torch.testing.assert_close(boxes[order].view(-1, 4), expected)
        assert labels[order].tolist() == kinds.tolist()
        assert bool((scores > 0.99).all())


def test_figures_of_a_perfect_map_are_one_and_of_a_silent_one_zero():
    task = Detection(INFO)
    for answers, value in ((perfect(), 1.0), (torch.full_like(perfect(), -9.0), 0.0)):
        meter = task.meter("val")
        loss, outputs = task.loss("model", Says(answers), batch())
        meter.update("model", loss.detach(), outputs.detach(), batch())
        figures = meter.figures()
        assert figures["map50"] == pytest.approx(value, abs=1e-6)
        assert figures["map"] == pytest.approx(value, abs=1e-6)
        again = task.meter("val")
        again.load(meter.state())
        assert again.figures() == figures


def test_hills_are_one_at_the_middle_and_fall_by_the_size_of_the_box():
    heat = centres.hills(targets()["boxes"], targets()["labels"].values, 2, STRIDE, (12, 16))
    assert heat.shape == (3, 2, 12, 16)
    assert float(heat[1].max()) == 0
    assert float(heat[0, 0, 3, 4]) == 1
    assert float(heat[0, 1, 7, 11]) == 1
    assert int((heat == 1).sum()) == 3
    sigma = (0.54 * 20 / STRIDE + 1) / 6  # of the first box, across
    assert float(heat[0, 0, 3, 5]) == pytest.approx(np.exp(-1 / (2 * sigma**2)), rel=1e-5)


def test_the_focal_loss_is_its_formula():
    logits, heat = torch.tensor([0.3, -1.2, 2.0]), torch.tensor([1.0, 0.5, 0.0])
    p = logits.sigmoid()
    expected = -((1 - p[0]) ** 2 * p[0].log() + 0.5**4 * p[1] ** 2 * (1 - p[1]).log() + p[2] ** 2 * (1 - p[2]).log())
    torch.testing.assert_close(centres.focal(logits, heat), expected)


@pytest.mark.parametrize("overlap", ["giou", "ciou", "iou"])
def test_descent_on_the_map_finds_the_boxes(overlap):
    task, network = Detection(INFO, box_loss=overlap), Says(torch.zeros(3, 6, 12, 16))
    optimizer = torch.optim.Adam(network.parameters(), 0.1)
    for _ in range(150):
        optimizer.zero_grad()
        task.loss("model", network, batch())[0].backward()
        optimizer.step()
    meter = task.meter("val")
    loss, outputs = task.loss("model", network, batch())
    meter.update("model", loss.detach(), outputs.detach(), batch())
    assert meter.figures()["map50"] == pytest.approx(1.0)


def test_gradients_of_the_loss_are_those_of_finite_differences():
    some = targets()
    boxes = Ragged(some["boxes"].values.double(), some["boxes"].offsets)
    draw = torch.Generator().manual_seed(0)
    answers = torch.randn(3, 6, 12, 16, generator=draw, dtype=torch.float64, requires_grad=True)

    def loss(x: Tensor) -> Tensor:
        found, sides = centres.losses(x, boxes, some["labels"].values, STRIDE, "giou")
        return found + sides

    assert torch.autograd.gradcheck(loss, (answers,), fast_mode=True)


def test_a_batch_without_any_box_is_learned_as_nothing():
    empty = Batch(
        torch.zeros(2, 3, *SIZE, dtype=torch.uint8),
        {"boxes": Ragged(torch.zeros(0, 4), torch.zeros(3, dtype=torch.int64)),
         "labels": Ragged(torch.zeros(0, dtype=torch.int64), torch.zeros(3, dtype=torch.int64))},
        torch.arange(2),
    )  # fmt: skip
    loss, _ = Detection(INFO).loss("model", Says(torch.zeros(2, 6, 12, 16)), empty)
    assert bool(loss.isfinite())
    assert float(loss.detach()) > 0


@torch.no_grad()
def test_boxes_of_a_photograph_are_in_its_own_pixels(tmp_path):
    """The network sees it letterboxed: 96 × 64 pixels become 64 × 43 with rows of padding."""
    Image.fromarray(np.zeros((64, 96, 3), np.uint8)).save(tmp_path / "a.png")
    task = Detection(INFO)
    network = Says(perfect()[:1])
    [prediction] = task.predict_files(network, [tmp_path / "a.png"])
    assert prediction.label == "1 red, 1 green"
    assert prediction.picture.shape == (3, 64, 96)
    place = prediction.table["class"].index("red")
    box = [prediction.table[side][place] for side in ("left", "top", "right", "bottom")]
    scale, top = 64 / 96, (48 - 43) // 2
    expected = torch.tensor([8 / scale, (8 - top) / (43 / 64), 28 / scale, (20 - top) / (43 / 64)])
    assert float(iou(torch.tensor(box), expected)) > 0.999
    [missing] = task.predict_files(network, [tmp_path / "no.png"])
    assert missing.problem


@torch.no_grad()
def test_previews_and_inspections_show_both():
    task, network = Detection(INFO), Says(perfect())
    assert task.preview(network, batch()).pictures.shape == (3, 2, 3, *SIZE)
    inspection = task.inspect(network, batch())
    assert inspection.errors.tolist() == pytest.approx([0, 0, 0], abs=1e-5)
    assert inspection.truth[0] == "2 objects"
    assert inspection.said[1] == "0 objects"
    answers = task.predict(network, batch().inputs)
    assert answers.shape == (3, 100, 6)
    assert float(pairwise_iou(answers[2, :1, :4], targets()["boxes"].values[2:])) > 0.999


def test_data_without_boxes_and_models_without_a_map_are_refused():
    with pytest.raises(RecipeError, match="needs pictures with boxes"):
        Detection(DataInfo((3, 8, 8), ("a", "b"), {"train": 1}, (1, 1), (0.0,), (1.0,)))
    with pytest.raises(RecipeError, match="answers on a grid"):
        Detection(INFO).loss("model", nn.Flatten(), batch(torch.zeros(3, 3, *SIZE)))
