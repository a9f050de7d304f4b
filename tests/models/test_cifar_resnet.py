"""Residual networks for small pictures: names, counts, shortcuts, any size."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from paribus.errors import RecipeError
from paribus.models.cifar_resnet import Block, ResNet20, ResNet32, ResNet44, ResNet56
from paribus.models.size import count_parameters

NETS = {20: ResNet20, 32: ResNet32, 44: ResNet44, 56: ResNet56}


@pytest.mark.parametrize(("net", "published"), [(20, 0.27e6), (32, 0.46e6), (44, 0.66e6), (56, 0.85e6)])
def test_parameters_as_published(net, published):
    found = count_parameters(NETS[net]((3, 32, 32), 10))
    assert found == pytest.approx(published, abs=5e3)  # table 6 of the paper, which rounds
    blocks, widths = (net - 2) // 6, (16, 32, 64)
    convs = 3 * 16 * 9 + sum(9 * w * w * (2 * blocks - (w > 16)) + 9 * w * (w // 2) * (w > 16) for w in widths)
    norms = 2 * (16 + sum(2 * blocks * w for w in widths))
    assert found == convs + norms + 64 * 10 + 10


@pytest.mark.parametrize("depth", NETS)
def test_as_many_layers_as_its_name_says(depth):
    net = NETS[depth]((3, 32, 32), 10)
    layers = [it for it in net.modules() if isinstance(it, (torch.nn.Conv2d, torch.nn.Linear))]
    assert len(layers) == depth


def test_a_shortcut_skips_every_other_pixel_and_adds_empty_channels():
    block = Block(2, 4, stride=2).eval()
    torch.nn.init.zeros_(block.bn2.weight)  # what stands beside the shortcut is nothing
    x = torch.rand(3, 2, 5, 6)
    expected = torch.zeros(3, 4, 3, 3)
    expected[:, 1:3] = x[:, :, [0, 2, 4]][:, :, :, [0, 2, 4]]
    assert torch.equal(block(x), expected)


def test_a_block_is_two_convolutions_with_norms():
    torch.manual_seed(0)
    block = Block(3, 3, stride=1).eval()
    x = torch.randn(2, 3, 4, 4)
    scale = 1 / (1 + 1e-5) ** 0.5  # of a norm that has seen nothing
    inner = functional.conv2d(x, block.conv1.weight, padding=1).mul(scale).clamp(min=0)
    expected = (x + functional.conv2d(inner, block.conv2.weight, padding=1).mul(scale)).clamp(min=0)
    torch.testing.assert_close(block(x), expected)


@pytest.mark.parametrize("shape", [(3, 32, 32), (1, 1, 1), (4, 7, 50)])
def test_any_size_and_number_of_channels(shape):
    assert ResNet20(shape, 5).eval()(torch.randn(2, *shape)).shape == (2, 5)


def test_what_is_no_picture_is_refused():
    with pytest.raises(RecipeError, match="takes pictures"):
        ResNet20((64,), 10)
