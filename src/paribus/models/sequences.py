"""What networks of sequences have in common: how they take tokens or channels, and where their outputs are."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from torch import Tensor, nn

from paribus.errors import RecipeError

Axis = Literal["time", "features"]
Width = Annotated[int, Field(ge=1)]


class Reader(nn.Module):
    """Makes vectors of stored inputs: tokens (B, T) become learned ones, channels (B, C, T) stand as rows.

    Args:
        input_shape: (T,) of tokens, (C, T) of a series.
        num_tokens: size of the vocabulary; 0 where inputs are no tokens.
        embedding: numbers that stand for a token.
        axis: whether the sequence runs over the time, as it should, or over the channels.
    """

    def __init__(self, input_shape: tuple[int, ...], num_tokens: int, embedding: int, axis: Axis = "time") -> None:
        super().__init__()
        if len(input_shape) != (1 if num_tokens else 2):
            rule = "this network reads sequences: tokens (T,), or channels over time (C, T)"
            raise RecipeError(rule, got=f"inputs of shape {input_shape}", hint="use model.use=mlp or model.use=cnn")
        if num_tokens and axis == "features":
            raise RecipeError("tokens have no features over which a sequence could run", got="model.axis=features")
        self.axis = axis
        self.embedding = nn.Embedding(num_tokens, embedding) if num_tokens else None
        self.width = embedding if num_tokens else input_shape[0 if axis == "time" else 1]

    def forward(self, x: Tensor) -> Tensor:
        """Map tokens (B, T) or channels (B, C, T) to vectors (B, T, width); over the channels to (B, C, T)."""
        if self.embedding is not None:
            vectors: Tensor = self.embedding(x)
            return vectors
        return x.transpose(1, 2) if self.axis == "time" else x


def one_target_each(input_shape: tuple[int, ...], target_shape: tuple[int, ...]) -> bool:
    """Whether there is a target for every position of the sequence, not one for the whole."""
    return len(target_shape) == 1 and target_shape[0] == input_shape[-1]
