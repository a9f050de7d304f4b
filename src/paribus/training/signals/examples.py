"""What examples are like that reach a network: their inputs by channel, their targets, how classes fill batches."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from paribus.data.deliver.loader import Batch
from paribus.data.info import DataInfo
from paribus.models.network import Network
from paribus.training.signals.readings import rounded

MOST_CHANNELS = 64  # more are told as one

Columns = dict[str, tuple[float, ...]]


def inputs_of(network: Network, batch: Batch, info: DataInfo) -> Columns:
    """Figures of what the model sees of a batch, by channel; of a series by column, in which time is the first axis.

    Nothing for tokens, which are no quantities, and for inputs of several tensors.
    """
    if not network.quantities or not isinstance(batch.inputs, Tensor):
        return {}
    with torch.inference_mode():
        seen = network.scaled(batch.inputs)
        return columns(seen, -1 if info.series else 1) | (rough(seen) if seen.ndim == 4 else {})


def rough(pictures: Tensor) -> Columns:
    """How far neighbouring pixels of pictures (B, C, H, W) differ, by channel.

    Half the mean square difference of two that lie side by side or one above the other, over the variance: the ratio of
    von Neumann (1941), which is 1 of values that have nothing to do with each other, and near 0 of smooth ones.
    """
    pictures = pictures.float()
    steps = [pictures.diff(dim=axis).square().mean((0, 2, 3)) for axis in (2, 3) if pictures.shape[axis] > 1]
    variance = pictures.var((0, 2, 3), correction=0)
    if not steps or pictures.shape[1] > MOST_CHANNELS:
        return {}
    ratio = torch.stack(steps).mean(0) / 2 / variance
    return {"rough": tuple(map(rounded, ratio.nan_to_num().tolist()))}


def targets_of(batch: Batch) -> Columns:
    """Figures of targets that are numbers."""
    numbers = isinstance(batch.targets, Tensor) and batch.targets.is_floating_point()
    return columns(batch.targets, 1) if numbers else {}


def columns(values: Tensor, axis: int) -> Columns:
    """Mean, deviation, low, high and the share that is not finite, along an axis of values (B, …)."""
    values = values.float()
    by_channel = values.movedim(axis, 0).flatten(1) if values.ndim > 1 else values[None]  # (C, values of each)
    if len(by_channel) > MOST_CHANNELS:
        by_channel = by_channel.reshape(1, -1)
    deviation, mean = torch.std_mean(by_channel, 1, correction=0)
    low, high = by_channel.aminmax(dim=1)
    strange = (~by_channel.isfinite()).float().mean(1)
    names = ("mean", "deviation", "low", "high", "nan")
    figures = torch.stack([mean, deviation, low, high, strange]).tolist()
    return {name: tuple(map(rounded, row)) for name, row in zip(names, figures, strict=True)}


def largest_class(targets: Any, classes: int) -> float | None:
    """The share of the most frequent class among targets (B,), or, where they are mixed, among shares (B, classes)."""
    if not classes or not isinstance(targets, Tensor):
        return None
    if targets.ndim == 2 and targets.is_floating_point() and targets.shape[1] == classes:
        targets = targets.argmax(1)
    if targets.ndim != 1 or targets.is_floating_point():
        return None
    return rounded(float(targets.bincount().max()) / len(targets))
