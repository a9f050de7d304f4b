"""Generators in the loop: two optimizers, several steps of a critic, losses that change with time, resumption."""

from __future__ import annotations

import pytest
import torch

from paribus.errors import Interrupted, RecipeError
from paribus.inference.held_out import test as open_test
from paribus.inference.sample import sample
from paribus.inference.trained import load
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.study import Study
from paribus.tasks.generators import extractor

SMALL = {"budget.epochs": 3, "training.batch_size": 32, "split.limit": 256, "training.precision": "fp32"}
POINTS = {"data.examples": 1000, "model.widths": [16]}
RECIPES = {
    "gan, several critic steps": ("gaussians/gan", {**POINTS, "task.critic_steps": 3}),
    "wasserstein": ("gaussians/gan", {**POINTS, "task.loss": "wasserstein_gp", "task.critic_steps": 2}),
    "critic steps beyond an epoch": ("gaussians/gan", {**POINTS, "task.critic_steps": 11}),
    "dcgan, spectral, r1": (
        "digits/gan",
        {
            "model": {"use": "dcgan", "latent": 4, "widths": [4, 8], "spectral": True},
            "task.r1": 0.1,
            "task.extractor": "random",
            "training.ema": 0.9,
            "training.accumulate": 2,
        },
    ),
    "vae, warm-up": ("digits/vae", {"task.warm_up": 2.5, "model.widths": [16], "task.importance": 3}),
    "conv_vae": (
        "digits/vae",
        {"model": {"use": "conv_vae", "latent": 3, "widths": [4, 8], "norm": "batch"}, "task.likelihood": "gaussian"},
    ),
}


def outcome(folder: RunFolder, result) -> tuple:
    rows = [{name: value for name, value in row.items() if name != "seconds"} for row in folder.history]
    return result.weights_sha256, result.metrics, rows


@pytest.mark.slow
@pytest.mark.parametrize("name", RECIPES)
def test_R5_generators_resume_to_the_last_bit(train, every_step, stop_at, name):
    base, changes = RECIPES[name]
    recipe = Recipe.load(base, {**SMALL, **changes})
    folder, result = train(recipe, "whole")
    expected = outcome(folder, result)
    assert len(list(folder.previews.iterdir())) == 3  # after 1 and 2 epochs, and at the end
    for step in (1, 13, result.steps):
        with pytest.raises(Interrupted):
            train(recipe, f"stopped at {step}", listen=stop_at(step))
        assert outcome(*train(recipe, f"stopped at {step}")) == expected, step


def test_each_stage_has_its_optimizer(train):
    recipe = Recipe.load("gaussians/gan", {**SMALL, **POINTS})
    still = {"use": "sgd", "lr": 1e-30}
    folders = {}
    for name in ("generator", "discriminator"):
        folders[name], _ = train(recipe.override({"optimizers": {name: still}, "training.ema": None}), f"still {name}")
    beginning = {name: load(folder).network.state_dict() for name, folder in folders.items()}
    first, second = beginning["generator"], beginning["discriminator"]
    fresh = load_untrained(folders["generator"])
    for name, value in fresh.items():
        if name.startswith("model."):
            still_one = first if "generator" in name else second
            moving = second if "generator" in name else first
            assert torch.equal(value, still_one[name])
            assert not torch.equal(value, moving[name])


def load_untrained(folder: RunFolder) -> dict[str, torch.Tensor]:
    from paribus.chance import Seeds
    from paribus.models.network import assemble

    return assemble(folder.recipe.model, load(folder).task, Seeds(folder.seed)).state_dict()


def test_an_optimizer_for_a_stage_that_there_is_not_is_refused(train):
    with pytest.raises(RecipeError, match="stages of the task"):
        train(Recipe.load("gaussians/gan", {**SMALL, **POINTS, "optimizers": {"critic": {"use": "adam"}}}))


@pytest.mark.parametrize(("task", "model"), [("gan", "mlp"), ("vae", "cnn"), ("gan", "vae")])
def test_a_model_that_does_not_fit_the_task_is_refused(train, task, model):
    changes = {"task": {"use": task}, "model": {"use": model}, "split.limit": 128}
    with pytest.raises(RecipeError, match=f"the task {task} needs a model"):
        train(Recipe.load("digits/mlp", changes))


def test_bf16_trains_too(train):
    changes = {**SMALL, "training.precision": "bf16", "budget.epochs": 1, "task.extractor": "random"}
    dcgan = {"model": {"use": "dcgan", "latent": 4, "widths": [4, 8], "spectral": True}}
    for loss in ("hinge", "wasserstein_gp"):
        _, result = train(Recipe.load("digits/gan", {**changes, **dcgan, "task.loss": loss}), loss)
        assert result.execution["precision"] == "bf16"


def test_the_test_part_is_compared_too(train, monkeypatch):
    monkeypatch.setattr(extractor, "STEPS", 20)
    folder, _ = train(Recipe.load("digits/gan", {**SMALL, "budget.epochs": 1}))
    figures = open_test(folder).metrics
    assert {"test/frechet", "test/precision", "test/recall", "test/modes"} <= set(figures)


def test_what_is_drawn_depends_on_the_seed_alone(train):
    folder, _ = train(Recipe.load("digits/vae", {**SMALL, "budget.epochs": 1}))
    trained = load(folder)
    first, again, other = (sample(trained, 5, seed).pictures for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)
    with pytest.raises(RecipeError, match="there is no temperature"):
        sample(trained, temperature=1.0)
    with pytest.raises(RecipeError, match="at least 1"):
        sample(trained, 0)


def test_a_study_counts_modes(tmp_path):
    recipe = Recipe.load("gaussians/gan", {**SMALL, **POINTS})
    vary = {"task.loss": ["non_saturating", "wasserstein_gp"]}
    result = Study(recipe, vary=vary, seeds=2, metric="val/modes", runs=tmp_path).run(jobs=1)
    assert result.metric_name == "val/modes"
    assert all(value is not None for arm in result.arms for value in arm.values.values())
