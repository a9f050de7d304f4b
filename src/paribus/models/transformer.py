"""Transformers that read one sequence and write another, and one that continues a text."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Literal

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from paribus.errors import RecipeError
from paribus.models.attention import Attention, Positions, sinusoidal
from paribus.models.blocks import ACTIVATIONS, Activation, Rate, pick
from paribus.models.pairs import Pair, padding, require_pairs, sides
from paribus.models.sequences import Width

Count = Annotated[int, Field(ge=1)]
Norm = Literal["pre", "post"]
Memory = tuple[Tensor, Tensor]  # what was read (B, S, width), and bool (B, S) where there is something


class Transformer(nn.Module):
    """An encoder that reads and a decoder that writes, both by attention alone (Vaswani et al., 2017).

    Args:
        input_shape: (S,) tokens that are read.
        num_outputs: size of the vocabulary that is written.
        target_shape: (T,) tokens that are written.
        num_tokens: size of the vocabulary that is read.
        width: numbers that stand for a token.
        depth: layers of the encoder, and of the decoder.
        heads: heads of the attention in each layer, which divide the width.
        expansion: hidden units of the fully connected layers, as a multiple of the width.
        positions: how it is told where a token stands: sines, a learned vector for each place, by turning queries and
            keys, or not at all.
        norm: whether each part of a layer normalises what comes in, or what goes out, as published.
        activation: function between the two fully connected layers.
        dropout: share of what each layer adds that is set to zero at random, in training only.
        tie: whether the last layer uses the vectors of the tokens as its weights.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        num_outputs: int,
        target_shape: tuple[int, ...] = (),
        num_tokens: int = 0,
        *,
        width: Width = 128,
        depth: Count = 2,
        heads: Count = 4,
        expansion: Annotated[float, Field(gt=0)] = 4.0,
        positions: Positions = "sinusoidal",
        norm: Norm = "pre",
        activation: Activation = "relu",
        dropout: Rate = 0.1,
        tie: bool = True,
    ) -> None:
        super().__init__()
        require_pairs(input_shape, num_tokens, num_outputs)
        check_heads(width, heads, positions)
        self.turn = positions == "rotary"
        places = max(*input_shape, *target_shape)
        self.longest = places if positions == "learned" else None  # tokens of a sequence
        self.tokens = Tokens(num_tokens, width, positions, places, dropout)
        layer = LayerOptions(width, heads, expansion, norm, activation, dropout)
        self.encoder = nn.ModuleList(Layer(layer) for _ in range(depth))
        self.decoder = nn.ModuleList(Layer(layer, looks=True) for _ in range(depth))
        self.read_norm, self.norm = final_norm(layer), final_norm(layer)
        self.output = Output(width, num_outputs, self.tokens.vectors if tie else None)

    def read(self, source: Tensor) -> Memory:
        """What is kept of tokens (B, S)."""
        known = padding(source)
        x = self.tokens(source)
        for layer in self.encoder:
            x = layer(x, mask=known[:, None, None], turn=self.turn)
        return self.read_norm(x), known

    def say(self, memory: Memory, before: Tensor, last: bool = False) -> Tensor:
        """Logits (B, T, num_outputs) of what follows the tokens (B, T) that were written; or of the last ones alone."""
        x, (read, known) = self.tokens(before), memory
        for layer in self.decoder:
            x = layer(x, causal=True, turn=self.turn, memory=read, memory_mask=known[:, None, None])
        out: Tensor = self.output(self.norm(x[:, -1:] if last else x))
        return out

    def attend(self, inputs: Pair) -> Tensor:
        """How much each token that is written looks at each that is read: (B, T, S), the mean over the last heads."""
        source, before = sides(inputs)
        read, known = self.read(source)
        x = self.tokens(before)
        *others, last = self.decoder
        for layer in others:
            x = layer(x, causal=True, turn=self.turn, memory=read, memory_mask=known[:, None, None])
        return last.looked(x, read, known[:, None, None], turn=self.turn).mean(1)  # type: ignore[operator, no-any-return]

    def forward(self, inputs: Pair) -> Tensor:
        """Logits (B, T, num_outputs) of every token of the target, from the source and the tokens before."""
        source, before = sides(inputs)
        return self.say(self.read(source), before)


