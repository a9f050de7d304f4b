"""Multi-head attention: every position attends to all others, in several subspaces at once."""

from __future__ import annotations

from typing import Any

import numpy as np

from paribus.scratch.errors import ScratchError
from paribus.scratch.graph import Array
from paribus.scratch.nn.affine import Affine
from paribus.scratch.nn.functional import attention
from paribus.scratch.nn.initial import xavier
from paribus.scratch.nn.module import Chance, Module
from paribus.scratch.tensor import Tensor


class Attention(Module):
    """heads × softmax(Q Kᵀ/√d) V, concatenated and mixed (Vaswani et al. 2017, section 3.2.2); d = features/heads."""

    def __init__(self, features: int, heads: int = 1, rng: Chance = None, dtype: Any = np.float32) -> None:
        if features % heads:
            raise ScratchError(f"attention: {features} features cannot be shared evenly by {heads} heads")
        self.heads = heads
        draw = np.random.default_rng(rng)
        maps = [Affine(features, features, initial=xavier, rng=draw, dtype=dtype) for _ in range(4)]
        self.query, self.key, self.value, self.out = maps

    def forward(self, x: Tensor, context: Tensor | None = None, mask: Array | None = None) -> Tensor:
        """x (n, t, features) attends to ``context`` or itself (n, s, features), where ``mask`` (t, s) allows it."""
        seen = x if context is None else context
        q, k, v = self._split(self.query(x)), self._split(self.key(seen)), self._split(self.value(seen))
        heads = attention(q, k, v, mask)  # (n, heads, t, d)
        return self.out(heads.swapaxes(1, 2).reshape(x.shape))

    def _split(self, x: Tensor) -> Tensor:
        """(n, t, features) → (n, heads, t, d)."""
        return x.reshape(*x.shape[:2], self.heads, -1).swapaxes(1, 2)


def causal(length: int) -> Array:
    """The mask under which position t sees positions 0 … t."""
    return np.tri(length, dtype=bool)
