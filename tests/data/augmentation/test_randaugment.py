"""Each operation against Pillow, and that those with the same one go through it together without being mixed up."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance, ImageOps
from torch import Tensor

from paribus.chance import Draws
from paribus.data.augmentation import warp
from paribus.data.augmentation.erase import Erase
from paribus.data.augmentation.randaugment import (
    GROUPS,
    OPERATIONS,
    RandAugment,
    autocontrast,
    coloured,
    equalized,
    posterized,
    sharpened,
    solarized,
    warps_of,
)
from paribus.data.augmentation.resized_crop import ResizedCrop
from paribus.data.augmentation.rotate import rotate
from paribus.data.trees import Ragged

INDEX = torch.arange(300)


def pictures(count: int = 12, size: int = 24) -> Tensor:
    """Waves of different contrast, so that levels are unevenly spread; the last one is flat."""
    generator = torch.Generator().manual_seed(1)
    waves = torch.rand(count, 3, size, size, generator=generator).pow(3) * torch.linspace(0.2, 1, count).view(
        -1, 1, 1, 1
    )
    waves[-1] = 0.3
    return (waves * 200 + 20).to(torch.uint8)


def as_image(picture: Tensor) -> Image.Image:
    return Image.fromarray(picture.permute(1, 2, 0).numpy())


def as_tensor(image: Image.Image) -> Tensor:
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)


def operation(name: str, strength: float, count: int) -> tuple[Tensor, Tensor]:
    return torch.full((count,), OPERATIONS.index(name)), torch.full((count,), strength)


PILLOW = {  # name → ours, Pillow's, and by how many levels they may differ
    "equalize": (equalized, lambda image, s: ImageOps.equalize(image), 0),
    "autocontrast": (autocontrast, lambda image, s: ImageOps.autocontrast(image), 1),  # Pillow truncates a float
    "solarize": (solarized, lambda image, s: ImageOps.solarize(image, round(256 * (1 - abs(s)))), 0),
    "posterize": (posterized, lambda image, s: ImageOps.posterize(image, 8 - round(4 * abs(s))), 0),
    "sharpness": (sharpened, lambda image, s: ImageEnhance.Sharpness(image).enhance(1 + 0.9 * s), 2),  # two roundings
    "brightness": (coloured, lambda image, s: ImageEnhance.Brightness(image).enhance(1 + 0.9 * s), 1),
    "contrast": (coloured, lambda image, s: ImageEnhance.Contrast(image).enhance(1 + 0.9 * s), 2),
    "saturation": (coloured, lambda image, s: ImageEnhance.Color(image).enhance(1 + 0.9 * s), 2),
}


@pytest.mark.parametrize("strength", [-1.0, -0.3, 0.6])
@pytest.mark.parametrize("name", PILLOW)
def test_S7_each_operation_on_levels_agrees_with_pillow(name, strength):
    ours, pillow, slack = PILLOW[name]
    images = pictures()
    changed = ours(images, *operation(name, strength, len(images)))
    assert changed.dtype == torch.uint8
    for before, after in zip(images, changed, strict=True):
        expected = as_tensor(pillow(as_image(before), strength))
        assert (after.int() - expected.int()).abs().max() <= slack


@pytest.mark.parametrize("name", ["shear x", "shear y", "shift x", "shift y"])
def test_S7_each_operation_on_places_agrees_with_pillow(name):
    images, strength = pictures(), 0.8
    warps = warps_of(*operation(name, strength, len(images)), 24, 24)
    ours = warp.sampled(images, warps, "nearest", "zero")
    shear, shift = 0.3 * strength, 0.45 * 24 * strength
    middle = shear * 24 / 2  # Pillow shears about the corner, and shifts what it shears
    data = {
        "shear x": (1, shear, -middle, 0, 1, 0),
        "shear y": (1, 0, 0, shear, 1, -middle),
        "shift x": (1, 0, shift, 0, 1, 0),
        "shift y": (1, 0, 0, 0, 1, shift),
    }[name]
    for before, after in zip(images, ours, strict=True):
        expected = as_tensor(
            as_image(before).transform((24, 24), Image.Transform.AFFINE, data, Image.Resampling.NEAREST)
        )
        assert (after != expected).double().mean() < 0.03  # where a source lies on the border of two pixels


def test_a_turn_is_that_of_rotate():
    images = pictures()
    warps = warps_of(*operation("rotate", 0.5, len(images)), 24, 24)
    turned = warp.sampled(images, warps, "bilinear", "zero")
    assert torch.equal(turned, rotate(images, torch.full((len(images),), 15.0), "bilinear", "zero"))


def test_S7_a_warp_and_its_way_back_are_inverse():
    chosen, strength = torch.arange(300) % len(OPERATIONS), torch.linspace(-1, 1, 300)
    warps = warps_of(chosen, strength, 20, 30)
    forward = warp.matrix(warps, 20, 30)
    points = torch.rand(300, 2) * 20
    there = (forward[:, :, :2] @ points.unsqueeze(2)).squeeze(2) + forward[:, :, 2]
    centre = torch.tensor([15.0, 10.0])
    back = (warps[:, :, :2] @ (there - centre).unsqueeze(2)).squeeze(2) + warps[:, :, 2] + centre
    torch.testing.assert_close(back, points, atol=1e-4, rtol=1e-4)


def test_S7_masks_boxes_and_points_go_where_the_pixels_go():
    """A bright square on black, in pictures whose places changed: its mask, its box and its middle lie on it."""
    images = torch.zeros(300, 1, 40, 40, dtype=torch.uint8)
    images[:, :, 14:24, 18:28] = 255
    changed, moved = RandAugment(1, 20.0)(images, Draws(3, INDEX))
    chosen = Draws(3, INDEX).within("0").integers("operation", 0, 13)
    places = (chosen >= 1) & (chosen <= 5)
    assert places.sum() > 60
    masks = moved.masks((images > 0).long(), 0)[places, 0].bool()
    bright = changed[places, 0] > 127
    assert ((masks != bright).double().sum((1, 2)) <= 8).all()  # the nearest pixel, and half of what is smooth
    squares, middles = torch.tensor([[18.0, 14, 28, 24]]), torch.tensor([[23.0, 19]])
    boxes, _ = moved.boxes(Ragged.of([squares] * 300))
    points, _ = moved.points(Ragged.of([middles] * 300))
    for seen, box, point in zip(bright, boxes.values[places], points.values[places], strict=True):
        rows, columns = seen.nonzero().T
        assert (box[:2] <= torch.stack([columns.min(), rows.min()]) + 1).all()
        assert (box[2:] >= torch.stack([columns.max(), rows.max()])).all()
        assert (point - torch.stack([columns, rows]).double().mean(1) - 0.5).abs().max() < 0.6


def test_pictures_that_go_through_in_groups_come_out_in_their_places():
    images = pictures(300)
    whole, _ = RandAugment(1, 15.0)(images, Draws(3, INDEX))
    for place in range(0, 300, 29):
        alone, _ = RandAugment(1, 15.0)(images[place : place + 1], Draws(3, INDEX[place : place + 1]))
        assert torch.equal(alone[0], whole[place])


def test_every_operation_has_its_turn_and_its_group():
    chosen = Draws(3, torch.arange(14_000)).within("0").integers("operation", 0, len(OPERATIONS) - 1)
    counts = chosen.bincount(minlength=len(OPERATIONS)).double()
    assert len(OPERATIONS) == 14 == sum(map(len, GROUPS))
    assert ((counts - 1000) ** 2 / 1000).sum() < 40  # χ² with 13 degrees of freedom: p ≈ 0.0001


def test_no_operation_changes_nothing_and_no_magnitude_only_spreads_levels():
    images = pictures(300)
    assert RandAugment(0)(images, Draws(3, INDEX))[0] is images
    changed, moved = RandAugment(1, 0.0)(images, Draws(3, INDEX))
    chosen = Draws(3, INDEX).within("0").integers("operation", 0, 13)
    spread = (chosen == OPERATIONS.index("autocontrast")) | (chosen == OPERATIONS.index("equalize"))
    assert torch.equal(changed[~spread], images[~spread])
    masks = torch.randint(0, 5, (300, 1, 24, 24))
    assert torch.equal(moved.masks(masks, None), masks)


def test_a_small_picture_has_edges_only():
    tiny = pictures(6, 2)
    assert torch.equal(sharpened(tiny, *operation("sharpness", 0.9, 6)), tiny)


def test_a_resized_crop_shows_a_part_of_the_picture_at_its_size():
    """A ramp from left to right stays one, less steep, and within its range: nothing comes in from outside."""
    ramp = (torch.arange(32) * 4).to(torch.uint8).expand(300, 1, 32, 32)
    part = ResizedCrop(0.25, 1.5)
    changed, moved = part(ramp, Draws(3, INDEX))
    steps = changed[:, 0, 16].int().diff(dim=1)
    assert (steps >= 0).all()
    spans = (changed[:, 0, 16, -1].float() - changed[:, 0, 16, 0]) / (31 * 4)
    assert spans.min() > 0.5 / 1.5**0.5 - 0.05
    assert spans.max() <= 1
    corners = Ragged.of([torch.tensor([[0.0, 0, 32, 32]])] * 300)
    boxes, seen = moved.boxes(corners)
    assert torch.equal(boxes.values, corners.values)  # the whole picture still fills it
    assert seen.min() > 0.25 / 1.01
    assert seen.mean() == pytest.approx(0.625, abs=0.04)  # areas are even from 0.25 to 1, some are cut at a side


def test_a_whole_part_that_is_not_stretched_is_the_picture():
    images = pictures(300)
    assert torch.equal(ResizedCrop(1.0, 1.0)(images, Draws(3, INDEX))[0], images)


def test_erased_are_as_many_as_asked_for_and_no_more_than_allowed():
    images = torch.full((3000, 1, 30, 30), 100, dtype=torch.uint8)
    changed, _ = Erase(0.4, 0.2, "zero")(images, Draws(3, torch.arange(3000)))
    share = (changed == 0).double().mean((1, 2, 3))
    assert abs((share > 0).double().mean() - 0.4) < 4 * math.sqrt(0.4 * 0.6 / 3000)
    assert share.max() <= 0.2 + 2 / 30
    assert torch.equal(Erase(0.0)(images, Draws(3, torch.arange(3000)))[0], images)


def test_noise_has_all_levels_and_is_the_same_again():
    images = torch.full((300, 3, 16, 16), 100, dtype=torch.uint8)
    changed, _ = Erase(1.0, 1.0, "noise")(images, Draws(3, INDEX))
    again, _ = Erase(1.0, 1.0, "noise")(images[100:200], Draws(3, INDEX[100:200]))
    assert torch.equal(again, changed[100:200])
    counts = changed[changed != 100].long().bincount(minlength=256).double()
    counts = torch.cat([counts[:100], counts[101:]])
    assert ((counts - counts.mean()) ** 2 / counts.mean()).sum() < 254 + 4 * math.sqrt(2 * 254)


def test_noise_of_neighbours_does_not_repeat():
    drawn = Draws(3, torch.arange(500)).noise("x", 30)
    assert drawn.shape == (500, 30)
    assert len(drawn.unique(dim=0)) == 500
    correlation = np.corrcoef(drawn.double().numpy().T)
    assert np.abs(correlation[np.triu_indices(30, 1)]).max() < 4.5 / math.sqrt(500)
