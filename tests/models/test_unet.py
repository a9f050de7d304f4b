"""The U-Net: one output for every pixel, at any size."""

from __future__ import annotations

from itertools import pairwise
from typing import get_args

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from paribus.errors import RecipeError
from paribus.models import unet
from paribus.models.dncnn import DnCNN
from paribus.models.size import count_parameters
from paribus.models.unet import Gate, UNet, padded

SMALL = {"width": 2, "depth": 3}


@settings(max_examples=25)
@given(st.integers(1, 41), st.integers(1, 41))
def test_T11_output_size_is_input_size_for_any_size(height, width):
    torch.manual_seed(0)
    for net in (UNet((1, 8, 8), 3, **SMALL).eval(), DnCNN((1, 8, 8), 3, width=2, depth=3, residual=False).eval()):
        with torch.inference_mode():
            assert net(torch.randn(2, 1, height, width)).shape == (2, 3, height, width)


@pytest.mark.parametrize("up", get_args(unet.Up))
@pytest.mark.parametrize("skips", [True, False])
@pytest.mark.parametrize("norm", ["none", "batch", "layer", "group", "instance"])
def test_the_parameters_of_a_unet(up, skips, norm):
    channels, width, depth, convolutions, outputs = 3, 4, 2, 2, 5
    net = UNet(
        (channels, 8, 8), outputs, width=width, depth=depth, convolutions=convolutions, skips=skips, up=up, norm=norm
    )
    per_channel = {"none": 1, "batch": 2, "instance": 2, "layer": 3, "group": 3}[norm]
    widths = [width * 2**level for level in range(depth + 1)]
    levels = [*pairwise((channels, *widths)), *((w * (2 if skips else 1), w) for w in widths[:-1])]
    layers = [(before if place == 0 else w, w) for before, w in levels for place in range(convolutions)]
    convs = sum(9 * before * after + per_channel * after for before, after in layers)
    taps = {"transposed": 4, "nearest": 9, "bilinear": 9}[up]
    ups = sum(2 * w * w * taps + w for w in widths[:-1])
    assert count_parameters(net) == convs + ups + width * outputs + outputs


@pytest.mark.parametrize(
    "options", [{"attention": True, "width": 6}, {"dropout": 0.3}, {"skips": False}, {"up": "bilinear"}]
)
def test_every_parameter_learns(options):
    torch.manual_seed(0)
    net = UNet((3, 16, 16), 2, **{**SMALL, "norm": "none", "activation": "silu", **options})
    net(torch.randn(2, 3, 13, 18)).square().sum().backward()
    assert all(parameter.grad is not None and parameter.grad.abs().sum() > 0 for parameter in net.parameters())


def test_a_gate_weighs_every_pixel_between_0_and_1():
    torch.manual_seed(0)
    gate, skip, below = Gate(6), torch.rand(2, 6, 5, 5) + 0.1, torch.randn(2, 6, 5, 5)
    weights = gate(skip, below) / skip
    assert torch.allclose(weights, weights[:, :1].expand_as(weights), atol=1e-6)  # one weight for all channels
    inner = torch.relu(gate.skip(skip) + gate.below(below))
    by_hand = torch.sigmoid((inner * gate.score.weight.view(1, -1, 1, 1)).sum(1, keepdim=True) + gate.score.bias)
    assert torch.allclose(weights[:, :1], by_hand, atol=1e-6)


def test_skips_carry_what_the_lowest_level_cannot_hold():
    """With the lowest levels cut off, a U-Net still tells two pixels of one pooling window apart; without skips not."""
    torch.manual_seed(0)
    a = torch.zeros(1, 1, 8, 8)
    a[..., 3, 3] = 1
    for skips in (True, False):
        net = UNet((1, 8, 8), 1, **SMALL, norm="none", skips=skips)
        for level in list(net.down)[1:]:
            for layer in level.modules():
                if isinstance(layer, nn.Conv2d):
                    nn.init.zeros_(layer.weight)
        out = net(a) - net(torch.zeros_like(a))
        assert bool(out.abs().max() > 0) == skips


def test_padding_repeats_the_edge():
    x = torch.arange(6.0).view(1, 1, 2, 3)
    assert padded(x, 1) is x
    assert padded(x, 4)[0, 0].tolist() == [[0, 1, 2, 2], [3, 4, 5, 5], [3, 4, 5, 5], [3, 4, 5, 5]]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"residual": True}, "as many outputs as inputs"),
        ({"skips": False, "attention": True}, "there are none"),
        ({"up": "sideways"}, "no up of this name"),
        ({"input_shape": (64,)}, "takes pictures"),
    ],
)
def test_what_cannot_be_built_says_so(options, message):
    with pytest.raises(RecipeError, match=message):
        UNet(**{"input_shape": (1, 8, 8), "num_outputs": 2, **SMALL, **options})
