"""Cross-entropy of a softmax with integer labels, in one step: stable, and its gradient is just softmax − one-hot."""

from __future__ import annotations

from typing import Any

import numpy as np

from paribus.scratch.graph import Array, primitive
from paribus.scratch.ops.reductions import log_softmax, softmax


def _check(logits: Array, labels: Array) -> None:
    if labels.shape != logits.shape[:-1] or labels.dtype.kind not in "iu":
        raise ValueError(f"labels are integers of shape {logits.shape[:-1]}, one for each row, not {labels.dtype}")
    if labels.size and not 0 <= labels.min() <= labels.max() < logits.shape[-1]:
        raise ValueError(f"labels lie in 0 … {logits.shape[-1] - 1}, not in {labels.min()} … {labels.max()}")


def _cross_entropy(logits: Array, labels: Array) -> Any:
    _check(logits, labels)
    logp: Any = log_softmax(logits, axis=-1)
    return -np.take_along_axis(logp, labels[..., None], axis=-1).mean()


def _one_hot(labels: Array, classes: int, dtype: Any) -> Any:
    return (labels[..., None] == np.arange(classes)).astype(dtype)


# fmt: off
cross_entropy = primitive("cross-entropy", _cross_entropy,              # −1/N Σₙ log softmax(zₙ)[labelₙ]
    lambda g, y, z, labels: (softmax(z, axis=-1) - _one_hot(labels, z.shape[-1], z.dtype)) * (g / labels.size),
    None)
# fmt: on
