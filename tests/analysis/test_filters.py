"""Classical filters against convolutions of torch and closed forms."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from paribus.analysis.denoising import noisy
from paribus.analysis.filters import nonlocal_means, smoothed
from paribus.data.sources.images.textures import Textures
from paribus.tasks.pixels.similarity import gaussian, psnr

PICTURE = torch.from_numpy(Textures(size=48).picture(3)).float()[None]  # (1, 48, 48)


@pytest.mark.parametrize("spread", [0.5, 1.2, 2.0])
def test_the_gaussian_filter_is_a_convolution_with_reflected_edges(spread):
    colours = torch.cat([PICTURE, PICTURE.flip(1), 255 - PICTURE])  # (3, 48, 48)
    reach = max(1, round(4 * spread))
    kernel = gaussian(2 * reach + 1, spread)
    grown = F.pad(colours[None], (reach,) * 4, mode="reflect")[0].unsqueeze(1)
    expected = F.conv2d(grown, torch.outer(kernel, kernel)[None, None]).squeeze(1)
    torch.testing.assert_close(smoothed(colours, spread), expected, atol=1e-3, rtol=0)


def test_nonlocal_means_of_one_pixel_by_hand():
    given = noisy(PICTURE, 20.0, 0, 0)
    sigma, strength, patch, search = 20.0, 0.8, 5, 9
    grown = np.pad(given[0].numpy(), 4, mode="reflect")
    row, column = 21, 30
    total = weights = 0.0
    for down in range(-4, 5):
        for right in range(-4, 5):
            distance = 0.0
            for y in range(-2, 3):
                for x in range(-2, 3):
                    here = given[0, row + y, column + x].item()
                    distance += (here - grown[row + y + down + 4, column + x + right + 4]) ** 2 / 25
            weight = np.exp(-max(distance - 2 * sigma**2, 0) / (strength * sigma) ** 2)
            total += weight * grown[row + down + 4, column + right + 4]
            weights += weight
    answer = nonlocal_means(given, sigma, strength, patch, search)
    assert answer[0, row, column].item() == pytest.approx(total / weights, rel=1e-4)


def test_nonlocal_means_keep_a_constant_and_remove_noise():
    flat = torch.full((1, 32, 32), 90.0)
    assert torch.allclose(nonlocal_means(flat, 10.0, 0.6), flat, atol=1e-3)
    given = noisy(PICTURE, 20.0, 0, 0)
    before, after = (float(psnr(one[None], PICTURE[None])) for one in (given, nonlocal_means(given, 20.0, 0.6)))
    assert after > before + 3  # dB
