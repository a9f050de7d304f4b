"""The residual denoiser: what it adds, and how far it sees."""

from __future__ import annotations

import torch
from torch import nn

from paribus.models.dncnn import DnCNN
from paribus.models.unet import UNet

SMALL = {"width": 2, "depth": 3}


def test_a_residual_network_that_adds_nothing_changes_nothing():
    x = torch.randn(2, 1, 11, 9)
    for net in (UNet((1, 8, 8), 1, **SMALL, residual=True), DnCNN((1, 8, 8), 1, width=3, depth=4)):
        nn.init.zeros_(net.output.weight)
        nn.init.zeros_(net.output.bias)
        assert torch.equal(net(x), x)


def test_a_dncnn_sees_depth_pixels_in_each_direction():
    net = DnCNN((1, 31, 31), 1, width=2, depth=5, norm="none", activation="tanh", residual=False)
    x = torch.zeros(1, 1, 31, 31, requires_grad=True)
    net(x)[0, 0, 15, 15].backward()
    rows = x.grad[0, 0].abs().sum(1).nonzero().flatten()
    assert rows.tolist() == list(range(15 - 5, 15 + 5 + 1))