class CausalTransformer(nn.Module):
    """Layers of attention that look back only: each token of a text from those before it (Radford et al., 2018).

    It keeps no state: each passage is read on its own, so ``data.length`` is how far it sees.

    Args:
        input_shape: (T,) of tokens.
        num_outputs: how many numbers the network gives for each position.
        num_tokens: size of the vocabulary.
        width: numbers that stand for a token.
        depth: layers.
        heads: heads of the attention in each layer, which divide the width.
        expansion: hidden units of the fully connected layers, as a multiple of the width.
        positions: how it is told where a token stands: sines, a learned vector for each place, by turning queries and
            keys, or not at all.
        norm: whether each part of a layer normalises what comes in, or what goes out.
        activation: function between the two fully connected layers.
        dropout: share of what each layer adds that is set to zero at random, in training only.
        tie: whether the last layer uses the vectors of the tokens as its weights.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        num_outputs: int,
        num_tokens: int = 0,
        *,
        width: Width = 64,
        depth: Count = 2,
        heads: Count = 4,
        expansion: Annotated[float, Field(gt=0)] = 4.0,
        positions: Positions = "rotary",
        norm: Norm = "pre",
        activation: Activation = "gelu",
        dropout: Rate = 0.0,
        tie: bool = False,
    ) -> None:
        super().__init__()
        if not num_tokens or len(input_shape) != 1:
            rule = "a causal transformer reads tokens (T,)"
            raise RecipeError(rule, got=f"inputs of shape {input_shape}", hint="use model.use=tcn for a series")
        check_heads(width, heads, positions)
        if tie and num_tokens != num_outputs:
            rule = "model.tie needs outputs that are the tokens which the network reads"
            raise RecipeError(rule, got=f"{num_outputs} outputs", hint="set model.tie=false")
        self.reach, self.turn = input_shape[0], positions == "rotary"
        self.tokens = Tokens(num_tokens, width, positions, self.reach, dropout)
        layer = LayerOptions(width, heads, expansion, norm, activation, dropout)
        self.layers = nn.ModuleList(Layer(layer) for _ in range(depth))
        self.norm = final_norm(layer)
        self.output = Output(width, num_outputs, self.tokens.vectors if tie else None)

    def forward(self, x: Tensor) -> Tensor:
        """Map (B, T) to (B, T, num_outputs)."""
        x = self.tokens(x)
        for layer in self.layers:
            x = layer(x, causal=True, turn=self.turn)
        out: Tensor = self.output(self.norm(x))
        return out


@dataclass(frozen=True)
class LayerOptions:
    """What all layers of a transformer have in common; see :class:`Transformer`."""

    width: int
    heads: int
    expansion: float
    norm: str
    activation: str
    dropout: float

    @property
    def hidden(self) -> int:
        """Units between the two fully connected layers."""
        return max(1, round(self.expansion * self.width))


class Layer(nn.Module):
    """Attention to itself, attention to a memory where there is one, two fully connected layers; each adds to x."""

    def __init__(self, options: LayerOptions, looks: bool = False) -> None:
        super().__init__()
        width, hidden = options.width, options.hidden
        self.before = options.norm == "pre"
        self.norm1, self.attention = nn.LayerNorm(width), Attention(width, options.heads)
        self.norm2 = nn.LayerNorm(width) if looks else nn.Identity()
        self.look = Attention(width, options.heads) if looks else None
        self.norm3, self.first, self.second = nn.LayerNorm(width), nn.Linear(width, hidden), nn.Linear(hidden, width)
        self.activation = pick(ACTIVATIONS, options.activation, "activation")()
        self.dropout = nn.Dropout(options.dropout)

    def forward(
        self,
        x: Tensor,
        *,
        mask: Tensor | None = None,
        causal: bool = False,
        turn: bool = False,
        memory: Tensor | None = None,
        memory_mask: Tensor | None = None,
    ) -> Tensor:
        """Map (B, T, width) to the same; see :class:`.attention.Attention`."""
        x = self._added(x, self.norm1, lambda y: self.attention(y, mask=mask, causal=causal, turn=turn))
        if (look := self.look) is not None:
            x = self._added(x, self.norm2, lambda y: look(y, memory, mask=memory_mask))
        return self._added(x, self.norm3, lambda y: self.second(self.activation(self.first(y))))

    def looked(self, x: Tensor, memory: Tensor, mask: Tensor, turn: bool) -> Tensor:
        """How its attention to the memory is spread: (B, heads, T, S)."""
        x = self._added(x, self.norm1, lambda y: self.attention(y, causal=True, turn=turn))
        assert self.look is not None
        return self.look.weights(self.norm2(x) if self.before else x, memory, mask)

    def _added(self, x: Tensor, norm: nn.Module, part: Callable[[Tensor], Tensor]) -> Tensor:
        """x + part(norm(x)), or norm(x + part(x)) as published."""
        out: Tensor = x + self.dropout(part(norm(x))) if self.before else norm(x + self.dropout(part(x)))
        return out


class Vectors(nn.Embedding):
    """Vectors of deviation 1/√width: as the last layer's weights they give logits of deviation 1."""

    def reset_parameters(self) -> None:
        """Draw them."""
        nn.init.normal_(self.weight, std=self.embedding_dim**-0.5)


