"""MobileNet v2 (Sandler et al., 2018): inverted residuals with depthwise convolutions and linear bottlenecks."""

from __future__ import annotations

from typing import ClassVar, Literal

from torch import Tensor, nn
from torch.nn import functional

from paribus.models.blocks import Rate, pick
from paribus.models.geometry import picture
from paribus.models.initialisation import SCHEMES, Init

Padding = Literal["symmetric", "same"]
STAGES = (  # expansion, channels, blocks, stride of the first: table 2 of the paper
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
)
FIRST, LAST = 32, 1280


class MobileNetV2(nn.Module):
    """MobileNet v2, 3,504,872 parameters for 1000 classes; parameters are named as torchvision names them.

    Without batch norm the convolutions have biases instead, as in a network whose norms were folded into them.

    Args:
        input_shape: channels, height and width of a picture.
        num_outputs: how many numbers the network gives for each picture.
        norm: normalisation after each convolution.
        padding: where a convolution of stride 2 adds zeros: on both sides, or as TensorFlow does, at the right and
            bottom where one is enough.
        dropout: share of the last features that is dropped while training.
        init: how weights are drawn.
    """

    backbone: ClassVar[tuple[str, ...]] = ("features",)

    def __init__(
        self,
        input_shape: tuple[int, ...],
        num_outputs: int,
        *,
        norm: Literal["batch", "none"] = "batch",
        padding: Padding = "symmetric",
        dropout: Rate = 0.2,
        init: Init = "he",
    ) -> None:
        super().__init__()
        pick(SCHEMES, init, "init")
        self.init = init
        channels = picture(input_shape)[0]
        self.features = nn.Sequential(_layer(channels, FIRST, 3, norm, padding, stride=2))
        before = FIRST
        for expansion, width, blocks, stride in STAGES:
            for block in range(blocks):
                step = 1 if block else stride
                self.features.append(InvertedResidual(before, width, expansion, step, norm, padding))
                before = width
        self.features.append(_layer(before, LAST, 1, norm, padding))
        self.classifier = nn.Sequential(nn.Dropout(dropout), nn.Linear(LAST, num_outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, num_outputs)."""
        out: Tensor = self.classifier(self.features(x).mean((2, 3)))  # features: (B, 1280, ⌈H/32⌉, ⌈W/32⌉)
        return out


class InvertedResidual(nn.Module):
    """A block that is wide inside and narrow at its ends, with a shortcut where these are alike."""

    def __init__(self, channels: int, width: int, expansion: int, stride: int, norm: str, padding: Padding) -> None:
        super().__init__()
        hidden = channels * expansion
        self.conv = nn.Sequential()
        if expansion > 1:
            self.conv.append(_layer(channels, hidden, 1, norm, padding))
        self.conv.append(_layer(hidden, hidden, 3, norm, padding, stride=stride, groups=hidden))
        self.conv.append(nn.Conv2d(hidden, width, 1, bias=norm == "none"))
        if norm == "batch":
            self.conv.append(nn.BatchNorm2d(width))
        self.shortcut = stride == 1 and channels == width

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, channels, H, W) to (B, width, ⌈H/stride⌉, ⌈W/stride⌉)."""
        out: Tensor = self.conv(x)
        return x + out if self.shortcut else out


class SameConv2d(nn.Conv2d):
    """A 3×3 convolution of stride 2 with an output for every other pixel, the first pixel's with it if there are even
    many: zeros are added at the right and bottom first.
    """

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, width, ⌈H/2⌉, ⌈W/2⌉)."""
        left, right = zip(*(_zeros(side) for side in x.shape[-2:]), strict=True)
        return super().forward(functional.pad(x, (left[1], right[1], left[0], right[0])))


def _zeros(side: int) -> tuple[int, int]:
    """Zeros before and behind a side, so that windows of 3 at every second place cover it."""
    return (0, 1) if side % 2 == 0 else (1, 1)


def _layer(
    channels: int, width: int, kernel: int, norm: str, padding: Padding, stride: int = 1, groups: int = 1
) -> nn.Sequential:
    """Convolution, norm if there is one, and the ReLU that ends at 6."""
    bias = norm == "none"
    if stride == 2 and padding == "same":
        conv: nn.Conv2d = SameConv2d(channels, width, kernel, stride, groups=groups, bias=bias)
    else:
        conv = nn.Conv2d(channels, width, kernel, stride, kernel // 2, groups=groups, bias=bias)
    return nn.Sequential(conv, *([nn.BatchNorm2d(width)] if norm == "batch" else ()), nn.ReLU6())
