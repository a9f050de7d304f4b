"""Endings of classifiers that forbid what they should say are named before the first step."""

from __future__ import annotations

from math import e, log

import pytest
import torch
import torch.nn.functional as F
from torch import nn

import paribus as pb
from paribus.errors import RecipeError
from paribus.training import check
from paribus.training.ending import RANGES, judge, last_functions

BASE = {"budget.steps": 2, "split.limit": 48, "training.batch_size": 16}


@pytest.fixture(autouse=True)
def nothing_was_checked_before(monkeypatch):
    monkeypatch.setattr(check, "_passed", set())


class Ends(nn.Module):
    """A linear layer, then what a test says."""

    def __init__(self, num_outputs: int, form: str = "") -> None:
        super().__init__()
        self.output, self.form = nn.Linear(64, num_outputs), form
        self.final = nn.Sigmoid() if form.endswith("sigmoid") else nn.Identity()

    def forward(self, x):
        z = self.output(x.flatten(1))
        return self.final(FORMS[self.form](z))


FORMS = {
    "": lambda z: z,
    "relu sigmoid": lambda z: z.relu(),
    "in-place sigmoid": lambda z: F.relu(z, inplace=True),
    "module sigmoid": lambda z: nn.ReLU()(z),
    "tanh sigmoid": lambda z: z.tanh(),
    "softmax": lambda z: F.dropout(z.softmax(1), 0.1),
    "relu": lambda z: torch.relu(z).flatten(1),
    "scaled tanh": lambda z: 5 * z.tanh(),
    "log_softmax": lambda z: z.log_softmax(1),
}


def trained(recipe, changes):
    return pb.Run(recipe, {**BASE, **changes}).train(threads=1)


@pytest.mark.parametrize("form", ["relu sigmoid", "in-place sigmoid", "module sigmoid"])
def test_S4_a_sigmoid_of_a_relu_is_refused_for_it_can_only_ever_say_class_1(here, form):
    with pytest.raises(RecipeError, match="can only ever say class 1") as refused:
        trained("digits/mlp", {"model": pb.Part(Ends, form=form)})
    assert "relu" in refused.value.got
    assert not list(here.glob("runs/*/*/seed-*"))


@pytest.mark.parametrize(
    ("form", "words"),
    [("softmax", "none is above 0.232"), ("tanh sigmoid", "none is above 0.731"), ("relu", "no gradient")],
)
def test_S4_endings_that_are_merely_bad_are_named(here, caplog, form, words):
    trained("digits/mlp", {"model": pb.Part(Ends, form=form)})
    assert words in caplog.text


@pytest.mark.parametrize("recipe", ["digits/mlp", "digits/cnn"])
@pytest.mark.parametrize("final", ["none", "softmax", "sigmoid", "relu"])
def test_S4_of_the_shipped_endings_only_relu_is_named(here, caplog, recipe, final):
    trained(recipe, {"model.final_activation": final})
    assert ("ReLU(z)" in caplog.text) == (final == "relu")


@pytest.mark.parametrize("form", ["", "scaled tanh", "log_softmax"])
def test_what_is_sound_is_left_in_peace(here, caplog, form):
    trained("digits/mlp", {"model": pb.Part(Ends, form=form)})
    assert "probabilities" not in caplog.text


@pytest.mark.parametrize("function", ["softmax", "sigmoid", "tanh", "relu6"])
def test_the_bounds_are_reached_by_the_best_numbers_and_by_no_others(caplog, function):
    low, high = RANGES[function]
    judge(function, "softmax", 10)
    best = torch.full((1, 10), float(low))
    best[0, 3] = high
    assert f"none is above {best.softmax(1).max():.3f}" in caplog.text
    assert f"falls below {F.cross_entropy(best, torch.tensor([3])):.2f}" in caplog.text
    anything = torch.empty(1000, 10).uniform_(low, high, generator=torch.Generator().manual_seed(0))
    assert (anything.softmax(1) <= best.softmax(1).max()).all()


def test_softmax_twice_over_two_classes_is_at_most_sigma_of_one(caplog):
    judge("softmax", "softmax", 2)
    assert f"{e / (e + 1):.3f}" in caplog.text
    assert f"{log(1 + 1 / e):.2f}" in caplog.text


def test_a_net_that_cannot_be_followed_is_not_judged():
    assert last_functions(nn.Linear(3, 2), torch.zeros(1, 4)) == []
