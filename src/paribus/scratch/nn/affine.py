"""The fully connected layer, and the embedding: a fully connected layer whose inputs are one-hot."""

from __future__ import annotations

from typing import Any

import numpy as np

from paribus.scratch import ops
from paribus.scratch.errors import ShapeError
from paribus.scratch.graph import Array
from paribus.scratch.nn.initial import Initial, lecun
from paribus.scratch.nn.module import Chance, Module, parameter
from paribus.scratch.tensor import Tensor


class Affine(Module):
    """Y = X W + b for X (…, inputs), W (inputs, outputs), b (outputs)."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        bias: bool = True,
        initial: Initial = lecun,
        rng: Chance = None,
        dtype: Any = np.float32,
    ) -> None:
        draw = np.random.default_rng(rng)
        self.weight = parameter(initial(draw, (inputs, outputs), inputs, outputs), dtype)
        self.bias = parameter(np.zeros(outputs), dtype) if bias else None

    def forward(self, x: Any) -> Tensor:
        """(…, inputs) → (…, outputs)."""
        y: Tensor = ops.matmul(x, self.weight) if self.bias is None else ops.affine(x, self.weight, self.bias)
        return y

    def __repr__(self) -> str:
        return f"Affine({self.weight.shape[0]} → {self.weight.shape[1]})"


class Embedding(Module):
    """One row of ``weight`` (words, features) for each integer: (…) → (…, features)."""

    def __init__(self, words: int, features: int, rng: Chance = None, dtype: Any = np.float32) -> None:
        self.weight = parameter(np.random.default_rng(rng).normal(size=(words, features)), dtype)

    def forward(self, indices: Array) -> Tensor:
        """Look the rows up; the gradient of a row is the sum over all places where it was used."""
        words = len(self.weight)
        if indices.size and not (indices.dtype.kind in "iu" and 0 <= indices.min() <= indices.max() < words):
            raise ShapeError(
                "embedding", [indices.shape, self.weight.shape], f"indices are integers in 0 … {words - 1}"
            )
        return self.weight[indices]

    def __repr__(self) -> str:
        return f"Embedding({self.weight.shape[0]} × {self.weight.shape[1]})"
