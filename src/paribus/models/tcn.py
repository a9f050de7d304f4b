"""The temporal convolutional network: convolutions that see only the past, further back in every layer."""

from __future__ import annotations

from typing import Annotated

import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from paribus.errors import RecipeError
from paribus.models.blocks import ACTIVATIONS, Activation, Rate, pick
from paribus.models.sequences import Reader, Width, one_target_each


class TCN(nn.Module):
    """A temporal convolutional network: dilated causal convolutions with residual connections (Bai et al., 2018).

    Block i = 0, 1, … holds two convolutions whose taps lie 2ⁱ steps apart, so the network sees
    1 + 2·(kernel − 1)·(2^depth − 1) steps. Unlike theirs, its weights are not normalised.

    Args:
        input_shape: (T,) of tokens, (C, T) of a series.
        num_outputs: how many numbers the network gives for each position, or for the whole.
        target_shape: of one target: (T,) where every position has its own.
        num_tokens: size of the vocabulary; 0 where inputs are no tokens.
        width: channels of every layer.
        depth: blocks; by default as many as it takes to see the whole input.
        kernel: taps of a convolution.
        activation: function after each convolution, and after each sum.
        dropout: share of the values behind each convolution that is set to zero at random, in training only.
        embedding: numbers that stand for a token.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        num_outputs: int,
        target_shape: tuple[int, ...] = (),
        num_tokens: int = 0,
        *,
        width: Width = 32,
        depth: Annotated[int, Field(ge=1, le=16)] | None = None,
        kernel: Annotated[int, Field(ge=2)] = 3,
        activation: Activation = "relu",
        dropout: Rate = 0.0,
        embedding: Width = 32,
    ) -> None:
        super().__init__()
        self.each = one_target_each(input_shape, target_shape)
        self.reader = Reader(input_shape, num_tokens, embedding)
        depth = depth or blocks_to_see(input_shape[-1], kernel)
        channels = (self.reader.width, *[width] * depth)
        self.blocks = nn.Sequential(
            *(_Block(channels[i], width, kernel, 2**i, activation, dropout) for i in range(depth))
        )
        self.output = nn.Linear(width, num_outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, *input_shape) to (B, T, num_outputs), or to (B, num_outputs) where there is one target for all."""
        found = self.blocks(self.reader(x).transpose(1, 2))  # (B, width, T)
        found = found.transpose(1, 2) if self.each else found[:, :, -1]
        out: Tensor = self.output(found)
        return out


class _Block(nn.Module):
    """Two causal convolutions beside a shortcut: (B, channels, T) to (B, width, T)."""

    def __init__(self, channels: int, width: int, kernel: int, dilation: int, activation: str, dropout: float) -> None:
        super().__init__()
        self.reach = (kernel - 1) * dilation  # steps back from a position to the first one that it sees
        self.first = nn.Conv1d(channels, width, kernel, dilation=dilation)
        self.second = nn.Conv1d(width, width, kernel, dilation=dilation)
        self.shortcut = nn.Conv1d(channels, width, 1) if channels != width else nn.Identity()
        self.activation = pick(ACTIVATIONS, activation, "activation")()
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Zeros stand for what lies before the beginning."""
        found = x
        for conv in (self.first, self.second):
            found = self.dropout(self.activation(conv(F.pad(found, (self.reach, 0)))))
        out: Tensor = self.activation(found + self.shortcut(x))
        return out


def receptive_field(depth: int, kernel: int) -> int:
    """Steps that the last position sees, itself included."""
    return int(1 + 2 * (kernel - 1) * (2**depth - 1))


def blocks_to_see(length: int, kernel: int) -> int:
    """The fewest blocks that see a whole sequence."""
    depth = next((depth for depth in range(1, 17) if receptive_field(depth, kernel) >= length), 0)
    if not depth:
        raise RecipeError("no network of 16 blocks sees so long a sequence", got=length, hint="set model.depth")
    return depth
