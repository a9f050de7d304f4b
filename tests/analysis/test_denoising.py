"""The table that compares networks with classical filters, on the same noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from paribus.analysis.denoising import compare, denoising, noisy
from paribus.data.sources.images.textures import Textures
from paribus.errors import DataError
from paribus.inference.trained import load
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.training import loop
from paribus.training.execution import Settings

PICTURE = torch.from_numpy(Textures(size=48).picture(3)).float()[None]  # (1, 48, 48)


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
    alone = denoising(load(denoiser), pictures=tmp_path, sigmas=(25.0, 50.0)).scores
    assert [score.psnr for score in alone] == [score.psnr for score in scores]
    assert alone[3].method == "textures/denoise, seed 0"


def test_only_networks_that_remove_noise_are_compared(run, tmp_path):
    with pytest.raises(DataError, match="only networks that remove noise"):
        compare({"digits": load(run)}, [tmp_path / "x.png"], [25.0])
    with pytest.raises(DataError, match="no network"):
        compare({}, [], [25.0])
