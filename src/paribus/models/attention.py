"""Attention with many heads, and how it is told where things stand."""

from __future__ import annotations

import math
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

Positions = Literal["sinusoidal", "learned", "rotary", "none"]
BASE = 10_000.0  # wavelengths reach from 2π to 2π · this


class Attention(nn.Module):
    """softmax(QKᵀ/√d)V in each head of d numbers, and a linear layer that mixes the heads (Vaswani et al., 2017)."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.query, self.key, self.value = nn.Linear(width, width), nn.Linear(width, width), nn.Linear(width, width)
        self.mix = nn.Linear(width, width)

    def forward(
        self,
        x: Tensor,
        memory: Tensor | None = None,
        *,
        mask: Tensor | None = None,
        causal: bool = False,
        turn: bool = False,
    ) -> Tensor:
        """Map (B, T, width) to the same.

        Args:
            x: what looks.
            memory: (B, S, width) what is looked at; x itself by default.
            mask: bool (B, 1, 1 or T, S): where it may look; everywhere by default.
            causal: whether nothing that comes later may be looked at.
            turn: whether queries and keys are turned by their places: see :func:`turned`.
        """
        query, key = self._asked(x, x if memory is None else memory, turn)
        value = self._split(self.value(x if memory is None else memory))
        seen = F.scaled_dot_product_attention(query, key, value, mask, is_causal=causal)  # (B, heads, T, d)
        out: Tensor = self.mix(seen.transpose(1, 2).flatten(2))
        return out

    def weights(self, x: Tensor, memory: Tensor, mask: Tensor | None = None) -> Tensor:
        """How much each of x looks at each of the memory, in each head: (B, heads, T, S), sums 1 over S."""
        query, key = self._asked(x, memory, turn=False)
        scores = query @ key.transpose(2, 3) / math.sqrt(query.shape[-1])
        if mask is not None:
            scores = scores.masked_fill(~mask, -torch.inf)
        found: Tensor = scores.softmax(-1)
        return found

    def _asked(self, x: Tensor, memory: Tensor, turn: bool) -> tuple[Tensor, Tensor]:
        """Queries (B, heads, T, d) and keys (B, heads, S, d)."""
        query, key = self._split(self.query(x)), self._split(self.key(memory))
        return (turned(query), turned(key)) if turn else (query, key)

    def _split(self, x: Tensor) -> Tensor:
        parts: Tensor = x.unflatten(2, (self.heads, -1))
        return parts.transpose(1, 2)


def sinusoidal(length: int, width: int) -> Tensor:
    """sin(t/10000^(2k/width)) and, behind all sines, the cosines: (length, width) (Vaswani et al., 2017)."""
    angles = _angles(length, width - width // 2)
    return torch.cat([angles.sin(), angles.cos()[:, : width // 2]], 1)


def turned(x: Tensor) -> Tensor:
    """Each pair of numbers of (…, T, d) turned by an angle that grows with the place t.

    These are rotary positions (Su et al., 2021): the product of a turned query and a turned key depends on the
    distance of their places alone.
    """
    angles: Tensor = _angles(x.shape[-2], x.shape[-1] // 2).to(x)
    first, second = x.chunk(2, -1)
    sin, cos = angles.sin(), angles.cos()
    return torch.cat([first * cos - second * sin, first * sin + second * cos], -1)


def _angles(length: int, count: int) -> Tensor:
    """t/10000^(k/count), of shape (length, count)."""
    rates: Tensor = BASE ** (-torch.arange(count) / count)
    return torch.arange(length)[:, None] * rates
