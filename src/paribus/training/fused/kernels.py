"""Functions for which ``torch.vmap`` has only a detour through Python, written in those for which it has kernels.

Torch takes the cross-entropy of several batches apart by a decomposition that asks its symbolic shapes at every call:
half of the time of a small network's step, and a second before the first, in which they are loaded.
"""

from __future__ import annotations

from typing import Any

import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

IGNORED = -100  # the class that torch leaves out, unless told otherwise


class Kernels(TorchFunctionMode):
    """A block in which these functions are computed so."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if function is F.cross_entropy and (found := cross_entropy(*args, **(kwargs or {}))) is not None:
            return found
        return function(*args, **(kwargs or {}))


def cross_entropy(
    logits: Tensor,
    targets: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = IGNORED,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor | None:
    """That of logits (B, K) and classes (B,), or shares of them (B, K), where all examples weigh the same.

    Returns:
        ``None`` for other cases, which torch itself computes.
    """
    if logits.ndim != 2 or weight is not None or ignore_index != IGNORED or size_average is not None or reduce:
        return None
    logs = logits.log_softmax(1)  # (B, K)
    if targets.is_floating_point():
        losses = -(targets * logs).sum(1)
    else:
        losses = -logs.gather(1, targets.unsqueeze(1)).squeeze(1)
    if label_smoothing:
        losses = (1 - label_smoothing) * losses - label_smoothing * logs.mean(1)
    if reduction == "none":
        return losses
    return losses.mean() if reduction == "mean" else losses.sum()
