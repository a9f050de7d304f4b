"""Segmentation against scikit-learn, closed forms, and the promise that ignored pixels change nothing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from sklearn.metrics import accuracy_score, jaccard_score
from torch import nn

from paribus.data.deliver.loader import Batch
from paribus.data.info import DataInfo
from paribus.data.metadata import MaskInfo
from paribus.errors import RecipeError
from paribus.tasks.pixels import regions
from paribus.tasks.pixels.confusion import Confusion, iou, mean_iou
from paribus.tasks.pixels.overlays import SHARE, overlay, painted, palette
from paribus.tasks.pixels.segmentation import Segmentation
from paribus.tasks.pixels.tiling import anywhere, ramp

IGNORE = 255
INFO = DataInfo(
    (3, 12, 10), ("ground", "a", "b", "c"), {"train": 6}, (500, 150, 60, 10), (0.0,) * 3, (1.0,) * 3,
    {"size": [12, 10], "colour": "rgb", "fit": "cut"}, (12, 10), masks=MaskInfo(IGNORE),
)  # fmt: skip
DRAW = torch.Generator().manual_seed(0)
TARGETS = torch.randint(0, 4, (6, 12, 10), generator=DRAW).to(torch.uint8)
TARGETS[:, :3] = IGNORE
LOGITS = torch.randn(6, 4, 12, 10, generator=DRAW)
ROWS = torch.arange(6)


class Fixed(nn.Module):
    """A network whose output is its input."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x


def batch_of(logits: torch.Tensor = LOGITS, targets: torch.Tensor = TARGETS) -> Batch:
    return Batch(logits, targets, torch.arange(len(logits)))


def figures(task: Segmentation, sizes: list[int], split: str = "val") -> dict[str, float]:
    meter = task.meter(split)
    for rows in torch.arange(len(batch_of())).split(sizes):
        piece = batch_of().take(rows)
        loss, outputs = task.loss("model", Fixed(), piece)
        meter.update("model", loss, outputs, piece)
    return meter.figures()


@pytest.mark.parametrize("sizes", [[6], [1] * 6, [4, 2]])
def test_T11_figures_are_those_of_scikit_learn(sizes):
    known = TARGETS != IGNORE
    true, said = TARGETS[known].numpy(), LOGITS.argmax(1)[known].numpy()
    expected = {"miou": jaccard_score(true, said, average="macro"), "pixel_accuracy": accuracy_score(true, said)}
    shares = jaccard_score(true, said, average=None)
    expected |= {f"iou/{name}": share for name, share in zip(INFO.classes, shares, strict=True)}
    losses = [F.cross_entropy(LOGITS[i : i + 1], TARGETS[i : i + 1].long(), ignore_index=IGNORE) for i in range(6)]
    expected["loss"] = float(torch.stack(losses).mean())
    assert figures(Segmentation(INFO), sizes) == pytest.approx(expected, rel=1e-6)


def test_training_tells_no_details():
    assert set(figures(Segmentation(INFO), [6], "train")) == {"loss", "miou", "pixel_accuracy"}


def test_classes_that_neither_occur_nor_are_said_are_left_out():
    matrix = torch.tensor([[6, 2, 0], [1, 3, 0], [0, 0, 0]])
    assert iou(matrix).tolist()[:2] == pytest.approx([6 / 9, 3 / 6])
    assert mean_iou(matrix) == pytest.approx((6 / 9 + 3 / 6) / 2)
    meter = Confusion(("a", "b", "c"), None, details=True)
    meter.update("model", torch.tensor(1.0), F.one_hot(torch.tensor([[[0, 1]]]), 3).movedim(-1, 1), batch_of(
        torch.zeros(1, 3, 1, 2), torch.tensor([[[0, 1]]], dtype=torch.uint8)
    ))  # fmt: skip
    assert meter.figures() == {"loss": 1.0, "miou": 1.0, "pixel_accuracy": 1.0, "iou/a": 1.0, "iou/b": 1.0}


def test_no_known_pixel_is_no_accident():
    meter = Confusion(("a", "b"), IGNORE, details=True)
    nothing = batch_of(torch.zeros(2, 2, 3, 3), torch.full((2, 3, 3), IGNORE, dtype=torch.uint8))
    meter.update("model", torch.tensor(0.0), nothing.inputs, nothing)
    assert meter.figures() == {"loss": 0.0, "miou": 0.0, "pixel_accuracy": 0.0}


