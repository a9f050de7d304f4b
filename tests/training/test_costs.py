"""What a training costs is predicted, then measured on real steps."""

from __future__ import annotations

import pytest
import torch
from torch import nn

import paribus as pb
from paribus import notebook
from paribus.errors import DataError, RecipeError
from paribus.records.recipe import Recipe
from paribus.reports.costs import costs_page
from paribus.training.costs import costs


def of(recipe: str, changes=None, **more):
    return costs(Recipe.load(recipe, {"training.precision": "fp32", **(changes or {})}), device="cpu", **more)


OPTIMIZERS = {"sgd": 1, "adam": 2, "adamw": 2, "rmsprop": 1, "adagrad": 1}  # numbers for each parameter


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_memory_is_as_predicted(optimizer):
    found = of("digits/cnn", {"optimizer": optimizer, "model.norm": "batch"})
    memory = {one.what: one for one in found.memory}
    trained = 4 * found.trainable
    assert memory["gradients"].predicted == memory["gradients"].measured == trained
    assert memory["parameters"].predicted == memory["parameters"].measured
    state = memory["optimizer state"]
    assert state.predicted == OPTIMIZERS[optimizer] * trained
    assert 0 <= state.measured - state.predicted <= 200  # and a counter of steps for each tensor
    kept = memory["activations"]
    loss = 63 * 10 * 4 + 63 * 8 + 4 * 2  # log-probabilities and classes of the examples
    assert 0 <= kept.measured - kept.predicted <= loss


def test_sgd_without_momentum_keeps_nothing():
    memory = {one.what: one for one in of("digits/mlp", {"optimizer.momentum": 0}).memory}
    assert (memory["optimizer state"].predicted, memory["optimizer state"].measured) == (0, 0)


def test_seconds_are_ordered_and_are_of_the_whole_epoch():
    found = of("digits/mlp", {"training.batch_size": 32})
    middle, low, high = found.epoch.step
    assert 0 < low <= middle <= high
    assert found.epoch.steps == 32  # 1,006 examples
    assert found.epoch.seconds[0] == pytest.approx(32 * middle + found.epoch.evaluation)


def test_nothing_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = torch.get_rng_state()
    of("digits/mlp")
    assert torch.equal(torch.get_rng_state(), before)
    assert list(tmp_path.iterdir()) == []


class Frozen(nn.Module):
    """A network whose first layer is not trained."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Flatten(), nn.Linear(64, 32)).requires_grad_(False)
        self.last = nn.Linear(32, num_classes)

    def forward(self, x):
        return self.last(self.first(x))


def test_frozen_layers_are_counted_apart():
    found = of("digits/mlp", {"model": Frozen}, measure=False)
    assert (found.trainable, found.fixed, found.frozen) == (330, 2080, ("first.1",))
    page = costs_page(found)
    (table,) = page.sections[0].tables
    assert [row[-1] for row in table.rows] == ["–", "frozen", "yes", ""]
    assert page.summary.startswith("330 trained parameters, 2,080 frozen")
    assert found.epoch is None


class Opaque(nn.Module):
    """A network whose code does not say what it does."""

    def __init__(self, num_classes: int) -> None:
        super().__init__()
        self.layer = nn.Linear(64, num_classes)

    def forward(self, x):
        return self.layer(torch.from_numpy(x.flatten(1).numpy()))


def test_a_network_that_cannot_be_followed_has_its_other_figures():
    found = of("digits/mlp", {"model": Opaque})
    assert found.layers is None
    page = costs_page(found)
    assert "cannot be followed: what linear 10 takes did not come through layers" in page.sections[0].text[0]
    assert found.epoch is not None


@pytest.mark.parametrize("recipe", ["gaussians/gan", "markov/rnn"])
def test_other_tasks_have_costs_too(recipe):
    found = of(recipe, {"training.batch_size": 8})
    kept = next(one for one in found.memory if one.what == "activations")
    assert kept.predicted is None
    assert kept.measured > 0
    assert "not known" in kept.rule


def test_in_python_and_in_a_notebook():
    said = pb.summary("digits/cnn", norm="batch", measure=False)
    assert "stages.0.layers.0.conv" in str(said)
    assert "6,138 trained parameters; 84,224 multiplications per example" in str(said)
    assert "<table" in said._repr_html_()
    assert "conv 16 k3 p1 nobias" in notebook.html(of("digits/cnn", {"model.norm": "batch"}, measure=False))


def test_what_cannot_be_trained_is_refused_as_ever():
    with pytest.raises(RecipeError, match="there is no model"):
        pb.summary("digits/cnn", {"model.nrm": "batch"})
    with pytest.raises((DataError, RecipeError)):
        of("digits/cnn", {"model": "lstm"})
