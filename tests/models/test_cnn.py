"""The convolutional network: sizes and shapes over all options, and what it refuses."""

from __future__ import annotations

import itertools
from math import prod
from typing import get_args

import pytest
import torch
from tests.pairwise import pairwise

from paribus.errors import RecipeError
from paribus.models import blocks
from paribus.models.cnn import CNN
from paribus.models.size import count_parameters


def sides(side: int, stages: int, pooling: str) -> int:
    for _ in range(stages):
        side = {"max": side // 2, "average": side // 2, "stride": -(-side // 2), "none": side}[pooling]
    return side


@pytest.mark.parametrize(
    ("norm", "pooling", "head", "depth"),
    pairwise(get_args(blocks.Norm), get_args(blocks.Pooling), get_args(blocks.Head), [1, 3]),
)
def test_the_parameters_and_shapes_of_a_cnn(norm, pooling, head, depth):
    channels, hidden, kernel, shape = (3, 4, 6), (5,), 5, (3, 13, 18)
    net = CNN(
        shape,
        7,
        widths=channels[1:],
        depth=depth,
        kernel=kernel,
        norm=norm,
        pooling=pooling,
        head=head,
        hidden=hidden,
    )
    per_channel = {"none": 1, "batch": 2, "instance": 2, "layer": 3, "group": 3}[norm]
    layers = [(a if i == 0 else b, b) for a, b in itertools.pairwise(channels) for i in range(depth)]
    convolutions = sum(a * b * kernel**2 + per_channel * b for a, b in layers)
    last = prod(sides(side, 2, pooling) for side in shape[1:]) if head == "flatten" else 1
    units = (channels[-1] * last, *hidden, 7)
    dense = sum(a * b + b for a, b in itertools.pairwise(units))
    assert count_parameters(net) == convolutions + dense
    assert net(torch.randn(2, *shape)).shape == (2, 7)


@pytest.mark.parametrize(
    ("shape", "options", "words"),
    [
        (
            (1, 8, 8),
            {"widths": (2,) * 5},
            r"pooling stage 4 would shrink 1×1.*\n.*8×8(.|\n)*at most 3 widths",
        ),
        ((1, 32, 2), {"widths": (2,) * 2, "pooling": "average"}, "pooling stage 2 would shrink 16×1"),
        (
            (1, 4, 4),
            {"widths": (2,) * 3, "pooling": "stride", "norm": "instance"},
            "instance norm in stage 2",
        ),
        ((1, 2, 2), {"widths": (2,) * 2, "norm": "instance"}, "pooling stage 2"),
        ((1, 1, 1), {"widths": (2,), "norm": "instance", "pooling": "none"}, "instance norm in stage 1"),
        ((64,), {}, r"channels, height, width(.|\n)*\(64,\)(.|\n)*mlp"),
        ((1, 8, 8), {"kernel": 4}, "odd"),
        ((1, 8, 8), {"norm": "bach"}, "did you mean 'batch'"),
        ((1, 8, 8), {"init": "hee"}, "did you mean 'he'"),
    ],
)
def test_impossible_networks_are_refused(shape, options, words):
    with pytest.raises(RecipeError, match=words):
        CNN(shape, 10, **options)


def test_what_is_just_possible_is_built_and_trains():
    assert CNN((1, 8, 8), 10, widths=(2,) * 3)(torch.randn(2, 1, 8, 8)).shape == (2, 10)
    assert CNN((1, 4, 4), 3, widths=(2,) * 5, pooling="stride")(torch.randn(2, 1, 4, 4)).shape == (2, 3)
    net = CNN((1, 4, 4), 3, widths=(2, 2), norm="instance")
    assert net.train()(torch.randn(1, 1, 4, 4)).shape == (1, 3)


@pytest.mark.parametrize("head", ["flatten", "global_max"])
def test_channels_last_gives_the_same_numbers(head):
    net, x = CNN((3, 16, 16), 5, norm="group", head=head).eval(), torch.randn(4, 3, 16, 16)
    expected = net(x)
    last = net.to(memory_format=torch.channels_last)(x.to(memory_format=torch.channels_last))
    assert torch.allclose(last, expected, atol=1e-5)


@pytest.mark.parametrize("norm", ["none", "batch", "layer", "group", "instance"])
def test_bf16_autocast_is_close_to_full_precision(norm):
    torch.manual_seed(0)
    net, x = CNN((3, 16, 16), 5, norm=norm, hidden=(8,)), torch.randn(4, 3, 16, 16)
    with torch.autocast("cpu", torch.bfloat16):
        out = net(x)
        out.float().sum().backward()
    assert torch.allclose(out.float(), net(x), atol=0.1)  # 8 significant bits through four layers


def test_S3_dropout_between_stages_leaves_out_whole_channels_and_keeps_their_mean():
    torch.manual_seed(0)
    net = CNN((1, 8, 8), 3, widths=(4, 6), conv_dropout=0.25)
    x = torch.rand(1, 1, 8, 8)
    seen = net.stages[0](x.expand(4000, 1, 8, 8)).flatten(2)  # (B, 4, pixels)
    expected = net.eval().stages[0](x).flatten(2)
    alive = seen.abs().sum(2) > 0
    assert alive.float().mean().item() == pytest.approx(0.75, abs=0.015)  # 16,000 draws: 4 deviations are 0.014
    assert torch.allclose(seen[alive], (expected / 0.75).expand_as(seen)[alive])
    assert torch.allclose(seen.mean(0), expected[0], rtol=0.04)  # 4,000 draws: 4 deviations are 0.037
