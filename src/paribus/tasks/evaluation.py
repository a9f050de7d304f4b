"""Figures of a network over a split of the data."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from paribus.chance import key, seeded
from paribus.data.deliver.loader import Batch, Loader
from paribus.data.info import DataInfo
from paribus.tasks.preview import Preview
from paribus.tasks.task import Task

BATCH = 256  # examples evaluated at a time, unless training takes more
VALUES = 1 << 20  # input values evaluated at a time: large pictures come in smaller batches
CHANCE = key("evaluation")  # the same noise in every evaluation, so that figures differ by the weights alone


def batch_size(info: DataInfo, least: int = 1) -> int:
    """How many examples to evaluate at a time, at least those that training takes."""
    return max(least, min(BATCH, VALUES // math.prod(info.input_shape)))


@contextmanager
def evaluating(task: Task, network: nn.Module) -> Iterator[None]:
    """A pass in evaluation mode, without gradients and with the same noise every time."""
    training = network.training
    network.eval()
    task.begin()
    try:
        with torch.inference_mode(), seeded(CHANCE):
            yield
    finally:
        network.train(training)


def preview(task: Task, network: nn.Module, batch: Batch) -> Preview | None:
    """Outputs for some examples, in evaluation mode; drawn with the same noise every time."""
    with evaluating(task, network):
        return task.preview(network, batch)


def evaluate(
    task: Task,
    network: nn.Module,
    loader: Loader,
    split: str,
    between: Callable[[], None] = lambda: None,
) -> dict[str, float]:
    """Figures named ``split/metric`` over all examples of a loader, in evaluation mode, without gradients.

    In float32 whatever the training used, so that figures of training, test and analyses can be compared.

    Args:
        task: whose loss and metrics are asked for.
        network: left in the mode it was in.
        loader: the examples.
        split: its name.
        between: called after every batch; it may raise to stop.
    """
    meter = task.meter(split)
    with evaluating(task, network):
        for batch in loader.in_order():
            for stage in task.stages(network):
                loss, outputs = task.loss(stage, network, batch)
                meter.update(stage, loss, outputs, batch)
            between()
    return {f"{split}/{name}": value for name, value in meter.figures().items()}


def scores(task: Task, network: nn.Module, loader: Loader) -> dict[str, Tensor]:
    """The figures of single examples (N,) that a task has, and their ``rows`` (N,), on the CPU; nothing if it has none.

    In evaluation mode and with the noise of :func:`evaluate`, so that their means are its figures.
    """
    if not task.scored:
        return {}
    found: list[dict[str, Tensor]] = []
    with evaluating(task, network):
        for batch in loader.in_order():
            found.append({"rows": batch.rows, **task.scores(network, batch)})
    return {name: torch.cat([one[name].cpu() for one in found]) for name in found[0]}