def test_a_meter_goes_on_where_it_was_saved():
    task = Segmentation(INFO)
    halves = batch_of().chunks(2)
    whole, first, second = task.meter("val"), task.meter("val"), task.meter("val")
    for half in halves:
        whole.update("model", torch.tensor(0.5), half.inputs, half)
    first.update("model", torch.tensor(0.5), halves[0].inputs, halves[0])
    second.load(first.state())
    second.update("model", torch.tensor(0.5), halves[1].inputs, halves[1])
    assert second.figures() == whole.figures()


@pytest.mark.parametrize("loss", regions.LOSSES)
@pytest.mark.parametrize("weights", regions.WEIGHTS)
def test_T11_ignored_pixels_change_nothing(loss, weights):
    task = Segmentation(INFO, loss=loss, class_weights=weights)
    other = LOGITS.clone()
    other[:, :, :3] = torch.randn(6, 4, 3, 10, generator=torch.Generator().manual_seed(9)) * 30
    results = []
    for logits in (LOGITS, other):
        given = logits.clone().requires_grad_()
        value, outputs = task.loss("model", Fixed(), batch_of(given))
        value.backward()
        meter = task.meter("val")
        meter.update("model", value.detach(), outputs.detach(), batch_of())
        results.append((meter.figures(), given.grad))
    assert results[0][0] == results[1][0]
    assert torch.equal(results[0][1][:, :, 3:], results[1][1][:, :, 3:])
    assert results[0][1][:, :, :3].abs().max() == 0 == results[1][1][:, :, :3].abs().max()


@pytest.mark.parametrize("loss", regions.LOSSES)
def test_the_mean_loss_does_not_depend_on_the_batches(loss):
    task = Segmentation(INFO, loss=loss, class_weights="balanced")
    assert figures(task, [6])["loss"] == pytest.approx(figures(task, [1, 5])["loss"], rel=1e-6)


def test_focal_without_gamma_is_cross_entropy():
    targets, ones = TARGETS.clamp(max=3).long(), torch.ones(6, 12, 10)
    assert torch.allclose(regions.focal(LOGITS, targets, ones, 0.0), regions.cross_entropy(LOGITS, targets, ones))


def test_focal_of_a_known_probability():
    """With p = 0.8 for the true class, −(1 − p)²·ln p = −0.04·ln 0.8."""
    logits = torch.tensor([0.8, 0.2]).log().view(1, 2, 1, 1)
    value = regions.focal(logits, torch.zeros(1, 1, 1, dtype=torch.int64), torch.ones(1, 1, 1))
    assert value.item() == pytest.approx(-0.04 * np.log(0.8), rel=1e-5)


def test_dice_of_known_areas():
    """3 of 4 pixels are class 0 and the network is certain of 2 of them: 2·2/(3 + 2) for class 0, 2·1/(1 + 2) for 1."""
    targets = torch.tensor([[[0, 0], [0, 1]]])
    said = torch.tensor([[[0, 0], [1, 1]]])
    logits = F.one_hot(said, 2).movedim(-1, 1) * 50.0
    s = regions.SMOOTH
    expected = 1 - ((2 * 2 + s) / (5 + s) + (2 * 1 + s) / (3 + s)) / 2
    assert regions.dice(logits, targets, torch.ones(1, 2, 2)).item() == pytest.approx(expected, rel=1e-6)
    right = F.one_hot(targets, 2).movedim(-1, 1) * 50.0
    assert regions.dice(right, targets, torch.ones(1, 2, 2)).item() == pytest.approx(0, abs=1e-6)


@given(st.lists(st.integers(0, 1000), min_size=2, max_size=8).filter(any))
def test_weights_of_classes(counts):
    counts = torch.tensor(counts, dtype=torch.float32)
    present = counts > 0
    # balanced: every class that occurs has the same share of the weight, and pixels weigh 1 in the mean
    shares = (regions.balanced(counts) * counts)[present]
    assert torch.allclose(shares, shares[:1].expand_as(shares), rtol=1e-5)
    assert shares.sum().item() == pytest.approx(counts.sum().item(), rel=1e-5)
    middle = regions.median(counts)[present] * counts[present]
    assert torch.allclose(middle, counts[present].median().expand_as(middle), rtol=1e-5)
    assert (regions.balanced(counts)[~present] == 1).all()


