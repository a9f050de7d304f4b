"""How much more often words stand near each other than chance would have it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from paribus.data.deliver.surroundings import NOTHING, Surroundings

PIECE = 1 << 16  # words whose surroundings are counted at a time


@dataclass(frozen=True)
class Association:
    """The pointwise mutual information of all pairs that occur, log P(word, other) / (P(word)·Q(other)).

    Args:
        pairs: (n,) int64, word·V + other, rising.
        values: (n,) float64.
        counts: (n,) how often each pair occurs.
        words: V.
    """

    pairs: Tensor
    values: Tensor
    counts: Tensor
    words: int

    def of(self, first: Tensor, second: Tensor) -> tuple[Tensor, Tensor]:
        """Of some pairs (m,) their values, and bool (m,) whether they occur."""
        asked = first * self.words + second
        places = torch.searchsorted(self.pairs.to(asked.device), asked).clamp(max=len(self.pairs) - 1)
        return self.values.to(asked.device)[places], self.pairs.to(asked.device)[places] == asked


def associations(examples: Surroundings, rows: Tensor, power: float) -> Association:
    """Count which words stand around which in some rows.

    Args:
        examples: words with those around them.
        rows: (n,) which of them.
        power: Q is in proportion to the frequency to this power.
    """
    words = len(examples.text.vocabulary)
    pieces = []
    for some in rows.split(PIECE):
        inputs, _ = examples.take(some)
        there = inputs["around"] != NOTHING
        pieces.append((inputs["centre"][:, None] * words + inputs["around"])[there])
    pairs, counts = torch.cat(pieces).unique(return_counts=True)
    first, second = pairs // words, pairs % words
    totals = torch.zeros(words, dtype=torch.float64).index_add_(0, first, counts.double())
    drawn = examples.tokens[rows].long().bincount(minlength=words).clamp(min=1).double() ** power
    values = (counts / totals[first]).log() - (drawn / drawn.sum()).log()[second]
    return Association(pairs, values, counts, words)
