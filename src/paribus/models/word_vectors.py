"""Two vectors for every word: one for when it is read, one for when it is foretold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from paribus.errors import RecipeError
from paribus.models.sequences import Width


class WordVectors(nn.Module):
    """A vector for every word in the middle, another for every word around it (Mikolov et al., 2013).

    What the lookup of a vector does is to multiply a one-hot row with the matrix of all of them. One-hot vectors
    themselves are the reference: every pair of words has a number of its own, and no word is like another one.

    Args:
        input_shape: (2·window,) words around each word.
        num_tokens: how many different words there are.
        width: numbers that stand for a word; of one-hot vectors there are as many as words.
        vectors: of the word in the middle: learned, or one-hot.
    """

    def __init__(
        self,
        input_shape: tuple[int, ...],
        num_tokens: int,
        *,
        width: Width = 64,
        vectors: Literal["learned", "one_hot"] = "learned",
    ) -> None:
        super().__init__()
        if not num_tokens or len(input_shape) != 1:
            rule = "word vectors are learned from words and those around them"
            raise RecipeError(rule, got=f"inputs of shape {input_shape}", hint="set data.use=words")
        self.inner: Small | OneHot = Small(num_tokens, width) if vectors == "learned" else OneHot(num_tokens)
        self.outer = Zero(num_tokens, width if vectors == "learned" else num_tokens)

    def forward(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """Dot products of the word in the middle and those around it: (B, 2·window)."""
        if isinstance(inputs, Tensor):
            rule = "word vectors need two tensors, around and centre"
            raise RecipeError(rule, got=f"one of shape {tuple(inputs.shape)}", hint="give them by name")
        around = inputs["around"].clamp(min=0)
        return self.dots(inputs["centre"][:, None], around)

    def dots(self, words: Tensor, others: Tensor) -> Tensor:
        """Dot products of words in the middle (…) with those around them, whose shapes go together."""
        if isinstance(self.inner, OneHot):
            return self.outer.weight[others, words]  # as many numbers as pairs: no row is read for one of them
        products: Tensor = self.inner(words) * self.outer(others)  # their sum is twice as quick as torch.einsum
        return products.sum(-1)


class Small(nn.Embedding):
    """Vectors that are nearly the same for all words at first."""

    def reset_parameters(self) -> None:
        """Draw them, evenly between ±1/(2·width)."""
        nn.init.uniform_(self.weight, -0.5 / self.embedding_dim, 0.5 / self.embedding_dim)


class OneHot(nn.Module):
    """A one where the word is, and zeros for all others; nothing in it is learned.

    Args:
        count: of words.
    """

    weight: Tensor

    def __init__(self, count: int) -> None:
        super().__init__()
        self.register_buffer("weight", torch.eye(count), persistent=False)

    def forward(self, words: Tensor) -> Tensor:
        """Rows (…, count)."""
        return self.weight[words]


class Zero(nn.Embedding):
    """Vectors of zeros: all words are foretold alike at first."""

    def reset_parameters(self) -> None:
        """Zeros."""
        nn.init.zeros_(self.weight)
