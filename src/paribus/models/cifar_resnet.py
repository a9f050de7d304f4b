"""Residual networks for small pictures (He et al., 2016, section 4.2): 20, 32, 44 and 56 layers."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional

from paribus.models.blocks import pick
from paribus.models.geometry import picture
from paribus.models.initialisation import SCHEMES, Init

WIDTHS = (16, 32, 64)


class CIFARResNet(nn.Module):
    """A residual network for small pictures: three stages of ``blocks`` basic blocks, 16, 32 and 64 channels wide.

    Each stage after the first halves the picture, with shortcuts that skip every other pixel and pad new channels with
    zeros, so that they have no weights (option A). Any size of picture will do.

    Args:
        input_shape: channels, height and width of a picture.
        num_outputs: how many numbers the network gives for each picture.
        init: how weights are drawn.
    """

    backbone: ClassVar[tuple[str, ...]] = ("conv1", "bn1", "relu", "layer1", "layer2", "layer3")
    blocks = 3  # in each stage: 6 blocks + 2 layers have weights

    def __init__(self, input_shape: tuple[int, ...], num_outputs: int, *, init: Init = "he") -> None:
        super().__init__()
        pick(SCHEMES, init, "init")
        self.init = init
        channels, _, _ = picture(input_shape)
        self.conv1 = nn.Conv2d(channels, WIDTHS[0], 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(WIDTHS[0])
        self.relu = nn.ReLU()
        self.layer1 = _stage(WIDTHS[0], WIDTHS[0], self.blocks, stride=1)
        self.layer2 = _stage(WIDTHS[0], WIDTHS[1], self.blocks, stride=2)
        self.layer3 = _stage(WIDTHS[1], WIDTHS[2], self.blocks, stride=2)
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.linear = nn.Linear(WIDTHS[2], num_outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, num_outputs)."""
        x = self.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))  # (B, 64, ⌈H/4⌉, ⌈W/4⌉)
        out: Tensor = self.linear(self.pool(x).flatten(1))
        return out


class ResNet20(CIFARResNet):
    """A residual network of 20 layers for small pictures, 269,722 parameters for ten classes (He et al., 2016)."""


class ResNet32(CIFARResNet):
    """A residual network of 32 layers for small pictures, 464,154 parameters for ten classes (He et al., 2016)."""

    blocks = 5


class ResNet44(CIFARResNet):
    """A residual network of 44 layers for small pictures, 658,586 parameters for ten classes (He et al., 2016)."""

    blocks = 7


class ResNet56(CIFARResNet):
    """A residual network of 56 layers for small pictures, 853,018 parameters for ten classes (He et al., 2016)."""

    blocks = 9


class Block(nn.Module):
    """Two 3×3 convolutions beside a shortcut without weights."""

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.stride, self.new = stride, width - channels

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, channels, H, W) to (B, width, ⌈H/stride⌉, ⌈W/stride⌉)."""
        kept = x[:, :, :: self.stride, :: self.stride] if self.stride > 1 else x
        half = self.new // 2
        shortcut = functional.pad(kept, (0, 0, 0, 0, half, self.new - half)) if self.new else kept
        found = self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x)))))
        return functional.relu(found + shortcut)


def _stage(channels: int, width: int, blocks: int, stride: int) -> nn.Sequential:
    first = Block(channels, width, stride)
    return nn.Sequential(first, *(Block(width, width, 1) for _ in range(blocks - 1)))
