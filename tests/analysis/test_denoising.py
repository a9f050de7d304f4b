"""Classical filters against scipy and closed forms, and the table that compares them with networks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage

from paribus.analysis.denoising import compare, noisy
from paribus.analysis.filters import box_mean, nonlocal_means, smoothed
from paribus.data.sources.images.textures import Textures
from paribus.errors import DataError
from paribus.inference.trained import load
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.tasks.pixels.similarity import psnr
from paribus.training import loop
from paribus.training.execution import Settings

PICTURE = torch.from_numpy(Textures(size=48).picture(3)).float()[None]  # (1, 48, 48)


@pytest.mark.parametrize("spread", [0.5, 1.2, 2.0])
def test_the_gaussian_filter_is_that_of_scipy(spread):
    reach = max(1, round(4 * spread))
    expected = ndimage.gaussian_filter(PICTURE[0].numpy(), spread, mode="mirror", truncate=reach / spread)
    assert np.allclose(smoothed(PICTURE, spread)[0].numpy(), expected, atol=1e-3)


def test_box_means_are_those_of_scipy():
    expected = ndimage.uniform_filter(PICTURE[0].numpy(), 7, mode="mirror")
    assert np.allclose(box_mean(PICTURE[0], 7).numpy(), expected, atol=1e-3)


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


def test_the_noise_of_a_picture_is_the_same_at_every_strength():
    assert torch.allclose((noisy(PICTURE, 50, 1, 2) - PICTURE) / 5, noisy(PICTURE, 10, 1, 2) - PICTURE, atol=1e-4)
    assert not torch.equal(noisy(PICTURE, 10, 1, 2), noisy(PICTURE, 10, 1, 3))


@pytest.fixture(scope="module")
def denoiser(session_cache, tmp_path_factory) -> RunFolder:
    changes = {"data.pictures": 60, "data.size": 32, "model.width": 8, "budget.epochs": 6, "training.batch_size": 4}
    folder = RunFolder(tmp_path_factory.mktemp("denoiser") / "run")
    loop.train(folder, Recipe.load("textures/denoise", changes), 0, Settings("cpu", 1))
    return folder


def test_T12_the_table_compares_all_methods_on_the_same_noise(denoiser, tmp_path):
    files = []
    for number in range(2):
        files.append(Path(tmp_path / f"{number}.png"))
        Image.fromarray(Textures(size=40).picture(number)).save(files[-1])
    scores = compare({"ours": load(denoiser)}, files, [25.0, 50.0])
    assert [score.sigma for score in scores] == [25] * 4 + [50] * 4
    methods = [score.method.split(",")[0] for score in scores[:4]]
    assert methods == ["noisy", "Gaussian filter", "non-local means", "ours"]
    assert all(score.pictures == 2 for score in scores)
    untouched = {score.sigma: score.psnr for score in scores if score.method == "noisy"}
    # 20·log10(255/σ), a little more since cutting off at 0 and 255 brings some noise nearer
    assert untouched[25] == pytest.approx(20 * np.log10(255 / 25), abs=0.5)
    assert all(score.psnr > untouched[score.sigma] for score in scores if score.method != "noisy")
    assert compare({"ours": load(denoiser)}, files, [25.0, 50.0]) == scores


def test_only_networks_that_remove_noise_are_compared(run, tmp_path):
    with pytest.raises(DataError, match="only networks that remove noise"):
        compare({"digits": load(run)}, [tmp_path / "x.png"], [25.0])
    with pytest.raises(DataError, match="no network"):
        compare({}, [], [25.0])
