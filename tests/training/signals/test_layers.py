"""What layers give, told in numbers: dead and saturated units, dependence on examples, drift of batch norms."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from paribus.training.signals.layers import Drift, Layers, Outputs, layer_of, moments
from paribus.training.signals.readings import Readings


def seen(network: nn.Module, x: torch.Tensor) -> dict[str, dict[str, float]]:
    readings = Readings()
    with Outputs(network, Layers(network), readings).watching(), torch.no_grad():
        network(x)
    return readings.fetch()


def test_moments_are_those_of_torch() -> None:
    x = torch.randn(64, 8, 5, 5, generator=torch.Generator().manual_seed(0)).mul(3).add(2)
    wide = torch.randn(16, 12, 40, 50, generator=torch.Generator().manual_seed(1))  # more than one block
    for given in (x, x.to(memory_format=torch.channels_last), x[:, :, 0, 0], x[:, 0, 0, 0], wide):
        figures, nothing = moments(given)
        assert float(figures["mean"]) == pytest.approx(float(given.mean()), rel=1e-5)
        assert float(figures["deviation"]) == pytest.approx(float(given.std(correction=0)), rel=1e-5)
        variation = given.var(0, correction=0).mean().sqrt()
        assert float(figures["variation"]) == pytest.approx(float(variation), rel=1e-5)
        assert not bool(nothing.any())


def test_where_nothing_is_lies_where_it_was_in_any_layout() -> None:
    x = torch.randn(16, 12, 40, 50, generator=torch.Generator().manual_seed(1))
    zero = torch.rand(12, 40, 50, generator=torch.Generator().manual_seed(2)) < 0.3
    x[:, zero] = 0
    for given in (x, x.to(memory_format=torch.channels_last), x.transpose(1, 3).contiguous().transpose(1, 3)):
        assert moments(given)[1].equal(zero)


def test_units_that_are_zero_for_every_example_are_dead() -> None:
    """Planted: 3 of 10 units have a bias so low that no example lifts them."""
    linear = nn.Linear(4, 10)
    with torch.no_grad():
        linear.bias[:3] = -100.0
    found = seen(nn.Sequential(linear, nn.ReLU()), x := torch.randn(50, 4))
    assert found["dead"] == {"1": pytest.approx(0.3)}
    share = (linear(x).relu() == 0).float().mean()
    assert found["zeros"]["1"] == pytest.approx(float(share), abs=1e-4)


def test_channels_are_the_units_of_convolutions_and_the_last_axis_those_of_sequences() -> None:
    conv, linear = nn.Conv2d(1, 8, 3), nn.Linear(4, 5)
    with torch.no_grad():
        conv.bias[:2] = linear.bias[:1] = -100.0
    assert seen(nn.Sequential(conv, nn.ReLU()), torch.randn(6, 1, 9, 9))["dead"]["1"] == 0.25
    assert seen(nn.Sequential(linear, nn.ReLU()), torch.randn(6, 7, 4))["dead"]["1"] == pytest.approx(0.2)


def test_a_unit_that_one_example_lifts_is_not_dead() -> None:
    found = seen(nn.Sequential(nn.Identity(), nn.ReLU()), torch.tensor([[-1.0, -1.0], [-1.0, 2.0]]))
    assert (found["dead"]["1"], found["zeros"]["1"]) == (0.5, 0.75)


@pytest.mark.parametrize(
    ("function", "values", "share"),
    [
        (nn.Sigmoid(), [-10.0, -1.0, 0.0, 10.0], 0.5),
        (nn.Tanh(), [-3.0, -1.0, 0.0, 3.0], 0.5),  # tanh 3 = .995, of which 1 % of the range is .98
        (nn.Hardtanh(), [-2.0, 0.5, 0.5, 0.5], 0.25),
    ],
)
def test_saturation_is_the_share_within_1_percent_of_the_ends(function, values, share) -> None:
    assert seen(nn.Sequential(function), torch.tensor(values)[:, None])["saturated"] == {"0": share}


def test_a_softmax_of_many_classes_is_at_its_end_where_one_has_nearly_all_and_not_where_all_are_alike() -> None:
    logits = torch.zeros(4, 200)
    logits[0, 7] = 20.0
    assert seen(nn.Sequential(nn.Softmax(dim=1)), logits)["saturated"] == {"0": 0.25}


def test_outputs_that_do_not_depend_on_the_example_have_no_variation() -> None:
    linear = nn.Linear(4, 3)
    nn.init.zeros_(linear.weight)
    found = seen(nn.Sequential(linear), torch.randn(20, 4))
    assert found["variation"]["0"] < 1e-6 * found["deviation"]["0"]  # what is lost in a sum of float32
    assert found["deviation"]["0"] == pytest.approx(float(linear.bias.detach().std(correction=0)), rel=1e-4)


def test_a_layer_that_gives_no_number_says_so() -> None:
    linear = nn.Linear(2, 2)
    nn.init.constant_(linear.weight, math.nan)
    assert math.isnan(seen(nn.Sequential(linear), torch.randn(3, 2))["mean"]["0"])


def test_activations_in_place_change_nothing_of_what_was_seen_before() -> None:
    torch.manual_seed(0)
    linear, x = nn.Linear(4, 6), torch.randn(9, 4)
    kept, changed = (seen(nn.Sequential(linear, nn.ReLU(inplace=place)), x) for place in (False, True))
    assert kept.pop("bends").keys() == {"1"}  # what is gone cannot be compared
    assert kept == changed


@pytest.mark.parametrize("slope", [0.0, 0.5, 0.95, 1.0])
def test_how_far_activations_bend_is_what_no_straight_line_explains(slope) -> None:
    """With normal inputs z: ((1 − s)/2)²·var|z| of var(max(z, s·z)), and var|z| = 1 − 2/π."""
    z = torch.randn(200_000, 1, generator=torch.Generator().manual_seed(0))
    bent, line = ((1 - slope) / 2) ** 2 * (1 - 2 / math.pi), ((1 + slope) / 2) ** 2
    found = seen(nn.Sequential(nn.LeakyReLU(slope)), z)["bends"]["0"]
    assert found == pytest.approx(bent / (bent + line), abs=2e-3)
    assert "bends" not in seen(nn.Sequential(nn.Tanh()), z)  # near zero it is straight, and no fault


def test_drift_of_batch_norms_is_told_in_deviations_and_logarithms() -> None:
    """Planted: means that are off by half a deviation of the inputs, and variances that are four times theirs."""
    norm = nn.BatchNorm2d(3, eps=1e-9)
    x = torch.randn(16, 3, 8, 8, generator=torch.Generator().manual_seed(1)) * 2 + 5
    variance, mean = torch.var_mean(x, (0, 2, 3), correction=0)
    norm.running_mean, norm.running_var = mean + variance.sqrt() / 2, 4 * variance
    readings, network = Readings(), nn.Sequential(norm)
    with Drift(Layers(network), readings).watching(), torch.no_grad():
        network(x)
        network(x + 100)  # only the first call counts: a call in training mode moves what is compared
    found = readings.fetch()
    assert found["norm_mean"]["0"] == pytest.approx(0.5, rel=1e-4)
    assert found["norm_variance"]["0"] == pytest.approx(math.log(4), rel=1e-4)
    assert found["norm_batches"]["0"] == 0


def test_the_last_layer_is_the_one_called_last_and_hooks_are_gone() -> None:
    network = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 2), nn.Flatten())
    watched = Outputs(network, Layers(network), Readings())
    with watched.watching():
        network(torch.randn(3, 4))
    assert watched.last is network[2]
    assert watched.whole is not None
    assert not any(module._forward_hooks for module in network.modules())


def test_a_parameter_belongs_to_its_module_parametrised_or_not() -> None:
    network = nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(2, 2)))
    assert {layer_of(name) for name, _ in network.named_parameters()} == {"0"}
