"""The linear model is a matrix."""

from __future__ import annotations

import torch
from torch import nn

from paribus.models.initialisation import initialise
from paribus.models.linear import Linear


def made(model: nn.Module) -> nn.Module:
    initialise(model, 1)
    return model.eval()


def test_a_linear_model_is_a_matrix():
    net = made(Linear((3, 7), 4))
    x = torch.randn(2, 3, 7)
    torch.testing.assert_close(net(x), x.flatten(1) @ net.output.weight.T + net.output.bias)
