"""The multilayer perceptron."""

from __future__ import annotations

from math import prod

from torch import Tensor, nn

from paribus.models.blocks import (
    FINAL_ACTIVATIONS,
    Activation,
    FinalActivation,
    FlatNorm,
    Rate,
    Widths,
    dense_layers,
    pick,
)
from paribus.models.initialisation import SCHEMES, Init


class MLP(nn.Module):
    """A multilayer perceptron: fully connected layers on the flattened input.

    With batch norm the layers before it have no bias, since the norm would subtract it again.

    Args:
        input_shape: shape of one example.
        num_outputs: how many numbers the network gives for each example.
        widths: units in each hidden layer; an empty list leaves a linear model.
        norm: normalisation between each hidden layer and its activation.
        activation: function after each hidden layer; none makes the whole network linear.
        dropout: share of each hidden layer's outputs that is set to zero at random, in training only.
        init: scheme of the initial weights; default is torch's own, the others also set all biases to 0.
        final_activation: function after the last layer, before the loss; none gives logits.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        num_outputs: int,
        *,
        widths: Widths = (128,),
        norm: FlatNorm = "none",
        activation: Activation = "relu",
        dropout: Rate = 0.0,
        init: Init = "default",
        final_activation: FinalActivation = "none",
    ) -> None:
        super().__init__()
        pick(SCHEMES, init, "init")
        self.init = init
        inputs = prod(input_shape)
        self.hidden = dense_layers(inputs, widths, norm=norm, activation=activation, dropout=dropout)
        self.output = nn.Linear((inputs, *widths)[-1], num_outputs)
        self.final = pick(FINAL_ACTIVATIONS, final_activation, "final_activation")()

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, *input_shape) to (B, num_outputs)."""
        out: Tensor = self.final(self.output(self.hidden(x.flatten(1))))
        return out
