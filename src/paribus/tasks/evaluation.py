"""Figures of a network over a part of the data."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import nn

from paribus.data.feed import Feed
from paribus.tasks.task import Task

BATCH = 256  # examples evaluated at a time, unless training takes more


def evaluate(
    task: Task,
    network: nn.Module,
    feed: Feed,
    split: str,
    autocast: Callable[[], AbstractContextManager[Any]] = nullcontext,
    between: Callable[[], None] = lambda: None,
) -> dict[str, float]:
    """Figures named ``split/metric`` over all examples of a feed, in evaluation mode, without gradients.

    Args:
        task: whose loss and metrics are asked for.
        network: left in the mode it was in.
        feed: the examples.
        split: name of the part of the data.
        autocast: the context of each forward pass.
        between: called after every batch; it may raise to stop.
    """
    training = network.training
    meter = task.meter(split)
    network.eval()
    try:
        with torch.inference_mode():
            for batch in feed.in_order():
                for stage in task.stages(network):
                    with autocast():
                        loss, outputs = task.loss(stage, network, batch)
                    meter.update(stage, loss, outputs, batch)
                between()
    finally:
        network.train(training)
    return {f"{split}/{name}": value for name, value in meter.figures().items()}
