"""Policy gradients: how choices that are drawn by chance are learned from what they earn (REINFORCE; Williams, 1992).

The gradient of the expected reward J(θ) = Σₖ π(k)·r(k) is E[(r − b)·∇ log π(choice)], for any baseline b that does not
depend on the choice. A search for good recipes and attention that looks at one place at a time both learn by it.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from paribus import ranks


def score(logits: Tensor, choices: Tensor) -> Tensor:
    """∇ log π(choice) with respect to the logits (…, K): eₖ − π, for choices int64 (…,)."""
    return F.one_hot(choices, logits.shape[-1]).to(logits.dtype) - logits.softmax(-1)


def surrogate(log_chances: Tensor, advantages: Tensor) -> Tensor:
    """−(r − b)·log π(choice), of any shape: its gradient, averaged over choices, is that of −J.

    Its value says nothing: it is there to be differentiated.
    """
    return -advantages.detach() * log_chances


def against_others(rewards: Tensor) -> Tensor:
    """r − b along the first axis (n, …); b is the mean reward of the n − 1 others, which know nothing of the choice.

    The others are those of all processes that train together. With n = 1 there is no baseline.
    """
    n, mean = ranks.mean(rewards)
    return rewards if n == 1 else (rewards - mean) * (n / (n - 1))


def against_before(rewards: Sequence[float], window: int) -> Tensor:
    """(r − b) / s of rewards that came one after the other, by mean and spread of the ``window`` before each: float64.

    The first has none before it, and counts as 0; where those before were all alike, only the sign counts.
    """
    values = torch.tensor(rewards, dtype=torch.float64)
    found = torch.zeros(len(values), dtype=torch.float64)
    for i in range(1, len(values)):
        before = values[max(0, i - window) : i]
        spread, gain = before.std(correction=0), values[i] - before.mean()
        found[i] = gain / spread if spread > 0 else gain.sign()
    return found
