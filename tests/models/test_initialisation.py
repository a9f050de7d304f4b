"""Initial weights: whom they depend on, and the schemes' theory."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from paribus.models.cnn import CNN
from paribus.models.initialisation import SCHEMES, initialise
from paribus.models.mlp import MLP


def started(model: nn.Module, key: int = 3) -> dict[str, Tensor]:
    initialise(model, key)
    return dict(model.state_dict())


def assert_shared(one: dict[str, Tensor], other: dict[str, Tensor]) -> None:
    shared = one.keys() & other.keys()
    assert shared
    assert all(torch.equal(one[name], other[name]) for name in shared)


@pytest.mark.parametrize("init", ["default", "he", "orthogonal"])
@pytest.mark.parametrize("arm", [{"norm": "batch"}, {"norm": "layer"}, {"dropout": 0.5}, {"activation": "tanh"}])
@pytest.mark.parametrize("model", [MLP, CNN])
def test_arms_share_every_layer_they_have_in_common(model, arm, init):
    plain, changed = (started(model((1, 8, 8), 4, init=init, **options)) for options in ({}, arm))
    assert {name for name in plain if name.endswith("weight")} <= changed.keys()
    assert_shared(plain, changed)


@pytest.mark.parametrize("arm", [{"norm": "group"}, {"norm": "instance"}, {"pooling": "stride"}])
def test_convolutions_are_shared_across_norms_and_pooling(arm):
    assert_shared(started(CNN((1, 8, 8), 4)), started(CNN((1, 8, 8), 4, **arm)))


def test_a_deeper_arm_shares_the_layers_before():
    shallow, deep = (started(CNN((1, 16, 16), 4, widths=w, head="global_max")) for w in ((8, 16), (8, 16, 16)))
    assert_shared(shallow, deep)


def test_the_key_decides_and_layers_of_one_shape_differ():
    one, again, other = (started(MLP((8,), 8, widths=(8, 8)), key) for key in (3, 3, 4))
    assert_shared(one, again)
    assert not torch.equal(one["output.weight"], other["output.weight"])
    assert not torch.equal(one["hidden.1.linear.weight"], one["output.weight"])


@pytest.mark.parametrize("init", SCHEMES)
def test_global_random_state_is_neither_read_nor_changed(init):
    weights = []
    for seed in (1, 2):
        torch.manual_seed(seed)
        model = CNN((1, 8, 8), 4, norm="batch", hidden=(5,), init=init)
        state = torch.get_rng_state()
        weights.append(started(model))
        assert torch.equal(torch.get_rng_state(), state)
    assert_shared(*weights)


def test_starting_anew_forgets_the_training():
    model = CNN((1, 8, 8), 4, norm="batch")
    before = {name: value.clone() for name, value in started(model).items()}
    model(torch.randn(8, 1, 8, 8)).sum().backward()
    torch.optim.SGD(model.parameters(), lr=1.0).step()
    assert_shared(before, started(model))


def test_models_of_others_are_initialised_too():
    class Other(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.attention, self.init = nn.MultiheadAttention(8, 2), "their own word"

    one, other = started(Other()), started(Other())
    assert_shared(one, other)
    assert (one["attention.out_proj.bias"] == 0).all()  # as attention's constructor has it, not as linear's


def test_parametrized_layers_start_as_their_plain_namesakes():
    plain, spectral, normed = (nn.Sequential(nn.Linear(6, 4), nn.Linear(4, 2, bias=False)) for _ in range(3))
    for layer in spectral:
        nn.utils.parametrizations.spectral_norm(layer)
    for layer in normed:
        nn.utils.parametrizations.weight_norm(layer)
    started(plain), started(spectral), started(normed)
    for i, layer in enumerate(plain):
        assert torch.equal(spectral[i].parametrizations.weight.original, layer.weight)
        torch.testing.assert_close(normed[i].weight, layer.weight)
    assert torch.equal(spectral[0].bias, plain[0].bias)
    assert torch.equal(normed[0].bias, plain[0].bias)


def test_from_zeros_with_tanh_the_hidden_layers_never_get_a_gradient():
    model = MLP((6,), 3, widths=(5, 5), activation="tanh", init="zeros")
    initialise(model, 0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    for _ in range(3):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(torch.randn(16, 6)), torch.randint(0, 3, (16,))).backward()
        assert all((p.grad == 0).all() for p in model.hidden.parameters())
        assert (model.output.weight.grad == 0).all()
        assert (model.output.bias.grad != 0).all()
        optimizer.step()


@pytest.mark.parametrize("init", ["ones", "constant"])
def test_from_one_number_the_units_of_a_layer_stay_identical(init):
    model = MLP((6,), 1, widths=(5, 4), activation="tanh", init=init)
    initialise(model, 0)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        model(torch.randn(16, 6) / 4).pow(2).mean().backward()
        optimizer.step()
    for layer in model.hidden:
        assert not torch.allclose(layer.linear.weight, started(MLP((6,), 1, init=init))["output.weight"].mean())
        assert torch.allclose(layer.linear.weight, layer.linear.weight[:1], atol=1e-6)


@pytest.mark.parametrize(
    ("init", "variance"),
    [("xavier", 2 / 700), ("he", 2 / 300), ("lecun", 1 / 300), ("normal", 1e-4), ("uniform", 0.05**2 / 3)],
)
def test_the_schemes_have_the_variance_of_their_papers(init, variance):
    weights = started(MLP((300,), 2, widths=(400,), init=init))
    weight = weights["hidden.0.linear.weight"]
    assert weight.var().item() == pytest.approx(variance, rel=0.03)  # 120,000 draws: three deviations are 0.012
    assert (weights["hidden.0.linear.bias"] == 0).all()


def test_orthogonal_weights_keep_lengths():
    weight = started(MLP((30,), 2, widths=(50,), init="orthogonal"))["hidden.0.linear.weight"]
    assert torch.allclose(weight.T @ weight, torch.eye(30), atol=1e-5)


@pytest.mark.parametrize(("init", "per_layer"), [("he", 1.0), ("lecun", 0.5)])
def test_he_keeps_the_signal_of_a_deep_relu_network_and_lecun_halves_it_in_each_layer(init, per_layer):
    x = torch.randn(64, 256, generator=torch.Generator().manual_seed(0))
    squares = []
    for key in range(20):
        model = MLP((256,), 256, widths=(256,) * 4, init=init)
        initialise(model, key)
        squares.append(model(x).pow(2).mean().item())
    # Variance c/n makes the mean square c/2 of what it was in each ReLU layer, and c of it in the linear one.
    # One network's logarithm has variance ≈ 5·4/256 (Hanin & Nica, 2020), so 0.25 is four deviations.
    assert sum(squares) / 20 == pytest.approx(2 * per_layer**5, rel=0.25)
