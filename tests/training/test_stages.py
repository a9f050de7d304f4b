"""Tasks that need more of the loop than classification does: stages, carried state, noise in evaluation, previews."""

from __future__ import annotations

from typing import ClassVar

import pytest
import torch
from torch import Tensor, nn

from paribus import files
from paribus.chance import Seeds
from paribus.data.prepare.prepared import prepare
from paribus.errors import DataError, Interrupted, RecipeError
from paribus.inference.trained import load
from paribus.records.metric import LOSS
from paribus.records.parts import Part
from paribus.records.recipe import Recipe
from paribus.tasks.preview import Preview
from paribus.tasks.task import Task
from paribus.training.execution import Settings
from paribus.training.session import Session


class Pair(nn.Module):
    """Two linear maps, each trained by a stage of its own."""

    def __init__(self, input_shape: tuple[int, ...], num_outputs: int) -> None:
        super().__init__()
        self.first, self.second = nn.Linear(64, num_outputs), nn.Linear(64, num_outputs)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.first(x.flatten(1)) + self.second(x.flatten(1))
        return out


class Carrying(Task):
    """Regress noise, with a running sum that is carried from batch to batch and enters the loss."""

    metrics: ClassVar = (LOSS,)

    def __init__(self, info, every: int = 1) -> None:
        super().__init__(info)
        self.every, self.carried, self.steps = every, torch.zeros(3), {"first": [], "second": []}

    @property
    def num_outputs(self) -> int:
        return 3

    def stages(self, network):
        return {name: list(getattr(network.model, name).parameters()) for name in ("first", "second")}

    def due(self, stage, step):
        return stage == "first" or step % self.every == 0

    def loss(self, stage, network, batch):
        outputs = network(batch.inputs)
        noise = torch.randn(3)
        self.carried = (0.9 * self.carried + outputs.mean(0)).detach()
        return (outputs - noise - self.carried).square().mean(), outputs

    def meter(self, split):
        return Mean()

    def predict(self, network, inputs):
        return network(inputs)

    def begin(self):
        self.carried = torch.zeros(3)

    def state(self):
        return {"carried": self.carried}

    def load(self, state):
        self.carried = state["carried"]

    def preview(self, network, batch):
        pictures = batch.inputs[:2, None].expand(-1, 3, -1, -1, -1)
        return Preview(pictures, ("one", "two", "three"), ({"past": [1.0, None], "truth": [None, 2.0]},), "some text")


class Mean:
    """Mean loss, and how often each stage was counted."""

    def __init__(self) -> None:
        self.total, self.count = 0.0, 0

    def update(self, stage, loss, outputs, batch):
        self.total, self.count = self.total + float(loss), self.count + 1

    def figures(self):
        return {"loss": self.total / self.count, "counted": float(self.count)}

    def state(self):
        return {"total": self.total, "count": self.count}

    def load(self, state):
        self.total, self.count = state["total"], state["count"]


@pytest.fixture
def carrying(digits):
    def make(changes=None, **options):
        recipe = digits({"schedule": "constant", "optimizer": {"use": "sgd", "lr": 0.001}, **(changes or {})})
        return Recipe.read({**recipe.plain(), "model": Part(Pair), "task": Part(Carrying, **options)})

    return make


def test_a_stage_steps_only_when_it_is_due(train, carrying):
    folder, _ = train(carrying(every=4))
    assert [row["train/counted"] for row in folder.history] == [10.0, 10.0, 10.0]  # 8 + 2 of 8 batches


def test_every_stage_has_its_own_optimizer(carrying):
    recipe = carrying({"optimizers": {"second": {"use": "adam", "lr": 0.3}}})
    session = Session(recipe, prepare(recipe, Seeds(0)), Seeds(0), Settings("cpu", 1))
    assert {stage: type(optimizer).__name__ for stage, optimizer in session.optimizers.items()} == {
        "first": "SGD",
        "second": "Adam",
    }
    assert [optimizer.param_groups[0]["initial_lr"] for optimizer in session.optimizers.values()] == [0.001, 0.3]
    assert recipe.identity != carrying().identity
    changed = carrying({"optimizer.momentum": 0.5, "optimizers.second.lr": 0.3})
    assert changed.optimizers["second"].options == {"lr": 0.3, "momentum": 0.5}  # what is not said is as in the others


def test_an_optimizer_for_a_stage_that_there_is_not_names_the_stages(train, carrying):
    with pytest.raises(RecipeError, match="stages") as caught:
        train(carrying({"optimizers": {"secnod": "adam"}}))
    assert "'second'" in caught.value.hint


def test_what_is_carried_survives_an_interruption_in_the_middle_of_an_epoch(train, carrying, monkeypatch):
    whole, expected = train(carrying(every=3), "whole")

    def stop(progress):
        if progress.step == 13:  # the sixth batch of the second epoch
            raise Interrupted("stop")

    monkeypatch.setattr("paribus.training.monitor.TICK_SECONDS", 0.0)
    with pytest.raises(Interrupted):
        train(carrying(every=3), "halved", listen=stop, checkpoint_seconds=0.0)
    folder, result = train(carrying(every=3), "halved")
    assert folder.status.resumed == 1
    assert result.weights_sha256 == expected.weights_sha256
    seconds = {"seconds"}
    rows = [{name: row[name] for name in row.keys() - seconds} for row in folder.history]
    assert rows == [{name: row[name] for name in row.keys() - seconds} for row in whole.history]


def test_evaluation_draws_the_same_noise_every_time(carrying):
    recipe = carrying()
    prepared = prepare(recipe, Seeds(0))
    session = Session(recipe, prepared, Seeds(0), Settings("cpu", 1))
    loader = prepared.loader("val", 64, "cpu")
    before = torch.get_rng_state()
    first = session.evaluate(loader, "val", lambda: None)
    assert torch.equal(torch.get_rng_state(), before)  # and leaves the training's noise alone
    torch.randn(7)
    assert session.evaluate(loader, "val", lambda: None) == first


def test_previews_are_kept_after_1_2_4_epochs_and_of_the_end(train, carrying):
    folder, _ = train(carrying({"budget.epochs": 5}))
    names = {path.name for path in folder.previews.iterdir()}
    assert names == {
        f"{stem}.{suffix}" for stem in ("0001", "0002", "0004", "final") for suffix in ("png", "json", "txt")
    }
    assert files.read_json(folder.previews / "final.json") == [{"past": [1.0, None], "truth": [None, 2.0]}]


def test_a_task_without_predictions_for_files_says_so(train, carrying, tmp_path):
    folder, _ = train(carrying())
    trained = load(folder)
    with pytest.raises(DataError, match="no predictions for files"):
        trained.task.predict_files(trained.network, [tmp_path])
