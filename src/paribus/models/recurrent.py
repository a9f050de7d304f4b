"""Recurrent networks: they read a sequence step by step and keep a state."""

from __future__ import annotations

from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from paribus.errors import RecipeError
from paribus.models.blocks import Rate
from paribus.models.sequences import Axis, Reader, Width, one_target_each

State = tuple[Tensor, ...]  # each (depth, B, width)


class Recurrent(nn.Module):
    """Layers of recurrent cells and a linear layer, with outputs at every position or at the last one.

    Where each position has its own target, as each token of a text or of a labelled sequence has, there are outputs
    everywhere; else at the end: many to one. A window of one step and a horizon of many is one to many.

    Args:
        input_shape: (T,) of tokens, (C, T) of a series.
        num_outputs: how many numbers the network gives for each position, or for the whole.
        target_shape: of one target: (T,) where every position has its own.
        num_tokens: size of the vocabulary; 0 where inputs are no tokens.
        width: units of each layer, in each direction.
        depth: layers.
        dropout: share of the outputs of every layer that is set to zero at random, in training only.
        bidirectional: whether a second set of layers reads from the end to the beginning.
        embedding: numbers that stand for a token.
        tie: whether the last layer uses the vectors of the tokens as its weights.
        axis: whether the sequence runs over the time, as it should, or over the feature columns, a mistake to be seen.
    """

    cell: ClassVar[type[nn.LSTM] | type[nn.GRU] | type[nn.RNN]]

    def __init__(
        self,
        input_shape: tuple[int, ...],
        num_outputs: int,
        target_shape: tuple[int, ...] = (),
        num_tokens: int = 0,
        *,
        width: Width = 64,
        depth: Width = 1,
        dropout: Rate = 0.0,
        bidirectional: bool = False,
        embedding: Width = 32,
        tie: bool = False,
        axis: Axis = "time",
    ) -> None:
        super().__init__()
        self.bidirectional, self.each = bidirectional, one_target_each(input_shape, target_shape)
        self.reader = Reader(input_shape, num_tokens, embedding, axis)
        between = dropout if depth > 1 else 0.0
        self.layers = self.cell(
            self.reader.width, width, depth, batch_first=True, dropout=between, bidirectional=bidirectional
        )
        self.dropout = nn.Dropout(dropout)
        found = width * (2 if bidirectional else 1)
        self.output = _Tied(self.reader, found, num_outputs) if tie else nn.Linear(found, num_outputs)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, *input_shape) to (B, T, num_outputs), or to (B, num_outputs) where there is one target for all."""
        found, last = self.layers(self.reader(x))  # (B, T, width)
        if not self.each:
            found = self._end(last)  # (B, width)
        out: Tensor = self.output(self.dropout(found))
        return out

    def advance(self, x: Tensor, state: State | None) -> tuple[Tensor, State]:
        """Go on from a state: the outputs at every position (B, T, num_outputs), and the state behind the last one.

        Raises:
            RecipeError: for a network that reads in both directions, which has seen what is to come.
        """
        if self.bidirectional:
            rule = "a network that reads in both directions sees the tokens that it is to foretell"
            raise RecipeError(rule, got="model.bidirectional=true", hint="set model.bidirectional=false")
        given = None if state is None else state if len(state) > 1 else state[0]
        found, after = self.layers(self.reader(x), given)
        return self.output(self.dropout(found)), after if isinstance(after, tuple) else (after,)

    def _end(self, last: Tensor | tuple[Tensor, Tensor]) -> Tensor:
        """The last layer's output where each direction has read everything (B, directions · width)."""
        hidden = last[0] if isinstance(last, tuple) else last  # (depth · directions, B, width)
        return torch.cat([*hidden[-2:]], 1) if self.bidirectional else hidden[-1]


class LSTM(Recurrent):
    """Long short-term memory: gates decide what a cell keeps (Hochreiter & Schmidhuber, 1997; Gers et al., 2000)."""

    cell = nn.LSTM


class GRU(Recurrent):
    """Gated recurrent units: two gates and no cell of their own (Cho et al., 2014)."""

    cell = nn.GRU


class RNN(Recurrent):
    """The plain recurrent network: the state is a tanh of input and state (Elman, 1990)."""

    cell = nn.RNN


class _Tied(nn.Module):
    """A last layer whose weights are the vectors of the tokens (Press & Wolf, 2017)."""

    def __init__(self, reader: Reader, width: int, num_outputs: int) -> None:
        super().__init__()
        if reader.embedding is None or reader.embedding.num_embeddings != num_outputs:
            rule = "model.tie needs outputs that are the tokens which the network reads"
            raise RecipeError(rule, got=f"{num_outputs} outputs", hint="set model.tie=false")
        self.vectors = (reader.embedding,)  # in a tuple: they are parameters of the reader, not of this layer too
        self.project = nn.Linear(width, reader.width, bias=False)
        self.bias = nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Map (…, width) to (…, num_outputs)."""
        return F.linear(self.project(x), self.vectors[0].weight, self.bias)
