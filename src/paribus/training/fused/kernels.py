"""Functions for which ``torch.vmap`` has only a detour through Python, with the kernel that serves all at once.

Torch takes the cross-entropy of several batches apart into a dozen operations, through a decomposition that loads its
symbolic shapes: half of the time of a small network's step, and a second before the first. That of R batches of B
examples is the same as that of one batch of R·B, whose means are taken afterwards.
"""

from __future__ import annotations

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode

IGNORED = -100  # the class that torch leaves out, unless told otherwise


class Kernels(TorchFunctionMode):
    """A block in which these functions are computed for all networks at once."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if function is F.cross_entropy and (known := _plain(*args, **(kwargs or {}))) is not None:
            return _CrossEntropy.apply(*known)  # type: ignore[no-untyped-call]
        return function(*args, **(kwargs or {}))


def _plain(
    logits: Tensor,
    targets: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = IGNORED,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> tuple[Tensor, Tensor, str, float] | None:
    """What is needed where all examples weigh the same; none for other cases, which torch itself computes."""
    if logits.ndim != 2 or weight is not None or ignore_index != IGNORED or size_average is not None or reduce:
        return None
    return logits, targets, reduction, label_smoothing


class _CrossEntropy(torch.autograd.Function):
    """Of logits (B, K) and classes (B,), or shares of them (B, K), in each of several networks."""

    @staticmethod
    def forward(logits: Tensor, targets: Tensor, reduction: str, label_smoothing: float) -> Tensor:
        return F.cross_entropy(logits, targets, reduction=reduction, label_smoothing=label_smoothing)

    @staticmethod
    def setup_context(ctx: Any, inputs: Any, output: Any) -> None:
        """Nothing is kept: the rule below is made of operations that have gradients."""

    @staticmethod
    def vmap(
        info: Any, in_dims: Any, logits: Tensor, targets: Tensor, reduction: str, label_smoothing: float
    ) -> tuple[Tensor, int]:
        stacked = [
            it.unsqueeze(0).expand(info.batch_size, *it.shape) if place is None else it.movedim(place, 0)
            for it, place in zip((logits, targets), in_dims[:2], strict=True)
        ]
        flat_logits, flat_targets = (it.flatten(0, 1) for it in stacked)  # (R·B, K), (R·B, …)
        losses = F.cross_entropy(flat_logits, flat_targets, reduction="none", label_smoothing=label_smoothing)
        losses = losses.unflatten(0, stacked[0].shape[:2])  # (R, B)
        return {"none": lambda it: it, "mean": lambda it: it.mean(1), "sum": lambda it: it.sum(1)}[reduction](losses), 0
