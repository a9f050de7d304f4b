"""Pairs of a generator and a discriminator: what is drawn can be scored, one by one."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from paribus.models.gan import DCGAN, GAN


@pytest.mark.parametrize("shape", [(1, 28, 28), (3, 32, 32), (1, 8, 16)])
@pytest.mark.parametrize("spectral", [False, True])
@pytest.mark.parametrize("kind", [GAN, DCGAN])
def test_what_is_drawn_can_be_scored(kind, shape, spectral):
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


def test_the_score_of_one_example_does_not_depend_on_the_others():
    net, x = DCGAN((1, 8, 8), widths=(4, 8)).train(), torch.randn(6, 1, 8, 8)
    torch.testing.assert_close(net(x)[:1], net(x[:1]))
