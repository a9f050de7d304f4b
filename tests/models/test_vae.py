"""Autoencoders: what goes in comes out in its shape."""

from __future__ import annotations

import pytest
import torch

from paribus.models.size import count_parameters
from paribus.models.vae import VAE, ConvVAE


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32), (1, 8, 16)])
@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
@pytest.mark.parametrize("kind", [VAE, ConvVAE])
def test_what_is_encoded_is_decoded_to_its_shape(kind, shape, norm):
    net = kind(shape, latent=5, widths=(6, 8), norm=norm)
    x = torch.randn(4, *shape)
    mean, log_variance = net.encode(x)
    assert mean.shape == log_variance.shape == (4, 5)
    assert net.decode(mean).shape == net(x).shape == (4, *shape)


def test_the_parameters_of_a_linear_vae():
    values, latent = 12, 3
    weights = 2 * (values * latent + latent) + latent * values + values + 1  # two heads, decoder, deviation
    assert count_parameters(VAE((3, 2, 2), latent=latent, widths=())) == weights
