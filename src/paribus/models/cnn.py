"""The plain convolutional network."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, ClassVar, Literal

from pydantic import Field
from torch import Tensor, nn

from paribus.models.blocks import (
    FINAL_ACTIVATIONS,
    POOLING,
    Activation,
    Conv,
    FinalActivation,
    Head,
    Norm,
    Pooling,
    Rate,
    Widths,
    dense_layers,
    headed,
    pick,
)
from paribus.models.geometry import final_size
from paribus.models.initialisation import SCHEMES, Init


class CNN(nn.Module):
    """A convolutional network: stages of convolutions that each end in pooling, then fully connected layers.

    With batch or instance norm the convolutions have no bias, since the norm would subtract it again.

    Args:
        input_shape: channels, height and width of a picture.
        num_outputs: how many numbers the network gives for each picture.
        widths: channels in each stage, one entry per stage.
        depth: convolutions per stage.
        kernel: height and width of the convolutions; the picture is padded so that they keep its size.
        norm: normalisation after each convolution, with layer over all and group over some of the channels.
        activation: function after each convolution and each hidden fully connected layer.
        pooling: how a stage halves the picture: largest or mean of 2 × 2, a convolution of stride 2, or not.
        head: what is kept of the last stage: all values, or the mean or the largest of each channel.
        hidden: units in each fully connected layer between the convolutions and the output.
        dropout: share of fully connected layers' inputs that is set to zero at random, in training only.
        conv_dropout: share of whole channels that is set to zero at random behind each stage, in training only.
        init: scheme of the initial weights; default is torch's own, the others also set all biases to 0.
        final_activation: function after the last layer, before the loss; none gives logits.
    """

    backbone: ClassVar[tuple[str, ...]] = ("stages",)

    def __init__(
        self,
        input_shape: tuple[int, ...],
        num_outputs: int,
        *,
        widths: Widths = (32, 64),
        depth: Annotated[int, Field(ge=1)] = 1,
        kernel: Literal[1, 3, 5, 7, 9, 11] = 3,
        norm: Norm = "none",
        activation: Activation = "relu",
        pooling: Pooling = "max",
        head: Head = "flatten",
        hidden: Widths = (),
        dropout: Rate = 0.0,
        conv_dropout: Rate = 0.0,
        init: Init = "default",
        final_activation: FinalActivation = "none",
    ) -> None:
        super().__init__()
        pick(SCHEMES, init, "init")
        self.init = init
        height, width = final_size(input_shape, len(widths), kernel=kernel, pooling=pooling, norm=norm)
        channels = (input_shape[0], *widths)
        self.stages = nn.Sequential()
        for before, after in pairwise(channels):
            style = {"norm": norm, "activation": activation, "pooling": pooling}
            self.stages.append(Stage(before, after, depth, kernel, dropout=conv_dropout, **style))

        self.head, features = headed(head, (channels[-1], height, width))
        self.dropout = nn.Dropout(dropout)
        self.hidden = dense_layers(features, hidden, norm="none", activation=activation, dropout=dropout)
        self.output = nn.Linear((features, *hidden)[-1], num_outputs)
        self.final = pick(FINAL_ACTIVATIONS, final_activation, "final_activation")()

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, num_outputs)."""
        features = self.head(self.stages(x)).flatten(1)
        out: Tensor = self.final(self.output(self.hidden(self.dropout(features))))
        return out


class Stage(nn.Module):
    """Convolutions of one width, then pooling, then dropout of whole channels."""

    def __init__(
        self,
        channels: int,
        width: int,
        depth: int,
        kernel: int,
        *,
        norm: str,
        activation: str,
        pooling: str,
        dropout: float,
    ) -> None:
        super().__init__()
        self.layers = nn.Sequential()
        for layer in range(depth):
            stride = 2 if pooling == "stride" and layer == depth - 1 else 1
            before = width if layer else channels
            conv = Conv(before, width, kernel=kernel, stride=stride, norm=norm, activation=activation)
            self.layers.append(conv)
        self.pooling = pick(POOLING, pooling, "pooling")()
        self.dropout = nn.Dropout2d(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, channels, H, W) to (B, width, H/2, W/2), or keep the size where there is no pooling."""
        out: Tensor = self.dropout(self.pooling(self.layers(x)))
        return out
