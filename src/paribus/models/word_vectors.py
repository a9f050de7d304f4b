"""Two vectors for every word: one for when it is read, one for when it is foretold."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from paribus.errors import RecipeError
from paribus.models.sequences import Width


class WordVectors(nn.Module):
    """A vector for every word in the middle, another for every word around it (Mikolov et al., 2013).

    What the lookup of a vector does is to multiply a one-hot row with the matrix of all of them.

    Args:
        input_shape: (2·window,) words around each word.
        num_tokens: how many different words there are.
        width: numbers that stand for a word.
    """

    def __init__(self, input_shape: tuple[int, ...], num_tokens: int, *, width: Width = 64) -> None:
        super().__init__()
        if not num_tokens or len(input_shape) != 1:
            rule = "word vectors are learned from words and those around them"
            raise RecipeError(rule, got=f"inputs of shape {input_shape}", hint="set data.use=words")
        self.inner, self.outer = Small(num_tokens, width), Zero(num_tokens, width)

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Dot products of the word in the middle and those around it: (B, 2·window)."""
        if isinstance(inputs, Tensor):
            rule = "word vectors need two tensors, around and centre"
            raise RecipeError(rule, got=f"one of shape {tuple(inputs.shape)}", hint="give them by name")
        around = self.outer(inputs["around"].clamp(min=0))  # (B, 2·window, width)
        return torch.einsum("bw,bkw->bk", self.inner(inputs["centre"]), around)


class Small(nn.Embedding):
    """Vectors that are nearly the same for all words at first."""

    def reset_parameters(self) -> None:
        """Draw them, evenly between ±1/(2·width)."""
        nn.init.uniform_(self.weight, -0.5 / self.embedding_dim, 0.5 / self.embedding_dim)


class Zero(nn.Embedding):
    """Vectors of zeros: all words are foretold alike at first."""

    def reset_parameters(self) -> None:
        """Zeros."""
        nn.init.zeros_(self.weight)
