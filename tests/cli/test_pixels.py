"""Masks and noise on the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from paribus.data.sources.masks.shapes import Scenes

SHAPES = ["data.pictures=40", "data.size=24", "model.width=2", "model.depth=1", "budget.epochs=1", "--threads", "1"]
TEXTURES = ["data.pictures=40", "data.size=24", "model.width=2", "model.depth=1", "budget.epochs=1", "--threads", "1"]


@pytest.fixture
def scenes(here) -> Path:
    for number in range(6):
        picture, mask = Scenes(size=24).scene(number)
        for folder, pixels in (("images", picture.transpose(1, 2, 0)), ("masks", mask)):
            Path("scenes", folder).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(f"scenes/{folder}/{number}.png")
    return here / "scenes"


def test_train_predict_and_test_a_segmentation(paribus, scenes):
    said = paribus("run", "shapes/unet", *SHAPES)
    assert said.code == 0
    assert "val/iou" in said.out
    assert "iou/" not in said.err  # a line per epoch has room for the mean alone
    said = paribus("predict", "last", "scenes/images", "--out", "predicted")
    assert said.code == 0
    assert "6 files in predicted" in said.out
    assert np.asarray(Image.open("predicted/0.png")).shape == (24, 24, 3)
    originals = [path.read_bytes() for path in sorted(Path("scenes/images").iterdir())]
    said = paribus("predict", "last", "scenes/images", "--out", "scenes/images")
    assert (said.code, "there already" in said.err, "scenes/images/0.png" in said.err) == (1, True, True)
    assert [path.read_bytes() for path in sorted(Path("scenes/images").iterdir())] == originals
    assert paribus("predict", "last", "scenes/images", "--out", "predicted", "--overwrite").code == 0
    said = paribus("test", "last")
    assert "test/miou" in said.out
    assert "ground" in said.out
    assert "val/miou" in paribus("list", "runs").out


def test_examine_pictures_with_masks(paribus, scenes):
    said = paribus("data", "scenes", "--masks", "masks")
    assert said.code == 0
    assert "6 good pictures with masks: train 6" in said.out
    assert "24 × 24 (6)" in said.out
    Image.fromarray(np.zeros((5, 5), np.uint8)).save("scenes/masks/3.png")
    said = paribus("data", "scenes", "--masks", "masks")
    assert said.code == 1
    assert "masks/3.png" in said.out
    Path("scenes/masks/4.png").unlink()
    said = paribus("data", "scenes", "--masks", "masks")
    assert said.code == 1
    assert "every picture needs a mask" in said.err
    said = paribus("run", "masks/unet", "data.path=scenes")
    assert said.code == 1
    assert "images/4.png" in said.err


def test_compare_a_network_with_filters(paribus, scenes):
    assert paribus("run", "textures/denoise", *TEXTURES).code == 0
    said = paribus("denoise", "scenes/images", "--run", "last", "--sigma", "25")
    assert said.code == 0
    for method in ("noisy", "Gaussian filter", "non-local means", "textures/denoise, seed 0"):
        assert method in said.out
    assert "means over 6 pictures" in said.out
    said = paribus("predict", "last", "scenes/images/0.png", "--out", "clean")
    assert np.asarray(Image.open("clean/0.png")).shape == (24, 24)


def test_a_task_that_does_not_fit_the_data_says_so(paribus):
    for words in (("digits/cnn", "task=segmentation"), ("digits/cnn", "task=denoising", "model.use=mlp")):
        said = paribus("run", *words)
        assert said.code == 2, said
        assert said.err.startswith("error: ") or "error" in said.err
