"""The networks: sizes by closed formula, shapes over all options, and what they refuse."""

from __future__ import annotations

import inspect
import itertools
import subprocess
import sys
from math import prod
from typing import get_args

import pytest
import torch
from torch import nn

from paribus.errors import RecipeError
from paribus.models import PARTS, blocks
from paribus.models.blocks import groups
from paribus.models.cnn import CNN
from paribus.models.initialisation import SCHEMES, Init
from paribus.models.mlp import MLP
from paribus.models.size import count_parameters
from paribus.records.options import describe, options
from paribus.records.parts import Part, build, find
from paribus.records.recipe import Recipe, shipped


def sides(side: int, stages: int, pooling: str) -> int:
    for _ in range(stages):
        side = {"max": side // 2, "average": side // 2, "stride": -(-side // 2), "none": side}[pooling]
    return side


@pytest.mark.parametrize("norm", ["none", "batch", "layer"])
@pytest.mark.parametrize("widths", [(), (7,), (16, 8, 8)])
def test_the_parameters_of_an_mlp(widths, norm):
    units = (12, *widths)
    weights = sum(a * b for a, b in itertools.pairwise(units)) + units[-1] * 3 + 3
    per_unit = {"none": 1, "batch": 2, "layer": 3}[norm]  # bias; scale, shift; all three
    assert count_parameters(MLP((3, 4), 3, widths=widths, norm=norm)) == weights + per_unit * sum(widths)


@pytest.mark.parametrize("norm", ["none", "batch", "layer", "group", "instance"])
@pytest.mark.parametrize("pooling", ["max", "average", "stride", "none"])
@pytest.mark.parametrize("head", ["flatten", "global_average", "global_max"])
@pytest.mark.parametrize("depth", [1, 3])
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


def test_dropout_keeps_the_mean_of_a_linear_network():
    torch.manual_seed(0)
    net, x = MLP((6,), 2, widths=(40,), activation="none", dropout=0.4), torch.randn(1, 6)
    with torch.no_grad():
        outputs = net.train()(x.expand(40_000, -1))
        error = (outputs.mean(0) - net.eval()(x)[0]).abs()
    assert (error < 4 * outputs.std(0) / 40_000**0.5).all()
    assert (outputs.std(0) > 0.01).all()


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


@pytest.mark.parametrize("name", PARTS)
def test_every_model_explains_its_knobs(name):
    factory = find("model", name)
    summary, texts = describe(factory)
    assert summary.endswith(".")
    assert set(texts) == set(inspect.signature(factory).parameters)
    assert {option.name for option in options("model", factory)} <= set(texts)


@pytest.mark.parametrize("name", [name for name in shipped() if name.endswith(("/mlp", "/cnn"))])
def test_the_models_of_the_shipped_recipes_can_be_built(name):
    net = build("model", Recipe.load(name).model, input_shape=(3, 28, 28), num_outputs=10)
    assert net(torch.randn(2, 3, 28, 28)).shape == (2, 10)


@pytest.mark.parametrize("part", [Part("cnn", kernel=4), Part("mlp", widths=[0]), Part("mlp", dropout=1.0)])
def test_impossible_knobs_are_refused(part):
    with pytest.raises(RecipeError, match="model"):
        build("model", part, input_shape=(1, 8, 8), num_outputs=2)


def test_frozen_parameters_are_counted_apart():
    net = MLP((4,), 2, widths=(3,))
    net.hidden.requires_grad_(False)
    assert (count_parameters(net), count_parameters(net, trainable=True)) == (23, 8)


def test_the_table_needs_no_torch():
    code = "import sys, paribus.models; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
