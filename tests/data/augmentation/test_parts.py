"""Each augmentation against a slow reference, a closed form or an independent library."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance
from scipy import ndimage
from torch import Tensor

from paribus.chance import Draws
from paribus.data.augmentation.colour import Colour, recolour
from paribus.data.augmentation.crop import Crop
from paribus.data.augmentation.cutout import Cutout, square
from paribus.data.augmentation.flip import Flip, flip
from paribus.data.augmentation.rotate import Rotate, rotate
from paribus.data.augmentation.shifting import pad, shift
from paribus.data.augmentation.translate import Translate

INDEX = torch.arange(40)
DRAWS = Draws(7, INDEX)
PAD_MODES = {"zero": "constant", "edge": "edge", "reflect": "reflect"}  # numpy's names


def noise(*shape: int) -> Tensor:
    return torch.randint(0, 256, shape, dtype=torch.uint8, generator=torch.Generator().manual_seed(1))


def smooth(batch: int, channels: int, height: int, width: int) -> Tensor:
    """Pictures whose neighbouring pixels differ by little, from 40 to 215."""
    y, x = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    phase = torch.arange(batch * channels).view(batch, channels, 1, 1)
    waves = torch.sin(x / 3 + phase) + torch.cos(y / 4 - phase)
    return (waves * 43.5 + 127.5).to(torch.uint8)


@pytest.mark.parametrize(
    "part",
    [
        Flip(0.0, vertical=True),
        Crop(0),
        Rotate(0.0),
        Translate(0.0),
        Colour(0, 0, 0),
        Cutout(0),
        Cutout(0, "zero"),
    ],
    ids=repr,
)
@pytest.mark.parametrize("channels", [1, 3])
def test_zero_strength_changes_nothing(part, channels):
    images = noise(40, channels, 9, 12)
    assert torch.equal(part(images, DRAWS)[0], images)


@pytest.mark.parametrize("part", [Flip(vertical=True), Crop(), Rotate(), Translate(), Colour(), Cutout()], ids=repr)
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_shape_and_type_are_kept_and_the_input_is_left_alone(part, channels):
    images = noise(40, channels, 8, 11)
    before = images.clone()
    changed = part(images, DRAWS)[0]
    assert changed.shape == images.shape
    assert changed.dtype == torch.uint8
    assert not torch.equal(changed, images)
    assert torch.equal(images, before)


def test_flip_twice_is_the_identity():
    images, part = noise(40, 3, 8, 8), Flip(vertical=True)
    assert torch.equal(part(part(images, DRAWS)[0], DRAWS)[0], images)


def mirrored_in(epoch: int, **options) -> Tensor:
    """Which of 2,000 pictures with one bright pixel at the top left are mirrored in an epoch, by axis, bool (2, N)."""
    images = torch.zeros(2000, 1, 2, 2, dtype=torch.uint8)
    images[:, :, 0, 0] = 255
    draws = Draws(100 + epoch, torch.arange(2000), lasting=7, epoch=epoch)
    _, _, rows, columns = Flip(**options)(images, draws.within("flip"))[0].nonzero(as_tuple=True)
    return torch.stack([columns, rows]).bool()


def test_alternating_flips_show_both_ways_in_two_epochs():
    first, second, third = (mirrored_in(epoch, alternate=True)[0] for epoch in range(3))
    assert torch.equal(second, ~first)
    assert torch.equal(third, first)
    assert 900 < int(first.sum()) < 1100
    plain = [mirrored_in(epoch)[0] for epoch in range(3)]
    assert 900 < int((plain[0] ^ plain[2]).sum()) < 1100  # chance anew in each epoch


def test_alternating_flips_of_both_axes_show_all_four_ways_in_four_epochs():
    ways = torch.stack([mirrored_in(epoch, alternate=True, vertical=True) for epoch in range(4)])  # (4, 2, N)
    numbers = (2 * ways[:, 0].long() + ways[:, 1].long()).sort(0).values
    assert torch.equal(numbers, torch.arange(4)[:, None].expand(4, 2000))


@pytest.mark.parametrize(("axis", "numpy_flip"), [(3, np.fliplr), (2, np.flipud)])
def test_flip_mirrors_the_chosen_pictures_one_by_one(axis, numpy_flip):
    images = noise(40, 1, 6, 5)
    chosen = DRAWS.chosen("x", 0.5)
    for before, after, mirrored in zip(images, flip(images, chosen, axis), chosen, strict=True):
        expected = numpy_flip(before[0].numpy()) if mirrored else before[0].numpy()
        assert np.array_equal(after[0].numpy(), expected)


@pytest.mark.parametrize("fill", PAD_MODES)
def test_pad_agrees_with_numpy_also_where_the_margin_exceeds_the_picture(fill):
    images = noise(2, 3, 4, 5)
    expected = np.pad(images.numpy(), ((0, 0), (0, 0), (7, 7), (11, 11)), mode=PAD_MODES[fill])
    assert np.array_equal(pad(images, 7, 11, fill).numpy(), expected)


@pytest.mark.parametrize("fill", PAD_MODES)
def test_crop_cuts_one_window_out_of_each_padded_picture(fill):
    images, part = noise(40, 3, 10, 7), Crop(padding=3, fill=fill)
    down, right = DRAWS.integers("down", -3, 3), DRAWS.integers("right", -3, 3)
    for before, after, y, x in zip(images, part(images, DRAWS)[0], 3 - down, 3 - right, strict=True):
        padded = np.pad(before.numpy(), ((0, 0), (3, 3), (3, 3)), mode=PAD_MODES[fill])
        assert np.array_equal(after.numpy(), padded[:, y : y + 10, x : x + 7])


def test_every_crop_window_is_equally_likely():
    draws = Draws(3, torch.arange(49_000))
    windows = draws.integers("down", -3, 3) * 7 + draws.integers("right", -3, 3)
    counts = torch.unique(windows, return_counts=True)[1].double()
    chi_square = ((counts - 1000) ** 2 / 1000).sum()
    assert len(counts) == 49
    assert chi_square < 84  # 48 degrees of freedom: exceeded with probability 0.001; the draws are fixed


def test_shifting_back_restores_the_interior():
    images = noise(40, 3, 12, 12)
    down, right = DRAWS.integers("a", -3, 3), DRAWS.integers("b", -3, 3)
    back = shift(shift(images, down, right, (3, 3), "edge"), -down, -right, (3, 3), "edge")
    assert torch.equal(back[..., 3:-3, 3:-3], images[..., 3:-3, 3:-3])


def test_a_positive_shift_moves_down_and_right():
    image = torch.zeros(1, 1, 5, 5, dtype=torch.uint8)
    image[0, 0, 1, 1] = 255
    moved = shift(image, torch.tensor([2]), torch.tensor([1]), (2, 2), "zero")
    assert moved[0, 0].nonzero().tolist() == [[3, 2]]


def test_translation_stays_within_its_share_of_each_side():
    image = torch.zeros(1, 1, 20, 40, dtype=torch.uint8)
    image[0, 0, 10, 20] = 255
    batch = image.expand(2000, -1, -1, -1)
    _, _, rows, columns = Translate(0.1)(batch, Draws(1, torch.arange(2000)))[0].nonzero(as_tuple=True)
    assert (rows.min(), rows.max()) == (8, 12)
    assert (columns.min(), columns.max()) == (16, 24)


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_a_right_angle_is_rot90(turns):
    images = noise(5, 3, 9, 9)
    turned = rotate(images, torch.full((5,), 90.0 * turns), "bilinear", "edge")
    assert torch.equal(turned, torch.rot90(images, turns, (2, 3)))


@pytest.mark.parametrize("shape", [(16, 16), (15, 24)])
@pytest.mark.parametrize("fill", ["edge", "zero"])
def test_rotation_agrees_with_scipy(shape, fill):
    images = noise(8, 1, *shape)
    degrees = torch.linspace(-170, 180, 8)
    turned = rotate(images, degrees, "bilinear", fill)
    for before, after, angle in zip(images, turned, degrees, strict=True):
        mode = {"edge": "nearest", "zero": "grid-constant"}[fill]
        expected = ndimage.rotate(before[0].double(), float(angle), reshape=False, order=1, mode=mode)
        # Both take the weighted mean of four pixels; ours rounds it, which is half a level, and computes the
        # coordinates in single precision, which is far less.
        assert np.abs(after[0].numpy() - expected).max() <= 0.51


def test_turning_back_restores_a_smooth_interior():
    images = smooth(6, 1, 40, 40)
    degrees = torch.linspace(-40, 40, 6)
    back = rotate(rotate(images, degrees, "bilinear", "edge"), -degrees, "bilinear", "edge")
    error = (back.int() - images.int()).abs()[..., 12:-12, 12:-12]
    # Linear interpolation errs by up to 1/8 of each second derivative, 43.5/9/8 + 43.5/16/8 < 1, then rounds.
    assert error.max() <= 3


def test_nearest_interpolation_invents_no_labels():
    masks = torch.tensor([3, 200], dtype=torch.uint8)[torch.randint(0, 2, (40, 1, 16, 16))]
    turned = Rotate(90.0, interpolation="nearest")(masks, DRAWS)[0]
    assert set(turned.unique().tolist()) == {3, 200}


def as_factors(value: float, count: int) -> Tensor:
    return torch.full((count,), value)


@pytest.mark.parametrize("factor", [0.7, 1.0, 1.3])
@pytest.mark.parametrize(
    ("position", "enhancer"),
    [(0, ImageEnhance.Brightness), (1, ImageEnhance.Contrast), (2, ImageEnhance.Color)],
    ids=["brightness", "contrast", "saturation"],
)
def test_each_colour_change_agrees_with_pillow(position, enhancer, factor):
    images = noise(6, 3, 8, 8)
    factors = [as_factors(1.0, 6) for _ in range(3)]
    factors[position] = as_factors(factor, 6)
    for before, after in zip(images, recolour(images, *factors), strict=True):
        picture = Image.fromarray(before.permute(1, 2, 0).numpy())
        expected = torch.from_numpy(np.array(enhancer(picture).enhance(factor))).permute(2, 0, 1)
        # Pillow truncates its result, one level at most, and rounds grey first, which counts 0.3 · 0.5.
        assert (after.int() - expected.int()).abs().max() <= 1


def test_the_three_colour_changes_compose():
    images = smooth(6, 3, 8, 8)  # far enough from 0 and 255 that nothing is clipped
    one, bright, contrast, saturation = (as_factors(value, 6) for value in (1.0, 1.05, 0.9, 1.1))
    step_by_step = recolour(recolour(recolour(images, bright, one, one), one, contrast, one), one, one, saturation)
    difference = recolour(images, bright, contrast, saturation).int() - step_by_step.int()
    assert difference.abs().max() <= 2  # roundings of the two steps in between


def test_no_saturation_gives_grey_and_no_contrast_the_mean():
    images, zero, one = noise(6, 3, 8, 8), as_factors(0.0, 6), as_factors(1.0, 6)
    grey = recolour(images, one, one, zero)
    assert torch.equal(grey[:, :1].expand_as(grey), grey)
    assert (recolour(images, one, zero, one).flatten(1).double().std(1) == 0).all()


def test_saturation_leaves_one_channel_alone():
    images, one = noise(6, 1, 8, 8), as_factors(1.0, 6)
    assert torch.equal(recolour(images, one, one, as_factors(0.3, 6)), images)


def test_cutout_covers_the_square_and_nothing_else():
    images = noise(40, 3, 11, 13) // 2 + 100
    changed = Cutout(4, fill="zero")(images, DRAWS)[0]
    hole = square(DRAWS.integers("row", 0, 10), DRAWS.integers("column", 0, 12), 4, 11, 13).bool()
    assert torch.equal(changed, torch.where(hole, 0, images))


def test_the_mean_covered_area_is_that_of_all_centres():
    size, height, width = 4, 10, 12
    covered = [sum(0 <= c - size // 2 + i < n for c in range(n) for i in range(size)) / n for n in (height, width)]
    draws = Draws(5, torch.arange(20_000))
    rows, columns = draws.integers("row", 0, height - 1), draws.integers("column", 0, width - 1)
    areas = square(rows, columns, size, height, width).sum((1, 2, 3)).double()
    assert areas.max() == size**2
    assert areas.mean().item() == pytest.approx(covered[0] * covered[1], abs=4 * float(areas.std()) / 20_000**0.5)


def test_cutout_fills_with_the_mean_colour():
    images = smooth(6, 3, 8, 8)
    changed = Cutout(16)(images, Draws(0, torch.arange(6)))[0]
    corners = changed[:, :, 4, 4].double()
    assert (corners - images.double().mean((2, 3))).abs().max() <= 0.5
