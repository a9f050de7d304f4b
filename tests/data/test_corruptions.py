"""Corruptions of pictures: nothing at strength 0, more with more, and what each of them leaves alone."""

from __future__ import annotations

import io

import numpy as np
import pytest
import torch
from PIL import Image
from scipy.ndimage import gaussian_filter

from paribus.chance import Draws
from paribus.data import corruptions
from paribus.data.corruptions import CORRUPTIONS, corrupted
from paribus.errors import DataError, RecipeError

ROWS = torch.arange(12)
DRAWS = Draws(5, ROWS)


def pictures(channels: int = 3, side: int = 32) -> torch.Tensor:
    """Smooth ones, so that neighbours are alike."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(len(ROWS), channels, 6, 6, generator=generator)
    fine = torch.nn.functional.interpolate(coarse, (side, side), mode="bicubic").clamp(0, 1)
    return (255 * fine).round().to(torch.uint8)


@pytest.mark.parametrize("kind", CORRUPTIONS)
@pytest.mark.parametrize("channels", [1, 3])
class TestAll:
    def test_strength_0_is_the_picture_and_more_strength_is_farther_from_it(self, kind, channels):
        given = pictures(channels)
        assert torch.equal(corrupted(kind, given, 0.0, DRAWS), given)
        far = [
            float((corrupted(kind, given, strength, DRAWS).float() - given.float()).square().mean())
            for strength in (0.2, 0.6, 1.0)
        ]
        assert 0 < far[0] < far[1] < far[2]

    def test_it_is_a_function_of_the_example_and_not_of_the_batch(self, kind, channels):
        if kind == "texture":
            pytest.skip("its partner is of the batch")
        given = pictures(channels)
        whole = corrupted(kind, given, 0.6, DRAWS)
        part = corrupted(kind, given[3:5], 0.6, Draws(5, ROWS[3:5]))
        assert torch.equal(whole[3:5], part)

    def test_pictures_stay_as_they_were(self, kind, channels):
        given = pictures(channels)
        before = given.clone()
        found = corrupted(kind, given, 1.0, DRAWS)
        assert torch.equal(given, before)
        assert found.dtype == torch.uint8
        assert found.shape == given.shape


def test_noise_has_the_deviation_that_it_says():
    grey = torch.full((12, 3, 32, 32), 127, dtype=torch.uint8)
    found = corrupted("noise", grey, 0.25, DRAWS).double() - 127
    assert float(found.std()) == pytest.approx(16, rel=0.02)  # 36,864 values: 5 standard errors are 1.9 %
    assert abs(float(found.mean())) < 5 * 16 / 36864**0.5


def test_blur_is_the_gaussian_filter_of_scipy():
    given = pictures()
    sigma = corruptions.SPREAD * 0.4
    wanted = gaussian_filter(given.double().numpy(), (0, 0, sigma, sigma), mode="mirror", truncate=3.0)
    found = corrupted("blur", given, 0.4, DRAWS).double().numpy()
    assert np.abs(found - wanted).max() <= 1


def test_jpeg_is_what_pillow_writes():
    given = pictures()
    stream = io.BytesIO()
    Image.fromarray(given[0].permute(1, 2, 0).numpy()).save(stream, "jpeg", quality=52)
    wanted = np.asarray(Image.open(stream)).transpose(2, 0, 1)
    assert np.array_equal(corrupted("jpeg", given, 48 / 97, DRAWS)[0].numpy(), wanted)


def test_contrast_keeps_the_mean_grey():
    given = pictures(1)
    found = corrupted("contrast", given, 1.0, DRAWS).double()
    assert float(found.std() / given.double().std()) < 0.2
    assert float((found.mean((1, 2, 3)) - given.double().mean((1, 2, 3))).abs().max()) < 2


def test_T29_texture_keeps_phases_and_takes_amplitudes():
    given = pictures(1)
    order = DRAWS.order("texture")
    partner = torch.empty_like(order)
    partner[order] = order.roll(1)
    assert sorted(partner.tolist()) == ROWS.tolist()
    assert not (partner == ROWS).any()
    own, other = (torch.fft.rfft2(some.double()) for some in (given, given[partner]))
    wanted = torch.fft.irfft2(other.abs() * own / own.abs().clamp(min=1e-12), s=(32, 32)).clamp(0, 255)
    assert float((corrupted("texture", given, 1.0, DRAWS).double() - wanted).abs().max()) <= 1


@pytest.mark.parametrize(("strength", "moved"), [(0.25, 4), (0.5, 8), (1.0, 16)])
def test_T29_shuffle_moves_that_share_of_the_parts_and_changes_none(strength, moved):
    given = torch.arange(16, dtype=torch.uint8).view(1, 1, 4, 4).repeat(12, 1, 1, 1)
    given = given.repeat_interleave(8, 2).repeat_interleave(8, 3)
    found = corrupted("shuffle", given, strength, DRAWS)
    parts = found.unflatten(3, (4, 8)).unflatten(2, (4, 8))
    assert torch.equal(parts.amin((3, 5)), parts.amax((3, 5)))  # whole parts
    numbers = parts.amin((3, 5)).flatten(1)
    assert torch.equal(numbers.sort(1).values, torch.arange(16, dtype=torch.uint8).repeat(12, 1))
    assert ((numbers != torch.arange(16)).sum(1) == moved).all()
    assert len({tuple(row) for row in numbers.tolist()}) > 1


def test_what_cannot_be_corrupted_is_refused():
    with pytest.raises(RecipeError, match="equal parts"):
        corrupted("shuffle", pictures(side=30), 0.5, DRAWS)
    with pytest.raises(DataError, match="uint8"):
        corrupted("noise", torch.zeros(2, 5), 0.5, DRAWS)