class Tokens(nn.Module):
    """The vectors of tokens, with what says where they stand added: (B, T) to (B, T, width)."""

    def __init__(self, num_tokens: int, width: int, positions: Positions, longest: int, dropout: float) -> None:
        super().__init__()
        self.width, self.positions = width, positions
        self.vectors = Vectors(num_tokens, width)
        self.places = nn.Embedding(longest, width) if positions == "learned" else None
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """Map tokens (B, T) to (B, T, width).

        Raises:
            RecipeError: if there are more than the learned places.
        """
        vectors = self.vectors(x) * math.sqrt(self.width)
        if self.places is not None:
            known = self.places.num_embeddings
            if x.shape[1] > known:
                rule = f"model.positions=learned knows {known} places"
                raise RecipeError(
                    rule, got=f"{x.shape[1]} tokens", hint="shorten the sequence, or train on longer ones"
                )
            vectors = vectors + self.places.weight[: x.shape[1]]
        elif self.positions == "sinusoidal":
            vectors = vectors + sinusoidal(x.shape[1], self.width).to(vectors)
        out: Tensor = self.dropout(vectors)
        return out


class Output(nn.Module):
    """A last layer, of which the weights may be the vectors of the tokens (Press & Wolf, 2017)."""

    def __init__(self, width: int, num_outputs: int, vectors: nn.Embedding | None = None) -> None:
        super().__init__()
        self.vectors = (vectors,)  # in a tuple: they are parameters of another layer
        self.linear = nn.Linear(width, num_outputs) if vectors is None else None
        self.bias = None if vectors is None else nn.Parameter(torch.zeros(num_outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Map (…, width) to (…, num_outputs)."""
        (vectors,) = self.vectors
        if vectors is not None:
            return F.linear(x, vectors.weight, self.bias)
        out: Tensor = self.linear(x) if self.linear is not None else x
        return out


def final_norm(options: LayerOptions) -> nn.Module:
    """What stands behind the last layer: where each normalises what comes in, nothing has normalised what comes out."""
    return nn.LayerNorm(options.width) if options.norm == "pre" else nn.Identity()


def check_heads(width: int, heads: int, positions: Positions) -> None:
    """Refuse heads that cannot share the width, or be turned in pairs."""
    got = f"model.width={width}, model.heads={heads}"
    if width % heads:
        raise RecipeError(
            "the heads share the width of a transformer evenly", got=got, hint="make heads divide the width"
        )
    if positions == "rotary" and width // heads % 2:
        raise RecipeError(
            "model.positions=rotary turns pairs of the numbers of each head", got=got, hint="double the width"
        )
