"""What networks that read one sequence and write another have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, runtime_checkable

from torch import Tensor

from paribus.errors import RecipeError

Pair = Mapping[
    str, Tensor
]  # "source" (B, S) that is read, "before" (B, T): what stands before each token to be written
PAD = 0  # number of the token that fills sequences up


@runtime_checkable
class Writer(Protocol):
    """A network that reads once, and then says token by token what follows."""

    def read(self, source: Tensor) -> Any:
        """What is kept of tokens (B, S), as a tree."""
        ...

    def say(self, memory: Any, before: Tensor, last: bool = False) -> Tensor:
        """Logits (B, T, num_outputs) of what follows the tokens (B, T) that were written; or of the last ones alone."""
        ...


def sides(inputs: Pair) -> tuple[Tensor, Tensor]:
    """What is read, and what stands before each token to be written.

    Raises:
        RecipeError: for a single tensor.
    """
    if isinstance(inputs, Tensor):
        rule = "this network needs two tensors, source and before"
        raise RecipeError(
            rule,
            got=f"one of shape {tuple(inputs.shape)}",
            hint="set data.use=rewriting, dates, deu or pairs; a text is read by model.use=causal_transformer",
        )
    return inputs["source"], inputs["before"]


def padding(tokens: Tensor) -> Tensor:
    """Where there is a token, bool (B, T)."""
    return tokens != PAD


def require_pairs(input_shape: tuple[int, ...], num_tokens: int, num_outputs: int) -> None:
    """Refuse data that are no pairs of sequences over one vocabulary."""
    if not num_tokens or len(input_shape) != 1:
        rule = "this network reads one sequence of tokens and writes another"
        raise RecipeError(
            rule, got=f"inputs of shape {input_shape}", hint="use data.use=rewriting, dates, deu or pairs"
        )
    if num_tokens != num_outputs:
        rule = "what is read and what is written have one vocabulary"
        raise RecipeError(rule, got=f"{num_tokens} tokens, {num_outputs} outputs", hint="set task.use=seq2seq")
