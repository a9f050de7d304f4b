"""GoogLeNet, of modules with four branches."""

from __future__ import annotations

from collections import OrderedDict
from typing import ClassVar, Literal

import torch
from torch import Tensor, nn

from paribus.models.blocks import (
    ACTIVATIONS,
    CANCEL_BIAS,
    FINAL_ACTIVATIONS,
    NORMS,
    SMALLER,
    Activation,
    Factor,
    FinalActivation,
    Head,
    Norm,
    Rate,
    Stem,
    headed,
    pick,
    widened,
)
from paribus.models.geometry import shape_behind
from paribus.models.initialisation import SCHEMES, Init

# Channels of each module (Szegedy et al., 2015, table 1): of the 1 × 1 convolution; of what reduces the input of the
# 3 × 3 one, and of that; the same of the large one; behind the pooling.
MODULES = {
    "3a": (64, 96, 128, 16, 32, 32),
    "3b": (128, 128, 192, 32, 96, 64),
    "4a": (192, 96, 208, 16, 48, 64),
    "4b": (160, 112, 224, 24, 64, 64),
    "4c": (128, 128, 256, 24, 64, 64),
    "4d": (112, 144, 288, 32, 64, 64),
    "4e": (256, 160, 320, 32, 128, 128),
    "5a": (256, 160, 320, 32, 128, 128),
    "5b": (384, 192, 384, 48, 128, 128),
}


class GoogLeNet(nn.Module):
    """GoogLeNet (Szegedy et al., 2015): modules whose branches look at 1, 3 and 5 pixels and are joined by channels.

    Without the two heads that helped training from the middle of the first version. Parameters are named as in
    torchvision's net.

    Args:
        input_shape: channels, height and width of a picture.
        num_outputs: how many numbers the network gives for each picture.
        width: factor on the channels of all layers.
        stem: how pictures come in; published is a 7 × 7 convolution of stride 2 and two poolings, made for 224 × 224,
            small a 3 × 3 convolution that keeps the size and no pooling, for pictures of 32 × 32 or so.
        reduction: whether 1 × 1 convolutions reduce the channels before the 3 × 3 and the large convolutions.
        large: kernel of the third branch's convolution; 5 in the paper, 3 in torchvision's net and its weights.
        norm: normalisation after each convolution; the net of the paper had none.
        activation: function after each convolution.
        head: what is kept of the last module: all values, or the mean or the largest of each channel.
        dropout: share of the last layer's inputs that is set to zero at random, in training only.
        init: scheme of the initial weights; default is torch's own, the others also set all biases to 0.
        final_activation: function after the last layer, before the loss; none gives logits.
    """

    backbone: ClassVar[tuple[str, ...]] = (
        *("conv1", "maxpool1", "conv2", "conv3", "maxpool2", "inception3a", "inception3b", "maxpool3", "inception4a"),
        *("inception4b", "inception4c", "inception4d", "inception4e", "maxpool4", "inception5a", "inception5b"),
    )

    def __init__(
        self,
        input_shape: tuple[int, ...],
        num_outputs: int,
        *,
        width: Factor = 1.0,
        stem: Stem = "published",
        reduction: bool = True,
        large: Literal[3, 5] = 3,
        norm: Norm = "batch",
        activation: Activation = "relu",
        head: Head = "global_average",
        dropout: Rate = 0.2,
        init: Init = "he",
        final_activation: FinalActivation = "none",
    ) -> None:
        super().__init__()
        pick(SCHEMES, init, "init")
        self.init = init
        small, first, second = stem == "small", widened(64, width), widened(192, width)
        self.conv1 = Conv(input_shape[0], first, 3 if small else 7, 1 if small else 2, norm=norm, activation=activation)
        self.maxpool1 = nn.Identity() if small else pooling(3)
        self.conv2 = Conv(first, first, 1, norm=norm, activation=activation)
        self.conv3 = Conv(first, second, 3, norm=norm, activation=activation)
        self.maxpool2 = nn.Identity() if small else pooling(3)
        self.maxpool3, self.maxpool4 = pooling(3), pooling(2)
        channels = second
        for name, planes in MODULES.items():
            widths = tuple(widened(one, width) for one in planes)
            made = Inception(channels, widths, reduction=reduction, large=large, norm=norm, activation=activation)
            self.add_module(f"inception{name}", made)
            channels = made.width
        self.avgpool, features = headed(head, shape_behind(self, self.features, input_shape, SMALLER[stem]))
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(features, num_outputs)
        self.final = pick(FINAL_ACTIVATIONS, final_activation, "final_activation")()

    def features(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to what the last module finds, (B, channels, h, w)."""
        x = self.maxpool1(self.conv1(x))
        x = self.maxpool2(self.conv3(self.conv2(x)))
        for name in MODULES:
            x = self.get_submodule(f"inception{name}")(x)
            x = {"3b": self.maxpool3, "4e": self.maxpool4}.get(name, nn.Identity())(x)
        return x

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, num_outputs)."""
        out: Tensor = self.final(self.fc(self.dropout(self.avgpool(self.features(x)).flatten(1))))
        return out


class Inception(nn.Module):
    """Four branches beside each other, joined by channels: (B, channels, H, W) to (B, width, H, W).

    Args:
        channels: what comes in.
        planes: channels of each convolution, as in a row of :data:`MODULES`.
        reduction: whether 1 × 1 convolutions reduce the channels before the larger ones.
        large: kernel of the third branch.
        norm: normalisation after each convolution.
        activation: function after each convolution.
    """

    def __init__(
        self, channels: int, planes: tuple[int, ...], *, reduction: bool, large: int, norm: str, activation: str
    ) -> None:
        super().__init__()
        one, before3, three, before5, five, pooled = planes
        self.width = one + three + five + pooled

        def conv(channels: int, width: int, kernel: int) -> Conv:
            return Conv(channels, width, kernel, norm=norm, activation=activation)

        def reduced(before: int, width: int, kernel: int) -> nn.Sequential:
            if not reduction:
                return nn.Sequential(nn.Identity(), conv(channels, width, kernel))
            return nn.Sequential(conv(channels, before, 1), conv(before, width, kernel))

        self.branch1 = conv(channels, one, 1)
        self.branch2 = reduced(before3, three, 3)
        self.branch3 = reduced(before5, five, large)
        self.branch4 = nn.Sequential(nn.MaxPool2d(3, stride=1, padding=1), conv(channels, pooled, 1))

    def forward(self, x: Tensor) -> Tensor:
        """The outputs of the branches, one after the other."""
        return torch.cat([self.branch1(x), self.branch2(x), self.branch3(x), self.branch4(x)], 1)


class Conv(nn.Sequential):
    """A convolution that keeps the picture's size at stride 1, its norm and its activation."""

    def __init__(self, channels: int, width: int, kernel: int, stride: int = 1, *, norm: str, activation: str) -> None:
        bias = norm not in CANCEL_BIAS
        made = pick(NORMS, norm, "norm")(width)
        if isinstance(made, nn.BatchNorm2d):
            made.eps = 1e-3  # as that of the published weights
        layers: dict[str, nn.Module] = {
            "conv": nn.Conv2d(channels, width, kernel, stride=stride, padding=kernel // 2, bias=bias),
            "bn": made,
            "activation": pick(ACTIVATIONS, activation, "activation")(),
        }
        super().__init__(OrderedDict(layers))


def pooling(kernel: int) -> nn.MaxPool2d:
    """Halves the picture, rounded up, so that no pixel is left out."""
    return nn.MaxPool2d(kernel, stride=2, ceil_mode=True)
