"""Autoencoders and adversaries: shapes, sizes, and the spectral norm against the singular values."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from paribus.chance import Seeds
from paribus.data.info import DataInfo
from paribus.errors import RecipeError
from paribus.models.gan import DCGAN, GAN
from paribus.models.network import assemble
from paribus.models.size import count_parameters
from paribus.models.spectral import SpectralConv2d, SpectralLinear, normalised
from paribus.models.vae import VAE, ConvVAE
from paribus.records.parts import Part
from paribus.tasks.generators.gan import Adversarial


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32), (1, 8, 16)])
@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
@pytest.mark.parametrize("kind", [VAE, ConvVAE])
def test_what_is_encoded_is_decoded_to_its_shape(kind, shape, norm):
    net = kind(shape, latent=5, widths=(6, 8), norm=norm)
    x = torch.randn(4, *shape)
    mean, log_variance = net.encode(x)
    assert mean.shape == log_variance.shape == (4, 5)
    assert net.decode(mean).shape == net(x).shape == (4, *shape)


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32), (1, 8, 16)])
@pytest.mark.parametrize("spectral", [False, True])
@pytest.mark.parametrize("kind", [GAN, DCGAN])
def test_what_is_drawn_can_be_judged(kind, shape, spectral):
    net = kind(shape, latent=5, widths=(6, 8), spectral=spectral)
    drawn = net.generate(torch.randn(4, 5))
    assert drawn.shape == (4, *shape)
    assert drawn.abs().max() <= 1
    assert net(drawn).shape == (4,)
    net(drawn).sum().backward()
    assert all(parameter.grad is not None for parameter in net.parameters())


def test_points_are_drawn_without_bounds():
    net = GAN((2,), latent=3, widths=(4,))
    assert isinstance(net.generator[2], nn.Identity)
    assert net(net.generate(torch.randn(7, 3))).shape == (7,)


def test_the_parameters_of_a_linear_vae():
    values, latent = 12, 3
    weights = 2 * (values * latent + latent) + latent * values + values + 1  # two heads, decoder, deviation
    assert count_parameters(VAE((3, 2, 2), latent=latent, widths=())) == weights


def test_the_judgement_of_one_example_does_not_depend_on_the_others():
    net, x = DCGAN((1, 8, 8), widths=(4, 8)).train(), torch.randn(6, 1, 8, 8)
    torch.testing.assert_close(net(x)[:1], net(x[:1]))


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


@pytest.mark.parametrize("kind", [ConvVAE, DCGAN])
def test_pictures_that_cannot_be_halved_are_refused(kind):
    with pytest.raises(RecipeError, match="divisible by 8"):
        kind((1, 28, 28), widths=(4, 4, 4))
    with pytest.raises(RecipeError, match="take pictures"):
        kind((12,), widths=(4,))
