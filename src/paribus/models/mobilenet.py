"""MobileNet, of convolutions in two steps: over space, then over channels."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor, nn

from paribus.models.blocks import (
    FINAL_ACTIVATIONS,
    SMALLER,
    Activation,
    Conv,
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

BLOCKS = ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5, (1024, 2), (1024, 1))  # stride


class Separable(nn.Module):
    """A convolution in two steps: (B, channels, H, W) to (B, width, ⌈H/stride⌉, ⌈W/stride⌉)."""

    def __init__(self, channels: int, width: int, *, kernel: int, stride: int, norm: str, activation: str) -> None:
        super().__init__()
        self.depthwise = Conv(
            channels, channels, kernel=kernel, stride=stride, norm=norm, activation=activation, groups=channels
        )
        self.pointwise = Conv(channels, width, kernel=1, stride=1, norm=norm, activation=activation)

    def forward(self, x: Tensor) -> Tensor:
        """Each channel over space, then the channels of each pixel."""
        out: Tensor = self.pointwise(self.depthwise(x))
        return out


class MobileNet(nn.Module):
    """MobileNet (Howard et al., 2017): each 3 × 3 convolution is one for each channel alone, then one of 1 × 1.

    With N output channels and kernels of k × k, the two together take 1/N + 1/k² of the multiplications of an ordinary
    convolution.

    Args:
        input_shape: channels, height and width of a picture.
        num_outputs: how many numbers the network gives for each picture.
        width: factor on the channels of all layers, the width multiplier of the paper.
        stem: strides of the first layers; published halves the picture in the first convolution and the second block,
            made for 224 × 224, small keeps its size there, for pictures of 32 × 32 or so.
        separable: whether convolutions are in two steps; without, they are ordinary ones of 3 × 3.
        norm: normalisation after each convolution.
        activation: function after each convolution.
        head: what is kept of the last block: all values, or the mean or the largest of each channel.
        dropout: share of the last layer's inputs that is set to zero at random, in training only.
        init: scheme of the initial weights; default is torch's own, the others also set all biases to 0.
        final_activation: function after the last layer, before the loss; none gives logits.
    """

    backbone: ClassVar[tuple[str, ...]] = ("features",)

    def __init__(
        self,
        input_shape: tuple[int, ...],
        num_outputs: int,
        *,
        width: Factor = 1.0,
        stem: Stem = "published",
        separable: bool = True,
        norm: Norm = "batch",
        activation: Activation = "relu",
        head: Head = "global_average",
        dropout: Rate = 0.0,
        init: Init = "he",
        final_activation: FinalActivation = "none",
    ) -> None:
        super().__init__()
        pick(SCHEMES, init, "init")
        self.init = init
        channels, kept = widened(32, width), stem == "small"
        made, stride = (Separable if separable else Conv), 1 if kept else 2
        first = Conv(input_shape[0], channels, kernel=3, stride=stride, norm=norm, activation=activation)
        self.features = nn.Sequential(first)
        for place, (planes, step) in enumerate(BLOCKS):
            after, stride = widened(planes, width), 1 if kept and place < 2 else step
            self.features.append(made(channels, after, kernel=3, stride=stride, norm=norm, activation=activation))
            channels = after
        self.avgpool, features = headed(head, shape_behind(self, self.features, input_shape, SMALLER[stem]))
        self.dropout = nn.Dropout(dropout)
        self.fc = nn.Linear(features, num_outputs)
        self.final = pick(FINAL_ACTIVATIONS, final_activation, "final_activation")()

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, num_outputs)."""
        out: Tensor = self.final(self.fc(self.dropout(self.avgpool(self.features(x)).flatten(1))))
        return out
