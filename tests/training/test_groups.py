"""Groups of the model within the stages of the task: own rates, frozen parameters, and what a resumed run restores."""

from __future__ import annotations

import pytest
import torch
from tests.finetuned import FineTuned, weights_file

from paribus.chance import Seeds
from paribus.data.prepare.prepared import prepare
from paribus.errors import Interrupted, RecipeError
from paribus.inference.trained import load
from paribus.records.parts import Part
from paribus.records.recipe import Recipe
from paribus.records.time import Time
from paribus.training.execution import Settings
from paribus.training.session import Session
from paribus.training.step import step

LR, DECAY = 0.4, 0.1


@pytest.fixture
def tuned(digits, tmp_path):
    path = weights_file(tmp_path)

    def make(changes=None, **options) -> Recipe:
        optimizer = {"use": "sgd", "lr": LR, "momentum": 0.0, "weight_decay": DECAY}
        recipe = digits({"optimizer": optimizer, "schedule": "constant", **(changes or {})})
        return Recipe.read({**recipe.plain(), "model": Part(FineTuned, path=str(path), **options)})

    return make


def one_step(recipe: Recipe) -> tuple[Session, dict, dict]:
    """A session after one step; its weights before, and the gradients of the step."""
    seeds = Seeds(0)
    prepared = prepare(recipe, seeds)
    session = Session(recipe, prepared, seeds, Settings("cpu", 1))
    session.begin_epoch()
    before = {name: value.detach().clone() for name, value in session.network.model.named_parameters()}
    step(session, next(prepared.loader("train", 32, "cpu").shuffled(seeds, 0)), Time(0, 8, 8))
    return session, before, {name: value.grad for name, value in session.network.model.named_parameters()}


def test_each_group_steps_with_its_own_rate_and_decay(tuned):
    session, before, gradients = one_step(tuned({"schedule": {"use": "warmup", "epochs": 1.0, "start": 0.5}}))
    for name, after in session.network.model.named_parameters():
        rate = LR * 0.5 * (0.1 if name.startswith("backbone") else 1)
        decay = 0.0 if name in ("adapter.bias", "head.bias") else DECAY
        expected = before[name] - rate * (gradients[name] + decay * before[name])
        torch.testing.assert_close(after, expected, msg=name)
    (optimizer,) = session.optimizers.values()
    assert [group.get("name") for group in optimizer.param_groups] == ["rest", "backbone", "plain"]
    assert session.rate == LR * 0.5  # of who has no factor


def test_the_recorded_rate_is_the_recipes_even_where_all_have_a_factor(tuned, monkeypatch):
    everything = {"all": {"params": ["*"], "lr_factor": 0.25}}
    monkeypatch.setattr(FineTuned, "parameter_groups", lambda self: everything)
    session, _, _ = one_step(tuned())
    assert session.rate == LR
    assert session.optimizers["model"].param_groups[0]["lr"] == LR / 4


def test_models_that_declare_nothing_have_one_group(digits):
    recipe = digits()
    session = Session(recipe, prepare(recipe, Seeds(0)), Seeds(0), Settings("cpu", 1))
    (group,) = session.optimizers["model"].param_groups
    assert len(group["params"]) == len(list(session.network.parameters()))
    assert group["initial_lr"] == recipe.optimizer.options["lr"]


def test_what_is_frozen_stays_to_the_last_bit(train, tuned):
    recipe = tuned({"training.ema": 0.7, "training.clip_norm": 1.0}, frozen=True)
    initial = FineTuned(10, recipe.model.options["path"]).backbone.state_dict()
    folder, result = train(recipe)
    final = load(folder).network.model
    assert all(torch.equal(value, initial[name]) for name, value in final.backbone.state_dict().items())
    assert result.parameters == 8 * 8 + 8 + 8 * 10 + 10
    assert folder.history[-1]["train/loss"] < folder.history[0]["train/loss"]  # the rest learns


@pytest.mark.parametrize("frozen", [False, True])
def test_R5_a_resumed_run_restores_groups_and_what_was_loaded(train, tuned, every_step, stop_at, frozen):
    optimizer = {"use": "adamw", "lr": 0.01}
    recipe = tuned({"optimizer": optimizer, "schedule": "cosine", "training.ema": 0.9}, frozen=frozen, dropout=0.2)
    expected = train(recipe, "whole")[1].weights_sha256
    with pytest.raises(Interrupted):
        train(recipe, "halved", listen=stop_at(11))
    assert train(recipe, "halved")[1].weights_sha256 == expected


class Frozen(torch.nn.Linear):
    """Learns nothing."""

    def __init__(self, num_outputs: int) -> None:
        super().__init__(64, num_outputs)
        self.requires_grad_(False)

    def forward(self, x):
        return super().forward(x.flatten(1))


def test_a_stage_without_anything_to_train_is_refused(train, digits):
    recipe = Recipe.read({**digits().plain(), "model": Part(Frozen)})
    with pytest.raises(RecipeError, match="not frozen"):
        train(recipe)
