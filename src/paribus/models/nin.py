"""Network in network: 1 × 1 convolutions, which are the same small net at every pixel."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Annotated, ClassVar

from pydantic import Field
from torch import Tensor, nn

from paribus.models.blocks import (
    FINAL_ACTIVATIONS,
    Activation,
    Conv,
    Factor,
    FinalActivation,
    Norm,
    Rate,
    pick,
    widened,
)
from paribus.models.geometry import shape_behind
from paribus.models.initialisation import SCHEMES, Init


class NiN(nn.Module):
    """Network in network (Lin et al., 2014): behind each convolution a small net of 1 × 1 convolutions at every pixel.

    The last of them gives one map for each output, whose mean is the output: no layer is fully connected. This is the
    net of the paper for CIFAR-10. Its last function is left out: outputs behind a ReLU could not be negative.

    Args:
        input_shape: channels, height and width of a picture.
        num_outputs: how many numbers the network gives for each picture.
        width: factor on the channels of all layers.
        depth: 1 × 1 convolutions behind each larger one; 2 in the paper.
        norm: normalisation after each convolution but the last.
        activation: function after each convolution but the last.
        dropout: share of whole channels that is set to zero at random between the blocks, in training only.
        init: scheme of the initial weights; default is torch's own, from which nine layers without norm hardly learn.
        final_activation: function after the mean over the pixels, before the loss; none gives logits.
    """

    backbone: ClassVar[tuple[str, ...]] = (
        "blocks.0",
        "pooling.0",
        "dropout",
        "blocks.1",
        "pooling.1",
        "dropout",
        "blocks.2",
    )

    def __init__(
        self,
        input_shape: tuple[int, ...],
        num_outputs: int,
        *,
        width: Factor = 1.0,
        depth: Annotated[int, Field(ge=1)] = 2,
        norm: Norm = "none",
        activation: Activation = "relu",
        dropout: Rate = 0.5,
        init: Init = "he",
        final_activation: FinalActivation = "none",
    ) -> None:
        super().__init__()
        pick(SCHEMES, init, "init")
        self.init = init
        self.blocks, channels = nn.ModuleList(), input_shape[0]
        stages = (5, [192, *[160] * (depth - 1), 96]), (5, [192] * (depth + 1)), (3, [192] * depth)
        for kernel, planes in stages:
            widths = [widened(one, width) for one in planes]
            self.blocks.append(block(channels, widths, kernel, norm=norm, activation=activation))
            channels = widths[-1]
        self.pooling = nn.ModuleList([halved(nn.MaxPool2d), halved(nn.AvgPool2d)])
        self.dropout = nn.Dropout2d(dropout)
        self.output = nn.Conv2d(channels, num_outputs, 1)
        self.average = nn.AdaptiveAvgPool2d(1)
        shape_behind(self, self.maps, input_shape)
        self.final = pick(FINAL_ACTIVATIONS, final_activation, "final_activation")()

    def maps(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to one map for each output, (B, num_outputs, h, w)."""
        first, second, last = self.blocks
        x = self.dropout(self.pooling[0](first(x)))
        x = self.dropout(self.pooling[1](second(x)))
        out: Tensor = self.output(last(x))
        return out

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, num_outputs)."""
        out: Tensor = self.final(self.average(self.maps(x)).flatten(1))
        return out


def block(channels: int, widths: Sequence[int], kernel: int, *, norm: str, activation: str) -> nn.Sequential:
    """A convolution of this kernel, then 1 × 1 convolutions, of these widths."""
    layers = nn.Sequential()
    for before, after in pairwise((channels, *widths)):
        layers.append(Conv(before, after, kernel=1 if layers else kernel, stride=1, norm=norm, activation=activation))
    return layers


def halved(kind: type[nn.MaxPool2d] | type[nn.AvgPool2d]) -> nn.Module:
    """Overlapping windows of 3 × 3, every second of them; the last may reach over the edge."""
    return kind(3, stride=2, ceil_mode=True)
