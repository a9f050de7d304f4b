"""Losses: one number that says how wrong. All are means over the batch.

Prediction and target must have the same shape. Broadcasting (N, 1) against (N,) would silently compare everything with
everything, a famous way to train a net towards the mean; here it is an error.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from paribus.scratch import ops
from paribus.scratch.errors import ShapeError
from paribus.scratch.graph import Array, array_of
from paribus.scratch.tensor import Tensor


def mse(prediction: Tensor, target: Any) -> Tensor:
    """Mean squared error, mean((ŷ − y)²)."""
    difference = prediction - _same_shape("mse", prediction, target)
    return (difference * difference).mean()


def mae(prediction: Tensor, target: Any) -> Tensor:
    """Mean absolute error, mean|ŷ − y|."""
    return abs(prediction - _same_shape("mae", prediction, target)).mean()


def huber(prediction: Tensor, target: Any, delta: float = 1.0) -> Tensor:
    """½d² where |d| ≤ δ, else δ(|d| − ½δ), with d = ŷ − y (Huber 1964).

    With q = min(|d|, δ) both cases are ½q² + δ(|d| − q).
    """
    distance = abs(prediction - _same_shape("huber", prediction, target))
    near = ops.clip(distance, low=0.0, high=delta)
    return (near * near * 0.5 + (distance - near) * delta).mean()


def cross_entropy(logits: Tensor, labels: Any) -> Tensor:
    """−mean log softmax(z)[label], for logits (…, classes) and integer labels (…) or probabilities (…, classes)."""
    target = np.asarray(array_of(labels))
    if target.dtype.kind in "iu":
        return ops.cross_entropy(logits, target)
    probabilities = _same_shape("cross-entropy", logits, labels)
    return -(ops.log_softmax(logits, axis=-1) * probabilities).sum(axis=-1).mean()


def nll(log_probabilities: Tensor, labels: Array) -> Tensor:
    """Negative log-likelihood −mean logp[label], for (N, classes) and integer labels (N)."""
    if log_probabilities.shape[:-1] != labels.shape or log_probabilities.ndim != 2:
        raise ShapeError("nll", [log_probabilities.shape, labels.shape], "needs (N, classes) and labels (N)")
    return -log_probabilities[np.arange(len(labels)), labels].mean()


def bce(probabilities: Tensor, target: Any) -> Tensor:
    """−mean(y log p + (1 − y) log(1 − p)); the logarithms are cut off at −100, so that p = 0 stays finite."""
    y = _same_shape("bce", probabilities, target)
    tiny = np.exp(-100.0) if probabilities.dtype == np.float64 else np.finfo(np.float32).tiny
    yes, no = (ops.log(ops.maximum(p, p.dtype.type(tiny))) for p in (probabilities, 1 - probabilities))
    return -(y * yes + (1 - y) * no).mean()


def bce_with_logits(logits: Tensor, target: Any) -> Tensor:
    """Binary cross-entropy of σ(z): mean(log(1 + eᶻ) − y z), safe for any z."""
    y = _same_shape("bce with logits", logits, target)
    return (ops.softplus(logits) - logits * y).mean()


def hinge(scores: Tensor, labels: Array, margin: float = 1.0) -> Tensor:
    """Multiclass hinge: the mean over samples of Σ_{j ≠ label} max(0, margin + s_j − s_label) (Weston, Watkins)."""
    if scores.ndim != 2 or labels.shape != scores.shape[:1]:
        raise ShapeError("hinge", [scores.shape, labels.shape], "needs scores (N, classes) and labels (N)")
    own = scores[np.arange(len(labels)), labels].reshape(-1, 1)
    wrong: Array = np.arange(scores.shape[1]) != labels[:, None]
    return ((scores - own + margin).relu() * wrong).sum() * (1 / len(labels))


def _same_shape(loss: str, prediction: Tensor, target: Any) -> Tensor | Array:
    shape = np.shape(array_of(target))
    if prediction.shape != shape:
        raise ShapeError(loss, [prediction.shape, shape], "prediction and target must have the same shape: reshape one")
    return target if isinstance(target, Tensor) else np.asarray(target, prediction.dtype)
