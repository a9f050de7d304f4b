"""Learning rates on scales of their own: a rate means something else to each optimizer, and to each size of a batch."""

from __future__ import annotations

import math

from paribus.diagnosis.record import Record
from paribus.records.options import options
from paribus.records.parts import find, names

ADAPTIVE = ("adam", "adamw", "amsgrad", "nadam", "radam", "adamax", "rmsprop", "adagrad")
"""Optimizers that divide each gradient by its size, so that a step moves each weight by about the learning rate."""


def usual_rate(record: Record) -> float | None:
    """The learning rate over that which its optimizer has by default, each as it adds up with momentum: lr/(1 − μ)."""
    name = record.option("optimizer.use")
    if record.lr is None or name not in names("optimizer"):
        return None
    default = {one.name: one.default for one in options("optimizer", find("optimizer", name))}
    usual, momentum = default.get("lr"), record.option("optimizer.momentum", 0.0) if name == "sgd" else 0.0
    if not isinstance(usual, (int, float)) or not usual or not 0 <= momentum < 1:
        return None
    return record.lr / (1 - momentum) / (usual / (1 - (default["momentum"] if name == "sgd" else 0.0)))


def gradient_rate(record: Record) -> float | None:
    """The learning rate of steps along the gradient, as they add up with momentum: lr/(1 − μ)."""
    momentum: float = record.option("optimizer.momentum", 0.0)
    if record.option("optimizer.use") != "sgd" or record.lr is None or not 0 <= momentum < 1:
        return None
    return record.lr / (1 - momentum)


def coordinate_rate(record: Record) -> float | None:
    """By how much a step moves each weight, where the optimizer divides by the size of the gradient.

    Adagrad divides by the root of all squares so far: where gradients keep their size a step is lr/√t, on average of T
    steps 2·lr/√T (Duchi, Hazan and Singer 2011).
    """
    name = record.option("optimizer.use")
    if name not in ADAPTIVE or record.lr is None:
        return None
    return 2 * record.lr / math.sqrt(max(4, record.steps)) if name == "adagrad" else record.lr


def gradient_heat(record: Record) -> float | None:
    """:func:`gradient_rate` for each example of a batch: the temperature of a step's noise (Smith and Le 2018)."""
    rate, size = gradient_rate(record), _single(record)
    return rate / size if rate is not None and size else None


def coordinate_heat(record: Record) -> float | None:
    """:func:`coordinate_rate` for the root of the examples in a batch, with which noise grows here (Malladi 2022)."""
    rate, size = coordinate_rate(record), _single(record)
    return rate / math.sqrt(size) if rate is not None and size else None


def batch(record: Record) -> int:
    """Examples whose mean gradient a step follows; 0 where that is not said in numbers."""
    size = record.option("training.batch_size")
    return size if isinstance(size, int) else 0


def _single(record: Record) -> int:
    """The same where each example has one answer: the mean over many answers is steadier than their examples say."""
    return 0 if record.info.get("target_shape") else batch(record)
