"""Activations, norms and what is made of them."""

from __future__ import annotations

from typing import get_args

import pytest
import torch
from torch import nn

from paribus.models import blocks
from paribus.models.blocks import groups
from paribus.models.cnn import CNN
from paribus.models.initialisation import SCHEMES, Init
from paribus.models.mlp import MLP


@pytest.mark.parametrize("activation", get_args(blocks.Activation))
@pytest.mark.parametrize("final", get_args(blocks.FinalActivation))
def test_every_activation_trains(activation, final):
    for net in (
        MLP((1, 8, 8), 3, activation=activation, final_activation=final, dropout=0.1),
        CNN((1, 8, 8), 3, activation=activation, final_activation=final, dropout=0.1),
    ):
        out = net(torch.randn(4, 1, 8, 8))
        out.pow(2).sum().backward()
        assert all(torch.isfinite(p.grad).all() for p in net.parameters())
        assert final != "softmax" or torch.allclose(out.sum(1), torch.ones(4))
        assert final in ("none", "softmax") or (out >= 0).all()


def test_the_choices_in_the_signature_are_the_rows_of_the_tables():
    for choices, table in [
        (blocks.Activation, blocks.ACTIVATIONS),
        (blocks.FinalActivation, blocks.FINAL_ACTIVATIONS),
        (blocks.FlatNorm, blocks.FLAT_NORMS),
        (blocks.Norm, blocks.NORMS),
        (blocks.Pooling, blocks.POOLING),
        (blocks.Head, blocks.HEADS),
        (Init, SCHEMES),
    ]:
        assert get_args(choices) == tuple(table)


@pytest.mark.parametrize("arm", [{"norm": "batch"}, {"dropout": 0.3}, {"norm": "layer", "dropout": 0.1}])
@pytest.mark.parametrize("model", [MLP, CNN])
def test_the_bias_that_a_norm_cancels_is_absent_and_only_that(model, arm):
    layer = next(m for m in model((1, 8, 8), 2, **arm).modules() if isinstance(m, (nn.Linear, nn.Conv2d)))
    assert (layer.bias is None) == (arm.get("norm") == "batch")


def test_batch_norm_really_cancels_a_bias():
    layer, norm, x = nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), torch.randn(8, 3, 6, 6)
    without = norm(nn.functional.conv2d(x, layer.weight))
    assert torch.allclose(norm(layer(x)), without, atol=1e-5)


@pytest.mark.parametrize(("width", "expected"), [(1, 1), (2, 1), (7, 1), (8, 4), (9, 3), (12, 6), (32, 8), (64, 8)])
def test_groups_divide_the_width_and_hold_two_channels(width, expected):
    assert groups(width) == expected
