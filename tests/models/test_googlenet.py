"""GoogLeNet: what branches add up to, and what reducing channels first saves."""

from __future__ import annotations

import pytest
import torch

from paribus.models.googlenet import MODULES, GoogLeNet, Inception
from paribus.theory.layers import table

PUBLISHED = {"3a": 256, "3b": 480, "4a": 512, "4b": 512, "4c": 512, "4d": 528, "4e": 832, "5a": 832, "5b": 1024}


def inception(channels: int, name: str, reduction: bool = True, large: int = 5) -> Inception:
    return Inception(channels, MODULES[name], reduction=reduction, large=large, norm="none", activation="relu")


@pytest.mark.parametrize("name", MODULES)
def test_T4_the_channels_of_the_branches_add_up_to_the_published_depth(name):
    channels = {"3a": 192, **dict(zip([*PUBLISHED][1:], PUBLISHED.values(), strict=False))}[name]
    module, x = inception(channels, name), torch.randn(1, channels, 4, 4)
    branches = [branch(x) for branch in (module.branch1, module.branch2, module.branch3, module.branch4)]
    assert sum(branch.shape[1] for branch in branches) == module.width == PUBLISHED[name]
    assert torch.equal(module(x), torch.cat(branches, 1))


def test_T4_the_saving_of_reducing_channels_first():
    """3a by hand: 5 × 5 alone takes 28²·25·192·32 products, behind 16 channels 28²·(192·16 + 25·16·32)."""
    costs = {reduced: table(inception(192, "3a", reduced), (192, 28, 28)) for reduced in (True, False)}
    five = {True: 28**2 * (192 * 16 + 25 * 16 * 32), False: 28**2 * 25 * 192 * 32}
    three = {True: 28**2 * (192 * 96 + 9 * 96 * 128), False: 28**2 * 9 * 192 * 128}
    others = 28**2 * 192 * (64 + 32)
    for reduced, cost in costs.items():
        assert cost.multiplications == five[reduced] + three[reduced] + others
    assert five[False] / five[True] == pytest.approx(9.68, abs=0.01)  # the saving that the documentation states
    assert costs[False].multiplications / costs[True].multiplications == pytest.approx(2.41, abs=0.01)


def test_parameters_are_named_as_in_published_weights():
    with torch.device("meta"):
        shapes = {name: tuple(value.shape) for name, value in GoogLeNet((3, 224, 224), 1000).state_dict().items()}
    assert len(shapes) == 57 * 6 + 2
    assert shapes["conv1.conv.weight"] == (64, 3, 7, 7)
    assert shapes["inception3a.branch1.bn.running_mean"] == (64,)
    assert shapes["inception4b.branch3.1.conv.weight"] == (64, 24, 3, 3)
    assert shapes["inception5b.branch4.1.conv.weight"] == (128, 832, 1, 1)
    assert shapes["fc.weight"] == (1000, 1024)


def test_a_larger_kernel_is_that_of_the_third_branches_alone():
    shapes = [dict(GoogLeNet((3, 32, 32), 10, stem="small", large=k).named_parameters()) for k in (3, 5)]
    grown = {name for name, value in shapes[1].items() if value.shape != shapes[0][name].shape}
    assert grown == {f"inception{name}.branch3.1.conv.weight" for name in MODULES}
