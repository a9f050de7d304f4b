"""The network of the speed records: whitened patches, identities, rates and scales, each of which can be left out."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from paribus.analysis.gradients import _as_it_began
from paribus.chance import Seeds
from paribus.data.prepare.prepared import prepare
from paribus.errors import RecipeError
from paribus.inference.trained import load
from paribus.models.adapting import adapt
from paribus.models.airbench import AirBench
from paribus.models.declarations import parameter_groups
from paribus.models.initialisation import initialise
from paribus.models.network import assemble
from paribus.models.size import count_parameters
from paribus.models.whitening import EPS, whitening
from paribus.records.parts import build
from paribus.records.recipe import Recipe
from paribus.run import Run
from paribus.training.execution import Settings
from paribus.training.monitor import no_listener
from paribus.training.session import Session

SMALL = {"data": "digits", "data.size": 12, "model.widths": [8, 12], "split.limit": 200, "training.batch_size": 50}


def coloured(count: int = 300) -> torch.Tensor:
    """Pictures (count, 3, 9, 9) whose neighbours and channels are correlated."""
    noise = torch.randn(count, 3, 10, 10, generator=torch.Generator().manual_seed(1))
    smooth = (noise[..., 1:, 1:] + noise[..., :-1, :-1] + 0.5 * noise[..., :-1, 1:]) / 1.5
    mixed = torch.tensor([[1.0, 0.4, 0.1], [0.4, 1.0, 0.3], [0.1, 0.3, 1.0]])
    return torch.einsum("ij,njhw->nihw", mixed, smooth)


def covariance(outputs: torch.Tensor) -> torch.Tensor:
    """Second moments (K, K) of outputs (N, K, H, W) over examples and places."""
    flat = outputs.double().transpose(0, 1).flatten(1)
    return flat @ flat.T / flat.shape[1]


def test_filters_whiten_the_patches_that_they_were_made_of():
    pictures = coloured()
    before = covariance(nn.functional.unfold(pictures, 2).unflatten(2, (8, 8)))
    assert (before - torch.eye(12)).abs().max() > 0.5
    after = covariance(nn.functional.conv2d(pictures, whitening(pictures, eps=0.0)))
    torch.testing.assert_close(after, torch.eye(12, dtype=torch.float64), atol=1e-5, rtol=0)


def test_a_direction_without_variance_is_not_blown_up():
    pictures = coloured()
    pictures[:, 2] = pictures[:, 1]  # half of the last channel's directions are empty
    filters = whitening(pictures)
    assert filters.isfinite().all()
    assert filters.flatten(1).norm(dim=1).max() <= (1 / EPS) ** 0.5 * (1 + 1e-5)


def test_the_order_of_the_pictures_does_not_matter():
    pictures = coloured(600)
    torch.testing.assert_close(whitening(pictures), whitening(pictures.flip(0)), atol=1e-6, rtol=1e-5)


def test_the_first_layer_has_each_direction_twice_and_stays_as_it_is():
    net = AirBench((3, 9, 9), 10, widths=(8,))
    net.adapt_to(coloured())
    half = len(net.whitening.weight) // 2
    assert torch.equal(net.whitening.weight[:half], -net.whitening.weight[half:])
    assert [net.whitening.weight.requires_grad, net.whitening.bias.requires_grad] == [False, True]
    frozen = AirBench((3, 9, 9), 10, widths=(8,), whitening="frozen")
    assert not frozen.whitening.bias.requires_grad
    drawn = AirBench((3, 9, 9), 10, widths=(8,), whitening="none")
    initialise(drawn, 1)
    before = drawn.whitening.weight.detach().clone()
    drawn.adapt_to(coloured())
    assert torch.equal(drawn.whitening.weight, before)
    assert drawn.whitening.weight.requires_grad


def test_a_convolution_begins_by_handing_its_inputs_on():
    net = AirBench((3, 9, 9), 10, widths=(30,))
    initialise(net, 1)
    conv = net.groups[0].conv1
    x = torch.randn(2, 24, 5, 5)
    torch.testing.assert_close(conv(x)[:, :24], x)
    assert not torch.allclose(conv(x)[:, 24:], x[:, :6])
    plain = AirBench((3, 9, 9), 10, widths=(30,), identity=False)
    initialise(plain, 1)
    assert torch.equal(plain.groups[0].conv1.weight[24:], conv.weight[24:])  # the others are drawn alike
    assert not torch.allclose(plain.groups[0].conv1(x)[:, :24], x)


def test_sizes_and_parameters_are_those_of_the_record():
    net = AirBench((3, 32, 32), 10, widths=(64, 256, 256))
    seen = []
    for group in net.groups:
        group.register_forward_hook(lambda _, __, output: seen.append(tuple(output.shape[1:])))
    assert net(torch.zeros(2, 3, 32, 32)).shape == (2, 10)
    assert seen == [(64, 15, 15), (256, 7, 7), (256, 3, 3)]
    convolutions = 9 * (24 * 64 + 64 * 64 + 64 * 256 + 256 * 256 * 3)
    assert count_parameters(net, trainable=True) == 24 + convolutions + 2 * (64 + 256 + 256) + 256 * 10


def test_outputs_are_scaled_and_norms_have_no_scale():
    one, ninth = (AirBench((3, 9, 9), 10, widths=(8,), output_scale=by) for by in (1.0, 1 / 9))
    ninth.load_state_dict(one.state_dict())
    x = coloured(4)
    torch.testing.assert_close(ninth.eval()(x) * 9, one.eval()(x))
    assert not one.groups[0].norm1.weight.requires_grad
    assert AirBench((3, 9, 9), 10, widths=(8,), norm_scale=True).groups[0].norm1.weight.requires_grad


def test_shifts_have_a_rate_of_their_own_and_the_decay_of_the_others():
    net = AirBench((3, 9, 9), 10, widths=(8,), shift_rate=64.0)
    (group,) = parameter_groups(net)
    assert group.lr_factor * group.weight_decay_factor == 1
    norms = [it for it in net.modules() if isinstance(it, nn.BatchNorm2d)]
    assert {id(it) for it in group.parameters} == {id(norm.bias) for norm in norms}


def test_a_picture_that_is_too_small_is_refused():
    AirBench((3, 5, 5), 10, widths=(8, 8))
    with pytest.raises(RecipeError, match="its sides need 5"):
        AirBench((3, 4, 4), 10, widths=(8, 8))


def session_of(changes: dict | None = None, seed: int = 0) -> Session:
    recipe = Recipe.load("cifar10/fast94", {**SMALL, **(changes or {})})
    prepared = prepare(recipe, recipe.seeds(seed))
    return Session(recipe, prepared, recipe.seeds(seed), Settings("cpu", 1))


def test_a_training_begins_from_its_own_training_examples():
    session = session_of()
    prepared = prepare(Recipe.load("cifar10/fast94", SMALL), Seeds(0))
    rows = prepared.rows["train"]
    pictures = session.network.scaled(prepared.examples.inputs[rows])
    half = len(session.network.model.whitening.weight) // 2
    torch.testing.assert_close(session.network.model.whitening.weight[:half], whitening(pictures), atol=1e-5, rtol=1e-4)
    assert torch.equal(session.network.model.whitening.weight, session_of().network.model.whitening.weight)


def test_loaded_weights_are_left_alone():
    recipe = Recipe.load("cifar10/fast94", SMALL)
    prepared = prepare(recipe, Seeds(0))
    network = assemble(recipe.model, build("task", recipe.task, info=prepared.info), Seeds(0))
    network.loaded = object()  # as of a model that starts from a run
    before = network.model.whitening.weight.detach().clone()
    adapt(network, prepared)
    assert torch.equal(network.model.whitening.weight, before)
    network.loaded = None
    adapt(network, prepared)
    assert not torch.equal(network.model.whitening.weight, before)


TRICKS = {  # field → how it is switched off
    "model.whitening": "none",
    "model.identity": False,
    "model.activation": "relu",
    "model.shift_rate": 1,
    "model.output_scale": 1,
    "model.norm_scale": True,
    "augment.flip.alternate": False,
    "augment.crop.padding": 0,
    "task.label_smoothing": 0,
    "task.views": "none",
    "training.lookahead": 0,
    "schedule": "constant",
    "optimizer": {"use": "sgd", "lr": 0.2, "momentum": 0.85, "nesterov": True},
}


@pytest.mark.parametrize("field", TRICKS)
def test_each_trick_can_be_switched_off_and_is_another_recipe(field):
    recipe = Recipe.load("cifar10/fast94", SMALL)
    other = recipe.override({field: TRICKS[field]})
    assert other.identity != recipe.identity
    seeds = recipe.seeds(0)
    session = Session(other, prepare(other, seeds), seeds, Settings("cpu", 1))
    assert session.optimizers


def test_the_first_layer_stays_as_it_began_and_analyses_begin_there(tmp_path):
    run = Run("cifar10/fast94", {**SMALL, "budget.epochs": 1}, runs=tmp_path)
    run.train(device="cpu", threads=1, signals=False, listen=no_listener)
    trained = load(run.folder)
    began = _as_it_began(trained)
    assert torch.equal(began.model.whitening.weight, trained.network.model.whitening.weight)
    assert not torch.equal(began.model.whitening.bias, trained.network.model.whitening.bias)
    assert not torch.equal(began.model.output.weight, trained.network.model.output.weight)
