"""A dry pass on one or two examples refuses, before the first step, what no step could do; and leaves no trace."""

from __future__ import annotations

import random

import pytest
import torch
from torch import nn

import paribus as pb
from paribus.chance import Seeds
from paribus.data.prepare.prepared import prepare
from paribus.errors import RecipeError
from paribus.models.network import assemble
from paribus.records.parts import build
from paribus.records.recipe import Recipe
from paribus.training import check as checks
from paribus.training.execution import Settings

BASE = {"budget.steps": 2, "split.limit": 48, "training.batch_size": 16}


class Ends(nn.Module):
    """An own model that ends in a number of outputs of its own."""

    def __init__(self, num_outputs: int, more: int = 0, pair: bool = False) -> None:
        super().__init__()
        self.pair, self.output = pair, nn.Linear(64, num_outputs + more)

    def forward(self, x):
        outputs = self.output(x.flatten(1))
        return (outputs, 0) if self.pair else outputs


class Broken(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return self.weight * unknown  # noqa: F821


def trained(recipe, changes=(), **settings):
    return pb.Run(recipe, {**BASE, **dict(changes)}, **settings).train(threads=1)


MISFITS = [  # model, what was received, what is needed
    ("unet", "outputs (2, 10, 8, 8) for inputs (2, 1, 8, 8) and targets (2,)", "(2, 10)"),
    ("vae", "outputs (2, 1, 8, 8) for inputs (2, 1, 8, 8) and targets (2,)", "(2, 10)"),
    (pb.Part(Ends, more=-3), "outputs (2, 7) for inputs (2, 1, 8, 8)", "(2, 10)"),
    (pb.Part(Ends, more=2), "outputs (2, 12) for inputs (2, 1, 8, 8)", "num_outputs is 10"),
    (pb.Part(Ends, pair=True), "outputs [(2, 10), int] for inputs (2, 1, 8, 8)", "(2, 10)"),
    (pb.Part(Broken), "inputs (2, 1, 8, 8) and targets (2,)", "correct your own"),
]


@pytest.mark.parametrize(("model", "got", "hint"), MISFITS, ids=str)
def test_a_model_that_does_not_fit_is_refused_with_shapes(here, model, got, hint):
    with pytest.raises(RecipeError) as caught:
        trained("digits/mlp", {"model": model})
    assert got in caught.value.got
    assert hint in caught.value.hint


def test_an_error_in_a_model_of_the_users_own_names_its_line(here):
    with pytest.raises(RecipeError, match=r"NameError: name 'unknown' is not defined \(test_check\.py, line \d+\)"):
        trained("digits/mlp", {"model": pb.Part(Broken)})


ALONE = {  # what leaves an example alone → the setting that is named
    "size": ({"training.batch_size": 1}, "training.batch_size=1"),
    "last": ({"split.limit": 3, "training.batch_size": 2}, "a last batch of 1: 3 examples in batches of 2"),
    "pieces": ({"training.batch_size": 4, "training.accumulate": 4}, "pieces of 1: training.accumulate=4"),
}


@pytest.mark.parametrize(("changes", "got"), ALONE.values(), ids=ALONE)
def test_batch_norm_of_one_example_is_refused_before_the_first_step(here, changes, got):
    with pytest.raises(RecipeError, match="cannot learn from a single example") as caught:
        trained("digits/mlp", {"model.norm": "batch", **changes})
    assert caught.value.got.startswith(got)
    trained("digits/mlp", {"model.norm": "layer", **changes})


def test_a_study_refuses_an_arm_that_does_not_fit_before_anything_is_trained(here):
    study = pb.Study("digits/mlp", vary={"model": ["mlp", "unet"]}, changes=BASE, seeds=1)
    with pytest.raises(RecipeError, match="model=unet does not fit"):
        study.run(jobs=1)
    assert not study.folder.exists()


@pytest.mark.parametrize(
    "name", ["digits/cnn", "digits/gan", "markov/rnn", "shapes/unet", "seasons/lstm", "digits/vae"]
)
def test_a_dry_pass_leaves_no_trace(name):
    changes = {"data.pictures": 40} if name == "shapes/unet" else {}
    recipe = pb.Recipe.load(name, {**({"model.norm": "batch"} if name == "digits/cnn" else {}), **changes})
    prepared = prepare(recipe, Seeds(0))
    task = build("task", recipe.task, info=prepared.info)
    network = assemble(recipe.model, task, Seeds(0))
    weights = {key: value.clone() for key, value in network.state_dict().items()}
    chance, own, threads = torch.get_rng_state(), random.getstate(), torch.get_num_threads()
    checks._passed.clear()
    checks.dry_pass(recipe, prepared, task, network)
    assert all(torch.equal(weights[key], value) for key, value in network.state_dict().items())
    assert torch.equal(chance, torch.get_rng_state())
    assert own == random.getstate()
    assert threads == torch.get_num_threads()
    assert all(parameter.grad is None for parameter in network.parameters())


def test_results_are_bit_equal_with_and_without_the_dry_pass(here, monkeypatch):
    changes = {"model.norm": "batch", "model.dropout": 0.5}
    checks._passed.clear()
    with_it = trained("digits/cnn", changes, runs="with")
    monkeypatch.setattr("paribus.training.session.dry_pass", lambda *_: None)
    assert trained("digits/cnn", changes, runs="without").weights_sha256 == with_it.weights_sha256


@pytest.mark.parametrize(("sizes", "least"), [((48, 16, 1), 16), ((65, 64, 1), 32), ((3, 2, 1), 1), ((8, 4, 8), 1)])
def test_the_smallest_piece_is_that_of_the_smallest_batch(sizes, least):
    assert checks.smallest(*sizes) == least


@pytest.mark.parametrize(("final", "said"), [("relu", True), ("none", False), ("softmax", False), ("sigmoid", False)])
def test_what_a_relu_makes_of_the_loss_is_named_before_a_step(final, said, caplog):
    checks.check_run(Recipe.load("digits/mlp", {"model.final_activation": final}), 0, Settings("cpu", 1))
    assert ("a softmax makes probabilities of ReLU(z)" in caplog.text) == said
