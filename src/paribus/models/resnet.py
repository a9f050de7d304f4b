"""Residual networks."""

from __future__ import annotations

from typing import ClassVar

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
    Widths,
    headed,
    pick,
    widened,
)
from paribus.models.geometry import shape_behind
from paribus.models.initialisation import SCHEMES, Init


class ResNet(nn.Module):
    """A residual network (He et al., 2016): each block adds what its convolutions find to what it was given.

    Parameters are named as in torchvision's nets, and so are those of published weights. Blocks that halve the picture
    do so in their 3 × 3 convolution.

    Args:
        input_shape: channels, height and width of a picture.
        num_outputs: how many numbers the network gives for each picture.
        blocks: blocks in each stage, one entry per stage; by default those of the published net.
        width: factor on the channels of all layers.
        stem: how pictures come in; published is a 7 × 7 convolution of stride 2 and a pooling, made for 224 × 224,
            small a 3 × 3 convolution that keeps the size, for pictures of 32 × 32 or so.
        skips: whether blocks add to their input; without, the net is a plain stack of the same layers.
        norm: normalisation after each convolution.
        activation: function after each convolution; at the end of a block, after the sum.
        head: what is kept of the last stage: all values, or the mean or the largest of each channel.
        dropout: share of the last layer's inputs that is set to zero at random, in training only.
        init: scheme of the initial weights; default is torch's own, the others also set all biases to 0.
        final_activation: function after the last layer, before the loss; none gives logits.
    """

    block: ClassVar[type[Basic | Bottleneck]]
    published: ClassVar[tuple[int, ...]]  # blocks in each stage
    backbone: tuple[str, ...]

    def __init__(
        self,
        input_shape: tuple[int, ...],
        num_outputs: int,
        *,
        blocks: Widths | None = None,
        width: Factor = 1.0,
        stem: Stem = "published",
        skips: bool = True,
        norm: Norm = "batch",
        activation: Activation = "relu",
        head: Head = "global_average",
        dropout: Rate = 0.0,
        init: Init = "he",
        final_activation: FinalActivation = "none",
    ) -> None:
        super().__init__()
        pick(SCHEMES, init, "init")
        self.init, self.stages = init, len(blocks or self.published)
        channels, small = widened(64, width), stem == "small"
        self.conv1 = conv(input_shape[0], channels, 3 if small else 7, 1 if small else 2, norm)
        self.bn1 = pick(NORMS, norm, "norm")(channels)
        self.relu = pick(ACTIVATIONS, activation, "activation")()
        self.maxpool = nn.Identity() if small else nn.MaxPool2d(3, stride=2, padding=1)
        for stage, count in enumerate(blocks or self.published):
            made = nn.Sequential()
            for place in range(count):
                stride = 2 if stage and not place else 1
                planes = widened(64 * 2**stage, width)
                made.append(self.block(channels, planes, stride, skips=skips, norm=norm, activation=activation))
                channels = planes * self.block.expansion
            self.add_module(f"layer{stage + 1}", made)
        self.backbone = ("conv1", "bn1", "relu", "maxpool", *(f"layer{place + 1}" for place in range(self.stages)))
        self.avgpool, features = headed(head, shape_behind(self, self.features, input_shape, SMALLER[stem]))
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(features, num_outputs)
        self.final = pick(FINAL_ACTIVATIONS, final_activation, "final_activation")()

    def features(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to what the last stage finds, (B, channels, h, w)."""
        x = self.maxpool(self.relu(self.bn1(self.conv1(x))))
        for stage in range(self.stages):
            x = self.get_submodule(f"layer{stage + 1}")(x)
        return x

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, num_outputs)."""
        out: Tensor = self.final(self.fc(self.dropout(self.avgpool(self.features(x)).flatten(1))))
        return out


class Basic(nn.Module):
    """Two convolutions of 3 × 3 beside a shortcut: (B, channels, H, W) to (B, planes, H/stride, W/stride)."""

    expansion = 1

    def __init__(self, channels: int, planes: int, stride: int, *, skips: bool, norm: str, activation: str) -> None:
        super().__init__()
        self.conv1 = conv(channels, planes, 3, stride, norm)
        self.bn1 = pick(NORMS, norm, "norm")(planes)
        self.conv2 = conv(planes, planes, 3, 1, norm)
        self.bn2 = pick(NORMS, norm, "norm")(planes)
        self.relu = pick(ACTIVATIONS, activation, "activation")()
        self.downsample = shortcut(channels, planes, stride, norm) if skips else None

    def forward(self, x: Tensor) -> Tensor:
        """What the convolutions find, with the input added before the last activation."""
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        summed: Tensor = self.relu(out if self.downsample is None else out + self.downsample(x))
        return summed


class Bottleneck(nn.Module):
    """A 3 × 3 convolution between two of 1 × 1, beside a shortcut: (B, channels, H, W) to (B, 4·planes, …)."""

    expansion = 4

    def __init__(self, channels: int, planes: int, stride: int, *, skips: bool, norm: str, activation: str) -> None:
        super().__init__()
        width = self.expansion * planes
        self.conv1 = conv(channels, planes, 1, 1, norm)
        self.bn1 = pick(NORMS, norm, "norm")(planes)
        self.conv2 = conv(planes, planes, 3, stride, norm)
        self.bn2 = pick(NORMS, norm, "norm")(planes)
        self.conv3 = conv(planes, width, 1, 1, norm)
        self.bn3 = pick(NORMS, norm, "norm")(width)
        self.relu = pick(ACTIVATIONS, activation, "activation")()
        self.downsample = shortcut(channels, width, stride, norm) if skips else None

    def forward(self, x: Tensor) -> Tensor:
        """What the convolutions find, with the input added before the last activation."""
        out = self.relu(self.bn1(self.conv1(x)))
        out = self.relu(self.bn2(self.conv2(out)))
        out = self.bn3(self.conv3(out))
        summed: Tensor = self.relu(out if self.downsample is None else out + self.downsample(x))
        return summed


class ResNet18(ResNet):
    """ResNet-18: residual blocks of two 3 × 3 convolutions (He et al., 2016)."""

    block, published = Basic, (2, 2, 2, 2)


class ResNet34(ResNet):
    """ResNet-34: residual blocks of two 3 × 3 convolutions (He et al., 2016)."""

    block, published = Basic, (3, 4, 6, 3)


class ResNet50(ResNet):
    """ResNet-50: residual blocks of 1 × 1, 3 × 3 and 1 × 1 convolutions (He et al., 2016)."""

    block, published = Bottleneck, (3, 4, 6, 3)


def conv(channels: int, width: int, kernel: int, stride: int, norm: str) -> nn.Conv2d:
    """A convolution that keeps the picture's size at stride 1."""
    bias = norm not in CANCEL_BIAS
    return nn.Conv2d(channels, width, kernel, stride=stride, padding=kernel // 2, bias=bias)


def shortcut(channels: int, width: int, stride: int, norm: str) -> nn.Module:
    """The input as it is, or brought to the shape of what it is added to (He et al., 2016, option B)."""
    if (channels, stride) == (width, 1):
        return nn.Identity()
    return nn.Sequential(conv(channels, width, 1, stride, norm), pick(NORMS, norm, "norm")(width))
