"""Residual networks: names, what a block adds, and the published cost."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from paribus.models.resnet import Basic, Bottleneck, ResNet18, ResNet50
from paribus.theory.layers import table


def test_T3_parameters_are_named_as_in_published_weights():
    with torch.device("meta"):
        basic, deep = ({name: tuple(v.shape) for name, v in net((3, 64, 64), 10).state_dict().items()} for net in NETS)
    assert (len(basic), len(deep)) == (122, 320)
    assert basic["conv1.weight"] == (64, 3, 7, 7)
    assert basic["layer2.0.downsample.0.weight"] == (128, 64, 1, 1)
    assert basic["layer2.0.downsample.1.running_var"] == (128,)
    assert "layer1.0.downsample.0.weight" not in basic
    assert deep["layer1.0.downsample.0.weight"] == (256, 64, 1, 1)
    assert deep["layer4.2.conv3.weight"] == (2048, 512, 1, 1)
    assert (basic["fc.weight"], deep["fc.weight"]) == ((10, 512), (10, 2048))
    assert not [name for name in deep if "conv" in name and name.endswith("bias")]


NETS = (ResNet18, ResNet50)


@pytest.mark.parametrize("block", [Basic, Bottleneck])
def test_a_block_whose_last_norm_gives_zero_passes_on_what_it_got(block):
    plain = block(4 * block.expansion, 4, 1, skips=True, norm="batch", activation="none")
    last = [module for module in plain.modules() if isinstance(module, nn.BatchNorm2d)][-1]
    nn.init.zeros_(last.weight)
    x = torch.randn(2, 4 * block.expansion, 5, 5)
    assert torch.equal(plain(x), x)


def test_without_skips_the_same_layers_are_a_plain_stack():
    x = torch.randn(2, 3, 16, 16)
    with_skips, without = (ResNet18((3, 16, 16), 4, width=1 / 16, skips=skips) for skips in (True, False))
    names = {name for name, _ in without.named_parameters()}
    left = {name for name, _ in with_skips.named_parameters()} - names
    assert left
    assert all("downsample" in name for name in left)
    without.load_state_dict(with_skips.state_dict(), strict=False)
    assert not torch.allclose(with_skips.eval()(x), without.eval()(x))


def test_ResNet_50_takes_the_published_4_1_billion_multiplications():
    with torch.device("meta"):
        net = ResNet50((3, 224, 224), 1000)
    assert table(net, (3, 224, 224)).multiplications == pytest.approx(4.09e9, rel=0.003)


def test_stages_are_as_deep_and_as_wide_as_asked():
    net = ResNet18((3, 16, 16), 4, blocks=(1, 3), width=0.25, stem="small")
    assert [len(net.layer1), len(net.layer2)] == [1, 3]
    assert net.features(torch.randn(1, 3, 16, 16)).shape == (1, 32, 8, 8)
