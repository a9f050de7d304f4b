"""MobileNet v2: published count, torchvision's names, folded norms, TensorFlow's padding."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from paribus.models.mobilenet_v2 import MobileNetV2, SameConv2d
from paribus.models.size import count_parameters


def test_the_published_number_of_parameters():
    assert count_parameters(MobileNetV2((3, 224, 224), 1000)) == 3_504_872


def test_the_names_of_torchvision():
    names = MobileNetV2((3, 224, 224), 1000).state_dict()
    for name, shape in {
        "features.0.0.weight": (32, 3, 3, 3),
        "features.0.1.running_mean": (32,),
        "features.1.conv.0.0.weight": (32, 1, 3, 3),
        "features.1.conv.1.weight": (16, 32, 1, 1),
        "features.1.conv.2.weight": (16,),
        "features.2.conv.0.0.weight": (96, 16, 1, 1),
        "features.2.conv.1.0.weight": (96, 1, 3, 3),
        "features.2.conv.2.weight": (24, 96, 1, 1),
        "features.2.conv.3.running_var": (24,),
        "features.17.conv.2.weight": (320, 960, 1, 1),
        "features.18.0.weight": (1280, 320, 1, 1),
        "features.18.1.bias": (1280,),
        "classifier.1.weight": (1000, 1280),
    }.items():
        assert tuple(names[name].shape) == shape
    assert len(names) == 52 * 6 + 2  # of each convolution its weight and five of its norm; and the last layer


@pytest.mark.parametrize("options", [{}, {"norm": "none"}, {"padding": "same"}])
@pytest.mark.parametrize("shape", [(3, 33, 64), (1, 1, 1), (4, 7, 50)])
def test_any_size_and_number_of_channels(shape, options):
    assert MobileNetV2(shape, 5, **options).eval()(torch.randn(2, *shape)).shape == (2, 5)


def test_folding_the_norms_into_the_convolutions_changes_nothing():
    torch.manual_seed(0)
    net, folded = MobileNetV2((3, 40, 40), 4).eval(), MobileNetV2((3, 40, 40), 4, norm="none").eval()
    for norm in (it for it in net.modules() if isinstance(it, nn.BatchNorm2d)):
        nn.init.uniform_(norm.weight, 0.5, 1.5)
        nn.init.normal_(norm.bias)
        norm.running_mean.normal_()
        norm.running_var.uniform_(0.5, 2)
    layers = [it for it in net.modules() if isinstance(it, (nn.Conv2d, nn.BatchNorm2d))]
    places = [it for it in folded.modules() if isinstance(it, nn.Conv2d)]
    for conv, norm, place in zip(layers[::2], layers[1::2], places, strict=True):
        factor = norm.weight / (norm.running_var + norm.eps).sqrt()
        place.weight.data.copy_(conv.weight * factor[:, None, None, None])
        place.bias.data.copy_(norm.bias - norm.running_mean * factor)
    folded.classifier.load_state_dict(net.classifier.state_dict())
    x = torch.randn(2, 3, 40, 40)
    torch.testing.assert_close(folded(x), net(x), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("sides", [(6, 6), (7, 7), (6, 7), (1, 2)])
def test_same_padding_is_that_of_tensorflow(sides):
    """``pad = max((⌈n/2⌉ − 1)·2 + 3 − n, 0)``, of which the smaller half stands before."""
    torch.manual_seed(0)
    conv = SameConv2d(1, 1, 3, 2)
    x = torch.randn(1, 1, *sides)
    pads = []
    for side in reversed(sides):
        whole = max((-(-side // 2) - 1) * 2 + 3 - side, 0)
        pads += [whole // 2, whole - whole // 2]
    expected = functional.conv2d(functional.pad(x, pads), conv.weight, conv.bias, stride=2)
    assert torch.equal(conv(x), expected)
    assert expected.shape[-2:] == (-(-sides[0] // 2), -(-sides[1] // 2))
