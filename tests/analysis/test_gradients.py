"""N9: gradients vanish in twenty sigmoid layers, below the product of Jacobian norms; skip connections hand them on."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from torch import nn

from paribus.analysis.gradients import _stretch, blocks, gradients
from paribus.errors import DataError
from paribus.inference.trained import batches, load
from paribus.plots.gradients import gradients as drawn
from paribus.records.parts import Part, register_own
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.reports.gradients import gradients_page
from paribus.training import loop
from paribus.training.execution import Settings


class Block(nn.Module):
    """x + σ(Wx), or σ(Wx)."""

    def __init__(self, width: int, skips: bool) -> None:
        super().__init__()
        self.linear, self.skips = nn.Linear(width, width), skips

    def forward(self, x):
        inner = self.linear(x).sigmoid()
        return x + inner if self.skips else inner


class Deep(nn.Module):
    """Twenty sigmoid layers.

    Args:
        skips: whether each adds its input to its output.
    """

    def __init__(self, num_classes: int, *, skips: bool = False) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Flatten(), nn.Linear(64, 24))
        self.layers = nn.Sequential(*(Block(24, skips) for _ in range(20)))
        self.last = nn.Linear(24, num_classes)

    def forward(self, x):
        return self.last(self.layers(self.first(x)))


def trained(folder, model):
    small = {"training.precision": "fp32", "split.limit": 64, "budget.epochs": 1, "training.batch_size": 32}
    recipe = Recipe.load("digits/mlp", {"model": model, **small})
    run = RunFolder(folder)
    loop.train(run, recipe, 0, Settings("cpu", 1))
    register_own(recipe.fields.values())
    return replace(load(run), recipe=recipe)  # which knows the class


@pytest.fixture(scope="module")
def deep(session_cache, tmp_path_factory):
    place = tmp_path_factory.mktemp("deep")
    return {skips: trained(place / str(skips), Part(Deep, skips=skips)) for skips in (False, True)}


def test_n9_twenty_sigmoid_layers_lose_the_gradient_and_skips_hand_it_on(deep):
    plain, skipping = (gradients(deep[skips]) for skips in (False, True))
    assert plain.word == "vanishes"
    assert plain.reach < 1e-9
    assert skipping.word == "arrives"
    assert 0.1 < skipping.reach < 100
    assert "vanishes" in gradients_page(plain).answers[0].verdict
    assert "bound by Jacobians" in drawn(plain).svg()


@pytest.mark.parametrize("skips", [False, True])
@pytest.mark.parametrize("at", ["start", "final"])
def test_n9_the_gradient_is_below_the_product_of_jacobian_norms(deep, skips, at):
    found = gradients(deep[skips], at=at)
    inside = [one for one in found.layers if one.bound is not None]
    assert found.exact
    assert len(inside) >= 21  # the blocks and the last layer
    assert all(one.ratio <= one.bound * (1 + 1e-4) for one in inside)
    assert inside[-1].ratio == inside[-1].bound == 1


def test_n9_of_a_linear_block_the_bound_is_the_spectral_norm(deep):
    """The last block but one before a linear output layer: the stretch of the latter is its largest singular value."""
    found = gradients(deep[False])
    expected = torch.linalg.matrix_norm(deep[False].network.model.last.weight.detach(), 2)
    assert found.layers[-2].bound == pytest.approx(float(expected), rel=1e-5)


def test_norms_are_those_of_autograd(deep):
    network = deep[True].network
    found = gradients(deep[True], examples=16, bounds=False)
    batch = next(batches(deep[True], "train", 16))
    loss, _ = deep[True].task.loss("model", network, batch)
    slopes = torch.autograd.grad(loss, network.model.last.parameters())
    assert found.layers[-1].weight == pytest.approx(math.sqrt(sum(float(it.square().sum()) for it in slopes)), rel=1e-5)
    assert found.layers[-1].bound is None


def test_the_network_is_left_as_it_was(deep):
    network = deep[False].network
    network.model.first.requires_grad_(False)
    before = {name: it.clone() for name, it in network.state_dict().items()}
    found = gradients(deep[False])
    assert found.layers[0].weight is not None or found.layers[1].weight is not None  # frozen ones are followed too
    assert all(it.grad is None for it in network.parameters())
    assert not any(it.requires_grad for it in network.model.first.parameters())
    assert all(torch.equal(it, before[name]) for name, it in network.state_dict().items())
    network.model.first.requires_grad_(True)


def test_a_large_block_is_iterated_from_below():
    torch.manual_seed(0)
    block = nn.Linear(1100, 40)
    size, whole = _stretch(block, torch.randn(1, 1100))
    expected = float(torch.linalg.matrix_norm(block.weight.detach(), 2))
    assert not whole
    assert 0.97 * expected < size <= expected * (1 + 1e-5)


def test_what_runs_one_after_the_other_is_found():
    assert [name for name, _ in blocks(Deep(10))][:4] == ["first.0", "first.1", "layers.0", "layers.1"]
    inner = nn.Module()
    inner.all = Deep(10)
    assert [name for name, _ in blocks(inner)][-1] == "all.last"


def test_several_losses_are_refused(deep, monkeypatch):
    monkeypatch.setattr(deep[False].task, "stages", lambda network: {"discriminator": [], "generator": []})
    with pytest.raises(DataError, match="this task has several"):
        gradients(deep[False])
