"""Spectral norm against the singular values, and against torch's."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from paribus.chance import Seeds
from paribus.data.info import DataInfo
from paribus.models.network import assemble
from paribus.models.spectral import SpectralConv2d, SpectralLinear, normalised
from paribus.records.parts import Part
from paribus.tasks.generators.gan import Adversarial


@pytest.mark.parametrize(
    ("layer", "x"), [(SpectralLinear(7, 5), torch.randn(2, 7)), (SpectralConv2d(3, 6, 4), torch.randn(2, 3, 9, 9))]
)
def test_spectral_layers_have_largest_singular_value_1(layer, x):
    for _ in range(200):  # the power iteration converges as (σ₂/σ₁)^2n
        layer(x)
    weight = normalised(layer.eval()).detach().flatten(1)
    assert torch.linalg.matrix_norm(weight, 2).item() == pytest.approx(1, abs=1e-3)
    torch.testing.assert_close(weight, layer.weight.flatten(1) / torch.linalg.matrix_norm(layer.weight.flatten(1), 2))


def test_spectral_layers_do_what_those_of_torch_do():
    ours, theirs = SpectralLinear(4, 3), nn.Linear(4, 3)
    theirs.load_state_dict({name: value for name, value in ours.state_dict().items() if name != "direction"})
    theirs = nn.utils.parametrizations.spectral_norm(theirs)
    x = torch.randn(5, 4)
    for _ in range(200):
        ours(x), theirs(x)
    torch.testing.assert_close(ours(x), theirs(x), rtol=1e-3, atol=1e-4)
    for layer in (ours, theirs):
        layer(x).square().sum().backward()
    expected = theirs.parametrizations.weight.original.grad
    torch.testing.assert_close(ours.weight.grad, expected, rtol=1e-3, atol=1e-4)


def test_looking_does_not_move_the_power_iteration():
    layer = SpectralLinear(7, 5).eval()
    before = layer.direction.clone()
    layer(torch.randn(2, 7))
    assert torch.equal(layer.direction, before)


def test_arms_with_and_without_spectral_norm_start_alike():
    info = DataInfo((1, 8, 8), ("a", "b"), {}, (1, 1), (0.0,), (1.0,))
    parts = [Part("dcgan", spectral=it) for it in (False, True)]
    plain, spectral = (assemble(part, Adversarial(info), Seeds(0)).state_dict() for part in parts)
    assert set(spectral) - set(plain) == {name for name in spectral if name.endswith("direction")}
    assert all(torch.equal(value, spectral[name]) for name, value in plain.items())