def test_data_without_masks_are_refused():
    with pytest.raises(RecipeError, match="needs masks"):
        Segmentation(DataInfo((3, 8, 8), ("a", "b"), {}, (1, 1), (0.0,) * 3, (1.0,) * 3))


def blurring() -> nn.Module:
    """A random network of convolutions that sees 6 pixels in each direction."""
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 4, 5, padding=2), nn.Tanh(), nn.Conv2d(4, 4, 9, padding=4)]
    return nn.Sequential(*layers).requires_grad_(False)


def test_T11_tiles_agree_with_the_whole_away_from_borders():
    net, picture = blurring(), torch.randn(3, 150, 97, generator=DRAW)
    whole = anywhere(net, picture)
    tiled = anywhere(net, picture, tile=64, overlap=32, whole=0)
    assert tiled.shape == whole.shape == (4, 150, 97)
    inside = (..., slice(-6), slice(-6))  # below and right of that it sees the continued picture, not zeros
    # tiles that end within 6 pixels have weight 1e-6 there, times a difference of the order of 1
    assert torch.allclose(tiled[inside], whole[inside], atol=1e-5)
    assert not torch.allclose(tiled, whole, atol=1e-2)


def test_tiles_of_a_function_of_single_pixels_are_exact():
    picture = torch.randn(3, 70, 131, generator=DRAW)
    assert torch.allclose(anywhere(lambda x: x[:, :2] * 2, picture, 32, 16, 0), picture[:2] * 2, atol=1e-5)


@given(st.integers(1, 40), st.integers(0, 20))
def test_weights_of_neighbouring_tiles_add_up_to_one(inner, overlap):
    weight = ramp(inner + 2 * overlap, overlap)
    assert torch.allclose(weight[:overlap] + weight[len(weight) - overlap :], torch.ones(overlap))
    assert (weight > 0).all()


def test_overlays_show_the_classes_in_their_colours():
    colours = palette(3, ("#ff0000", "#00ff00", "#0000ff"))
    assert colours.tolist() == [[255, 0, 0], [0, 255, 0], [0, 0, 255]]
    labels = torch.tensor([[0, 2, IGNORE]])
    picture = torch.full((1, 1, 3), 100, dtype=torch.uint8)
    mixed = overlay(picture, labels, colours)
    assert mixed[:, 0, 0].tolist() == [round(100 * (1 - SHARE) + 255 * SHARE), round(100 * (1 - SHARE)), 45]
    assert mixed[:, 0, 2].tolist() == [100] * 3
    assert painted(labels, colours)[:, 0, 2].tolist() == [255] * 3
    assert len(palette(30).unique(dim=0)) == 30


class ByColour(nn.Module):
    """Says class k where channel k − 1 is brightest and bright, and class 0 elsewhere."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.cat([torch.full_like(x[:, :1], 128.0, dtype=torch.float32), x.float()], 1)


@pytest.mark.parametrize("fit", ["cut", "stretch", "crop", "pad"])
def test_files_of_any_size_are_predicted_at_their_own(tmp_path, fit):
    pixels = np.zeros((48, 80, 3), np.uint8)
    pixels[:24, :40, 0] = pixels[24:, 40:, 1] = 250
    Image.fromarray(pixels).save(tmp_path / "one.png")
    info = replace(INFO, decoding={"size": [12, 10], "colour": "rgb", "fit": fit})
    task = Segmentation(info)
    found, missing = task.predict_files(ByColour(), [tmp_path / "one.png", tmp_path / "none.png"])
    assert found.picture.shape == (3, 48, 80)
    assert found.figures == pytest.approx({"ground": 0.5, "a": 0.25, "b": 0.25, "c": 0}, abs=0.03)
    assert found.label.startswith("ground ")
    assert missing.problem == "there is no such file"
    truth = torch.zeros(48, 80, dtype=torch.int64)
    truth[:24, :40], truth[24:, 40:] = 1, 2
    assert (task.labels(ByColour(), torch.from_numpy(pixels).movedim(-1, 0)) == truth).float().mean() > 0.95


def test_a_preview_shows_picture_truth_and_prediction():
    seen = Segmentation(INFO).preview(ByColour(), Batch(torch.zeros(6, 3, 12, 10, dtype=torch.uint8), TARGETS, ROWS))
    assert seen.columns == ("picture", "truth", "prediction")
    assert seen.pictures.shape == (4, 3, 3, 12, 10)
