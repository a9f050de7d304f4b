"""Network in network: a 1 × 1 convolution is a linear layer at every pixel."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from paribus.models.nin import NiN


def test_T5_a_convolution_of_one_pixel_is_a_linear_layer_at_every_pixel():
    net = NiN((3, 32, 32), 10, width=1 / 8).double()
    for block in net.blocks:
        for layer in block[1:]:
            conv: nn.Conv2d = layer.conv
            x = torch.randn(2, conv.in_channels, 6, 5, dtype=torch.float64)
            pixels = x.permute(0, 2, 3, 1)  # (B, H, W, C)
            linear = F.linear(pixels, conv.weight[:, :, 0, 0], conv.bias).permute(0, 3, 1, 2)
            torch.testing.assert_close(conv(x), linear, rtol=1e-12, atol=1e-12)


def test_T5_all_behind_a_larger_convolution_is_one_small_net_that_sees_single_pixels():
    net = NiN((3, 32, 32), 10, width=1 / 8, dropout=0.0).double()
    first, x = net.blocks[0], torch.randn(1, 3, 12, 12, dtype=torch.float64)
    seen = first[0](x)
    pixel = seen[:, :, 4, 7]
    for layer in first[1:]:
        pixel = layer.activation(F.linear(pixel, layer.conv.weight[:, :, 0, 0], layer.conv.bias))
    torch.testing.assert_close(first(x)[:, :, 4, 7], pixel)


def test_depth_is_that_of_the_small_nets():
    kernels = [
        m.kernel_size[0] for m in NiN((3, 32, 32), 10, width=1 / 8, depth=3).modules() if isinstance(m, nn.Conv2d)
    ]
    assert kernels == [5, 1, 1, 1, 5, 1, 1, 1, 3, 1, 1, 1]
