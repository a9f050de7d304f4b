"""A segmentation and a denoising from end to end: they resume to the last bit, and a study compares them."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from paribus.errors import Interrupted
from paribus.inference.held_out import test as open_test
from paribus.inference.trained import load
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.study import Study

PICTURES = {"data.pictures": 40, "data.size": 24, "budget.epochs": 2, "training.batch_size": 9}
AUGMENT = {"augment": {"flip": True, "crop": {"padding": 3}, "rotate": {"degrees": 10}, "colour": True}}

RECIPES: dict[str, tuple[str, dict[str, Any]]] = {
    "segmentation": ("shapes/unet", {"model.width": 2, "model.depth": 2, "data.border": True, **AUGMENT}),
    "sum of losses": ("shapes/unet", {"model.width": 2, "model.attention": True, "task.loss": "focal+dice"}),
    "denoising": ("textures/denoise", {"model.width": 2, "task.sigma": [10, 40]}),
    "noise to noise": ("textures/denoise", {"model": {"use": "dncnn", "width": 2, "depth": 3}, "task.target": "noisy"}),
}


def recipe_of(name: str) -> Recipe:
    shipped, changes = RECIPES[name]
    return Recipe.load(shipped, {**PICTURES, **changes})


def outcome(folder: RunFolder, result) -> tuple:
    rows = [{name: value for name, value in row.items() if name != "seconds"} for row in folder.history]
    return result.weights_sha256, result.metrics, rows


@pytest.mark.parametrize("name", RECIPES)
def test_R5_interrupted_anywhere(train, every_step, stop_at, name):
    recipe = recipe_of(name)
    folder, result = train(recipe, "whole")
    for step in (1, folder.history[0]["step"], result.steps - 1):
        with pytest.raises(Interrupted):
            train(recipe, f"stopped at {step}", listen=stop_at(step))
        assert outcome(*train(recipe, f"stopped at {step}")) == outcome(folder, result), step


def test_pieces_of_a_batch_have_the_gradient_of_the_whole(train):
    """Not to the last bit, since sums are in another order."""
    changes = {"model.norm": "none", "budget.steps": 1, "training.precision": "fp32", "optimizer": {"use": "sgd"}}
    plain = recipe_of("sum of losses").override({**changes, "data.border": True})
    folders = [train(plain.override({"training.accumulate": n}), f"in {n}")[0] for n in (1, 3)]
    weights = [load(folder).network.state_dict().values() for folder in folders]
    for one, other in zip(*weights, strict=True):
        assert torch.allclose(one, other, atol=1e-6)


def test_T11_a_run_leaves_figures_and_pictures_of_every_class(train):
    folder, result = train(recipe_of("segmentation"))
    assert {"val/loss", "val/miou", "val/pixel_accuracy", "val/iou/ground"} <= set(result.metrics)
    assert (folder.previews / "final.png").is_file()
    held = open_test(folder)
    assert held.examples == 8
    assert 0 <= held.metrics["test/miou"] <= 1
    assert load(folder).info.masks.ignore == 255


def test_two_arms_are_compared(tmp_path):
    arms = {"model.skips": [True, False]}
    study = Study(recipe_of("segmentation"), vary=arms, seeds=2, metric="val/miou", runs=tmp_path)
    result = study.run(jobs=1)
    assert result.metric.name == "miou"
    assert result.arms[0].parameters > result.arms[1].parameters
    assert all(value is not None for arm in result.arms for value in arm.values.values())
