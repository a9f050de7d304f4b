"""Network in network: 1 × 1 convolutions, which are the same small net at every pixel."""

from __future__ import annotations

from typing import Annotated

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
        channels, style = input_shape[0], {"norm": norm, "activation": activation}
        self.blocks = nn.ModuleList()
        for place, kernel in enumerate((5, 5, 3)):
            planes = [160] * (depth - 1) + [96] if place == 0 else [192] * (depth - (place == 2))
            made = nn.Sequential(Conv(channels, widened(192, width), kernel=kernel, stride=1, **style))
            channels = widened(192, width)
            for one in planes:
                made.append(Conv(channels, widened(one, width), kernel=1, stride=1, **style))
                channels = widened(one, width)
            self.blocks.append(made)
        self.pooling = nn.ModuleList([halved(nn.MaxPool2d), halved(nn.AvgPool2d)])
        self.dropout = nn.Dropout2d(dropout)
        self.output = nn.Conv2d(channels, num_outputs, 1)
        shape_behind(self, self.maps, input_shape)
        self.final = pick(FINAL_ACTIVATIONS, final_activation, "final_activation")()

    def maps(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to one map for each output, (B, num_outputs, h, w)."""
        for block, pooling in zip(self.blocks, self.pooling, strict=False):
            x = self.dropout(pooling(block(x)))
        out: Tensor = self.output(self.blocks[-1](x))
        return out

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, num_outputs)."""
        out: Tensor = self.final(self.maps(x).mean((2, 3)))
        return out


def halved(kind: type[nn.MaxPool2d] | type[nn.AvgPool2d]) -> nn.Module:
    """Overlapping windows of 3 × 3, every second of them; the last may reach over the edge."""
    return kind(3, stride=2, ceil_mode=True)
