"""Dropout: units set to zero at random in training."""

from __future__ import annotations

from typing import Any

import numpy as np

from paribus.scratch.errors import ScratchError
from paribus.scratch.nn.module import Chance, Module


class Dropout(Module):
    """In training each number is 0 with probability ``rate``, else divided by 1 − rate ("inverted").

    So E[train-mode output] = input = test-mode output (Srivastava et al. 2014, section 10, scaled at training time).
    """

    def __init__(self, rate: float = 0.5, rng: Chance = None) -> None:
        if not 0 <= rate < 1:
            raise ScratchError(f"dropout: the rate must lie in 0 ≤ rate < 1, not {rate}")
        self.rate, self.rng = rate, np.random.default_rng(rng)

    def forward(self, x: Any) -> Any:
        """Any shape, unchanged."""
        if not self.training or self.rate == 0:
            return x
        kept = self.rng.random(x.shape, dtype=np.float32) >= self.rate
        return x * (kept.astype(x.dtype) / np.asarray(1 - self.rate, x.dtype))
