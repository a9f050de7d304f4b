"""LeNet-5."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field
from torch import Tensor, nn

from paribus.models.blocks import (
    ACTIVATIONS,
    CANCEL_BIAS,
    FINAL_ACTIVATIONS,
    NORMS,
    POOLING,
    Activation,
    FinalActivation,
    Norm,
    Rate,
    Widths,
    dense_layers,
    pick,
)
from paribus.models.geometry import shape_behind
from paribus.models.initialisation import SCHEMES, Init


class LeNet(nn.Module):
    """LeNet-5 (LeCun et al., 1998): two 5 × 5 convolutions, each with pooling, and fully connected layers.

    In the form that is usual today: every channel of the second convolution sees all of the first, and the last layer
    is linear. The paper's pictures are 32 × 32 with padding 0; digits of 28 × 28 with padding 2 are the same to it.

    Args:
        input_shape: channels, height and width of a picture.
        num_outputs: how many numbers the network gives for each picture.
        widths: channels of the two convolutions.
        padding: pixels of zeros around the pictures.
        norm: normalisation after each convolution.
        activation: function after each convolution and each hidden fully connected layer; tanh in the paper.
        pooling: how pictures are halved: largest or mean of 2 × 2, which is what the paper has.
        hidden: units in each fully connected layer between the convolutions and the output.
        dropout: share of each hidden fully connected layer's outputs that is set to zero at random, in training only.
        init: scheme of the initial weights; default is torch's own, the others also set all biases to 0.
        final_activation: function after the last layer, before the loss; none gives logits.
    """

    backbone: ClassVar[tuple[str, ...]] = (
        *("conv1", "norm1", "activation", "pooling"),
        *("conv2", "norm2", "activation", "pooling"),
    )

    def __init__(
        self,
        input_shape: tuple[int, ...],
        num_outputs: int,
        *,
        widths: Annotated[Widths, Field(min_length=2, max_length=2)] = (6, 16),
        padding: Annotated[int, Field(ge=0, le=4)] = 2,
        norm: Norm = "none",
        activation: Activation = "tanh",
        pooling: Literal["max", "average"] = "average",
        hidden: Widths = (120, 84),
        dropout: Rate = 0.0,
        init: Init = "default",
        final_activation: FinalActivation = "none",
    ) -> None:
        super().__init__()
        pick(SCHEMES, init, "init")
        self.init = init
        first, second = widths
        bias = norm not in CANCEL_BIAS
        self.conv1 = nn.Conv2d(input_shape[0], first, 5, padding=padding, bias=bias)
        self.norm1 = pick(NORMS, norm, "norm")(first)
        self.conv2 = nn.Conv2d(first, second, 5, bias=bias)
        self.norm2 = pick(NORMS, norm, "norm")(second)
        self.activation = pick(ACTIVATIONS, activation, "activation")()
        self.pooling = pick(POOLING, pooling, "pooling")()
        hint = "set model.padding=4" if padding < 4 else ""
        channels, height, width = shape_behind(self, self.features, input_shape, hint)
        features = channels * height * width
        self.hidden = dense_layers(features, hidden, norm="none", activation=activation, dropout=dropout)
        self.output = nn.Linear((features, *hidden)[-1], num_outputs)
        self.final = pick(FINAL_ACTIVATIONS, final_activation, "final_activation")()

    def features(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to what the second pooling gives, (B, channels, h, w)."""
        x = self.pooling(self.activation(self.norm1(self.conv1(x))))
        out: Tensor = self.pooling(self.activation(self.norm2(self.conv2(x))))
        return out

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, C, H, W) to (B, num_outputs)."""
        out: Tensor = self.final(self.output(self.hidden(self.features(x).flatten(1))))
        return out
