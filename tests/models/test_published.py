"""The published networks: their parameters, the promises that all of them keep, and what each of them refuses."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from paribus.errors import RecipeError
from paribus.models.geometry import shape_behind
from paribus.models.initialisation import initialise
from paribus.models.size import count_parameters
from paribus.records.parts import find
from paribus.theory.layers import table

LARGE = ((3, 224, 224), 1000)

PUBLISHED = {  # name and options, shape of the input, classes → parameters
    "ResNet-18": ("resnet18", {}, *LARGE, 11_689_512),
    "ResNet-34": ("resnet34", {}, *LARGE, 21_797_672),
    "ResNet-50": ("resnet50", {}, *LARGE, 25_557_032),
    "VGG-11": ("vgg11", {}, *LARGE, 132_863_336),
    "VGG-13": ("vgg13", {}, *LARGE, 133_047_848),
    "VGG-16": ("vgg16", {}, *LARGE, 138_357_544),
    "VGG-16 with batch norm": ("vgg16", {"norm": "batch"}, *LARGE, 138_365_992),
    "VGG-19": ("vgg19", {}, *LARGE, 143_667_240),
    "AlexNet": ("alexnet", {}, *LARGE, 61_100_840),
    "GoogLeNet": ("googlenet", {}, *LARGE, 6_624_904),
    "MobileNet": ("mobilenet", {}, *LARGE, 4_231_976),
    "LeNet-5 on 28 × 28": ("lenet", {}, (1, 28, 28), 10, 61_706),
    "LeNet-5 on 32 × 32": ("lenet", {"padding": 0}, (1, 32, 32), 10, 61_706),
    "network in network": ("nin", {}, (3, 32, 32), 10, 966_986),
    "ViT-B/16": ("vit", {"patch": 16, "width": 768, "depth": 12, "heads": 12}, *LARGE, 86_567_656),
    "ViT-S/16": ("vit", {"patch": 16, "width": 384, "depth": 12, "heads": 6}, *LARGE, 22_050_664),
}

NARROW: dict[str, dict[str, Any]] = {"width": 1 / 16}
SMALL: dict[str, dict[str, Any]] = {  # options with which each is quick
    "resnet18": {**NARROW, "stem": "small"},
    "resnet34": {**NARROW, "stem": "small", "blocks": (1, 1)},
    "resnet50": {**NARROW, "stem": "small", "blocks": (1, 2)},
    "vgg11": {**NARROW, "hidden": (8,), "dropout": 0.0},
    "vgg13": {**NARROW, "hidden": (), "head": "global_average"},
    "vgg16": {**NARROW, "hidden": (8,), "dropout": 0.0, "stem": "small", "pooling": "average"},
    "vgg19": {**NARROW, "hidden": (), "head": "flatten", "convolutions": (1, 1)},
    "alexnet": {**NARROW, "hidden": (8,), "dropout": 0.0, "stem": "small"},
    "googlenet": {**NARROW, "stem": "small", "dropout": 0.0},
    "mobilenet": {**NARROW, "stem": "small"},
    "lenet": {"widths": (2, 3), "hidden": (5,)},
    "nin": {**NARROW, "dropout": 0.0},
    "vit": {"patch": 8, "width": 12, "depth": 2, "heads": 3},
}
NORMED = [name for name in SMALL if name != "vit"]
STEMMED = [name for name in SMALL if name not in ("lenet", "nin", "vit")]


def made(name: str, shape: tuple[int, ...] = (3, 32, 32), outputs: int = 5, **options: Any) -> nn.Module:
    net: nn.Module = find("model", name)(shape, outputs, **{**SMALL[name], **options})
    return net


def started(net: nn.Module, key: int = 3) -> dict[str, Tensor]:
    initialise(net, key)
    return {name: value.clone() for name, value in net.named_parameters()}


@pytest.mark.parametrize(("name", "options", "shape", "classes", "parameters"), PUBLISHED.values(), ids=PUBLISHED)
def test_T3_T4_T6_parameters_are_those_of_the_published_nets(name, options, shape, classes, parameters):
    with torch.device("meta"):
        assert count_parameters(find("model", name)(shape, classes, **options)) == parameters


DOCUMENTED = re.findall(
    r"^\| `(\w+)` \| \d+ \| ([\d,]+) \| ([\d,]+) \| (\d+) × (\d+) × (\d+), (\d+) \|",
    (Path(__file__).parents[2] / "docs/how-to/networks.md").read_text(),
    flags=re.MULTILINE,
)


def test_every_published_net_is_documented():
    assert {row[0] for row in DOCUMENTED} == {*SMALL}


@pytest.mark.parametrize(("name", "parameters", "multiplications", *"chwn"), DOCUMENTED, ids=lambda value: value)
def test_the_table_of_networks_says_what_they_hold_and_cost(name, parameters, multiplications, c, h, w, n):
    shape = (int(c), int(h), int(w))
    with torch.device("meta"):
        found = table(find("model", name)(shape, int(n)), shape)
    assert (f"{found.parameters:,}", f"{found.multiplications:,}") == (parameters, multiplications)


@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 40, 48)], ids=str)
@pytest.mark.parametrize("name", SMALL)
def test_every_parameter_learns_from_pictures_of_any_channels_and_size(name, shape):
    net = made(name, shape)
    initialise(net, 0)
    inputs = torch.randn(4, *shape, generator=torch.Generator().manual_seed(1))
    net(inputs).pow(2).sum().backward()
    assert net(inputs).shape == (4, 5)
    assert [name for name, p in net.named_parameters() if p.grad is None or not torch.isfinite(p.grad).all()] == []


@pytest.mark.parametrize("name", SMALL)
def test_the_weights_follow_the_key_and_training_mode_the_layers(name):
    net = made(name, norm="batch") if name in NORMED else made(name)
    weights = started(net)
    assert all(torch.equal(value, weights[path]) for path, value in started(made(name, **_batch(name))).items())
    assert any(not torch.equal(value, weights[path]) for path, value in started(net, 4).items())
    inputs = torch.randn(2, 3, 32, 32)
    assert torch.equal(net.eval()(inputs), net(inputs))


def _batch(name: str) -> dict[str, str]:
    return {"norm": "batch"} if name in NORMED else {}


@pytest.mark.parametrize("norm", ["batch", "group", "instance"])
@pytest.mark.parametrize("name", NORMED)
def test_arms_of_another_norm_start_from_the_same_weights(name, norm):
    """Also where the norm shifts the places of the layers: weights are compared in their order."""
    shape = (3, 64, 64)  # instance norm needs more than one pixel everywhere
    plain, normed = (made(name, shape, norm=one) for one in ("none", norm))
    started(plain), started(normed)

    def weights(net: nn.Module) -> list[Tensor]:
        return [module.weight for module in net.modules() if isinstance(module, (nn.Conv2d, nn.Linear))]

    pairs = list(zip(weights(plain), weights(normed), strict=True))
    assert len(pairs) > 2
    assert all(torch.equal(a, b) for a, b in pairs)
    assert normed(torch.randn(2, *shape)).shape == (2, 5)


@pytest.mark.parametrize("options", [{"activation": "tanh"}, {"dropout": 0.3}, {"final_activation": "softmax"}])
@pytest.mark.parametrize("name", SMALL)
def test_arms_share_the_weights_of_every_layer(name, options):
    plain, changed = started(made(name)), started(made(name, **options))
    assert plain.keys() == changed.keys()
    assert all(torch.equal(plain[path], changed[path]) for path in plain)


@pytest.mark.parametrize("name", SMALL)
def test_a_final_activation_is_where_the_task_looks_for_it(name):
    net = made(name, final_activation="softmax").eval()
    assert isinstance(net.final, nn.Softmax)
    assert torch.allclose(net(torch.randn(3, 3, 32, 32)).sum(1), torch.ones(3))


@pytest.mark.parametrize("name", SMALL)
def test_schemes_reach_all_layers(name):
    weights = started(made(name, init="zeros"))
    kernels = [value for path, value in weights.items() if value.ndim > 1 and "positions" not in path]
    assert all((value == 0).all() for value in kernels)


@pytest.mark.parametrize("name", STEMMED)
def test_the_published_stem_makes_pictures_smaller_than_the_small_one(name):
    sizes = [
        shape_behind(net, net.features, (3, 96, 96))
        for net in (made(name, (3, 96, 96), stem=stem) for stem in ("published", "small"))
    ]
    assert sizes[0][0] == sizes[1][0]
    assert sizes[0][1] < sizes[1][1]


LEAST = {  # name, options → the smallest side, for some worked out by hand from the strides and windows
    "VGG: five halvings": ("vgg16", {"stem": "published"}, 32),
    "VGG: four halvings": ("vgg16", {"stem": "small"}, 16),
    "AlexNet: (63 + 4 − 11)/4 + 1 = 15, 7, 3, 1": ("alexnet", {"stem": "published"}, 63),
    "AlexNet: 15, 7, 3, 1": ("alexnet", {"stem": "small"}, 15),
    "LeNet: 12, 6, 2, 1": ("lenet", {}, 12),
    "GoogLeNet": ("googlenet", {"stem": "published"}, 15),
    "GoogLeNet with a small stem": ("googlenet", {}, 2),
    "network in network": ("nin", {}, 4),
    "instance norm: 2 pixels behind three halvings": ("resnet18", {"norm": "instance"}, 9),
}


@pytest.mark.parametrize(("name", "options", "least"), LEAST.values(), ids=LEAST)
def test_too_small_pictures_are_refused_with_the_layer_and_the_smallest_size_that_runs(name, options, least):
    net = made(name, (3, least, least), **options).eval()
    assert net(torch.zeros(1, 3, least, least)).shape == (1, 5)
    with pytest.raises(RecipeError, match=r"layer \S+, \w+, would get \d+×\d+") as refused:
        made(name, (3, least - 1, least - 1), **options)
    assert refused.value.got == f"{least - 1}×{least - 1} pictures"
    assert f"use pictures of {least}×{least} or more" in refused.value.hint
    with pytest.raises((RuntimeError, ValueError)):  # as torch itself finds
        net(torch.zeros(1, 3, least - 1, least - 1))


@pytest.mark.parametrize("name", SMALL)
def test_what_is_no_picture_is_refused(name):
    with pytest.raises(RecipeError, match=r"takes pictures(.|\n)*\(16,\)(.|\n)*mlp"):
        made(name, (16,))


def test_unknown_choices_are_named():
    for options in ({"norm": "bach"}, {"init": "hee"}, {"activation": "rel"}):
        with pytest.raises(RecipeError, match="did you mean"):
            made("resnet18", **options)


@pytest.mark.parametrize("name", ["resnet18", "mobilenet", "googlenet"])
def test_channels_last_gives_the_same_numbers(name):
    net, x = made(name).eval(), torch.randn(2, 3, 32, 32)
    started(net)
    expected = net(x)
    last = net.to(memory_format=torch.channels_last)(x.to(memory_format=torch.channels_last))
    torch.testing.assert_close(last, expected, atol=1e-4, rtol=1e-4)
