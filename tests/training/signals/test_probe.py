"""The probe tells what torch tells by hand, and leaves no trace."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from paribus.chance import Seeds
from paribus.data.prepare.prepared import prepare
from paribus.records.parts import Part, register_own
from paribus.records.recipe import Recipe
from paribus.training.execution import Settings
from paribus.training.loaders import Loaders
from paribus.training.session import Session
from paribus.training.signals.layers import Layers
from paribus.training.signals.probe import Probe, Slopes, look_at
from paribus.training.signals.step import ratio


def begun(recipe: Recipe) -> tuple[Session, Loaders]:
    register_own(recipe.parts())
    seeds = recipe.seeds(0)
    prepared = prepare(recipe, seeds)
    session = Session(recipe, prepared, seeds, Settings(device="cpu", threads=1))
    session.begin_epoch()
    return session, Loaders.of(recipe, prepared, "cpu")


def looked(recipe: Recipe) -> tuple[Session, Probe, dict]:
    session, data = begun(recipe)
    probe = Probe.of(data.train, data.train.batch_size)
    return session, probe, look_at(session, Layers(session.network), probe, ends=True)


def test_gradients_and_losses_are_those_that_torch_finds_by_hand(digits: Callable[..., Recipe]) -> None:
    session, probe, found = looked(digits())
    network, batch = session.network, probe.whole
    loss = F.cross_entropy(network(batch.inputs), batch.targets)
    assert found["loss"]["model"] == pytest.approx(float(loss.detach()), rel=1e-4)
    assert found["loss_eval"]["model"] == pytest.approx(float(loss.detach()), rel=1e-4)
    loss.backward()
    for layer, norm in found["gradient"].items():
        slopes = [parameter.grad for name, parameter in network.named_parameters() if name.startswith(layer)]
        assert norm == pytest.approx(math.hypot(*(float(slope.norm()) for slope in slopes)), rel=1e-3)
    for layer, deviation in found["weight_deviation"].items():
        weight = network.get_submodule(layer).weight
        assert deviation == pytest.approx(float(weight.detach().std(correction=0)), rel=1e-4)


def test_the_last_bias_alone(digits: Callable[..., Recipe]) -> None:
    session, data = begun(digits())
    output = session.network.model.output
    with torch.no_grad():
        output.bias.copy_(torch.arange(10) / 3)
    probe = Probe.of(data.train, 32)
    found = look_at(session, Layers(session.network), probe, ends=True)
    by_hand = F.cross_entropy(output.bias.expand(len(probe.whole), -1), probe.whole.targets)
    assert found["loss_bias"]["model"] == pytest.approx(float(by_hand.detach()), rel=1e-4)


def test_a_network_without_activations_does_not_bend(digits: Callable[..., Recipe]) -> None:
    straight = looked(digits({"model.activation": "none"}))[2]["outputs"]["bend"]
    bent = looked(digits())[2]["outputs"]["bend"]
    assert straight < 1e-5 < 0.05 < bent


@pytest.mark.parametrize(("final", "share"), [("none", 0.0), ("softmax", 1.0)])
def test_outputs_that_are_probabilities_are_known(digits: Callable[..., Recipe], final: str, share: float) -> None:
    assert looked(digits({"model.final_activation": final}))[2]["outputs"]["simplex"] == share


def test_outputs_are_known_of_a_network_that_reads_on_from_a_state() -> None:
    """Its task calls ``advance`` and not the network, which from the beginning of a text are the same."""
    session, probe, found = looked(Recipe.load("markov/rnn"))
    with torch.inference_mode():
        outputs = session.network.eval()(probe.whole.inputs)
    assert found["outputs"]["low"] == pytest.approx(float(outputs.min()), rel=1e-4)
    assert found["outputs"]["high"] == pytest.approx(float(outputs.max()), rel=1e-4)
    assert found["outputs"]["simplex"] == 0.0


def test_the_noise_scale_of_a_linear_model_is_the_known_one() -> None:
    """Gradients of single examples drawn from N(G, Σ): the mean over many looks is |G|² and tr Σ.

    Of 400 looks at 2 pieces of 32 examples; the standard error of either mean is below 2 %, 5 of them are allowed.
    """
    d, m, looks = 50, 32, 400
    true = torch.linspace(0.5, 1.5, d)  # |G|² = 54.3
    scale = torch.linspace(1.0, 3.0, d)  # tr Σ = 217.3
    generator = torch.Generator().manual_seed(0)
    squares, variances = [], []
    for _ in range(looks):
        slopes = Slopes(["w"])
        for _ in range(2):
            slopes.add([(true + scale * torch.randn(m, d, generator=generator)).mean(0)])
        _, square, variance = slopes.estimates()
        squares.append(square)
        variances.append(variance * m)
    assert sum(squares) / looks == pytest.approx(float(true.square().sum()), rel=0.1)
    assert sum(variances) / looks == pytest.approx(float(scale.square().sum()), rel=0.1)


def test_pieces_are_no_larger_than_batches_and_hold_every_part_of_the_data(digits: Callable[..., Recipe]) -> None:
    _, data = begun(digits())
    for at_once, sizes in ((64, [32, 32]), (16, [16] * 4), (3, [3] * 8), (1, [1] * 8)):
        probe = Probe.of(data.train, at_once)
        assert [len(piece) for piece in probe.pieces] == sizes
        rows = torch.cat([piece.rows for piece in probe.pieces])
        assert rows.equal(probe.whole.rows)
        assert len(rows.unique()) == len(rows)
    order = {row: place for place, row in enumerate(data.train.rows.tolist())}
    means = [sum(order[row] for row in piece.rows.tolist()) / len(piece) for piece in Probe.of(data.train, 16).pieces]
    assert max(means) - min(means) < len(order) / 10


class Noticing(nn.Module):
    """Remembers what forward passes do to it: in a buffer, in a new buffer each time, and in plain attributes."""

    def __init__(self, num_outputs: int) -> None:
        super().__init__()
        self.output, self.norm, self.drop = nn.Linear(64, num_outputs), nn.BatchNorm1d(64), nn.Dropout(0.5)
        self.drop.eval()  # not as the rest
        self.calls = 0
        self.register_buffer("replaced", torch.zeros(2))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.calls += 1
        self.replaced = self.replaced + 1
        return self.output(self.drop(self.norm(x.flatten(1))))


def test_no_trace_is_left(digits: Callable[..., Recipe]) -> None:
    recipe = Recipe.read({**digits().plain(), "model": Part(Noticing)})
    session, data = begun(recipe)
    model = session.network.model
    model.drop.eval()
    state = {name: value.clone() for name, value in session.network.state_dict().items()}
    generator, before = torch.get_rng_state(), {name: module.training for name, module in model.named_modules()}
    looked = look_at(session, Layers(session.network), Probe.of(data.train, 32), ends=True)
    assert looked["loss"]
    after = session.network.state_dict()
    assert all(after[name].equal(value) for name, value in state.items())
    assert torch.get_rng_state().equal(generator)
    assert {name: module.training for name, module in model.named_modules()} == before
    assert model.calls == 0
    assert all(parameter.grad is None for parameter in model.parameters())


def test_frozen_layers_rest_in_the_probe_too(digits: Callable[..., Recipe]) -> None:
    session, _, found = looked(digits({"model.norm": "batch", "model.freeze": ["hidden.0"]}))
    assert "model.output" in found["gradient"]
    assert not any(layer.startswith("model.hidden.0") for layer in found["gradient"])
    assert all(
        parameter.requires_grad == (not name.startswith("hidden.0"))
        for name, parameter in session.network.model.named_parameters()
    )


def test_quotients_with_zero() -> None:
    assert ratio(1.0, 2.0) == 0.5
    assert ratio(1.0, 0.0) == math.inf
    assert math.isnan(ratio(0.0, 0.0))


def test_seeds_follow_the_run(digits: Callable[..., Recipe]) -> None:
    recipe = digits({"model.dropout": 0.5})
    assert looked(recipe)[2] == looked(recipe)[2]
    assert recipe.seeds(0) == Seeds(0, recipe.seeds(0).fixed)
