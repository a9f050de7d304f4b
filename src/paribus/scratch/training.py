"""Training: mini-batches, a loss, a step, again. The loop reads top to bottom."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from paribus.scratch.errors import ScratchError
from paribus.scratch.graph import Array, no_grad
from paribus.scratch.nn.module import Module
from paribus.scratch.optim.optimizer import Optimizer
from paribus.scratch.tensor import Tensor

Loss = Callable[[Any, Any], Tensor]
Data = tuple[Array, Array]


@dataclass
class History:
    """What happened: the loss of every step, and after every epoch what validation said."""

    steps: list[float] = field(default_factory=list)
    epochs: list[dict[str, float]] = field(default_factory=list)
    best: int = -1  # the epoch whose parameters the net has now; −1 without validation


def fit(
    net: Module,
    loss: Loss,
    data: Data,
    optimizer: Optimizer,
    epochs: int = 1,
    batch: int = 128,
    validation: Data | None = None,
    patience: int | None = None,
    micro: int | None = None,
    seed: int = 0,
    listen: Callable[[dict[str, float]], None] = lambda epoch: None,
) -> History:
    """Train ``net`` on ``data`` (inputs, targets); the order of the samples is a function of seed and epoch alone.

    With ``patience`` training stops when validation has not improved for so many epochs; with ``validation`` the best
    parameters are put back at the end. With ``micro`` each batch is worked off in portions of that many samples.
    """
    if patience is not None and validation is None:
        raise ScratchError(f"patience={patience} waits for a validation loss: give validation=(inputs, targets)")
    history, best_loss, best_state = History(), np.inf, None
    for epoch in range(epochs):
        net.train()
        first = len(history.steps)
        for x, y in batches(data, batch, seed, epoch):
            history.steps.append(accumulate(net, loss, x, y, micro or len(x)))
            optimizer.step()
            optimizer.zero_grad()
        row = {"epoch": float(epoch), "loss": float(np.mean(history.steps[first:]))}
        if validation is not None:
            row |= evaluate(net, loss, validation)
            if row["validation loss"] < best_loss:
                best_loss, best_state, history.best = row["validation loss"], net.state(), epoch
        history.epochs.append(row)
        listen(row)
        if patience is not None and epoch - history.best >= patience:
            break
    if best_state is not None:
        net.load(best_state)
    return history


def batches(data: Data, size: int, seed: int = 0, epoch: int = 0) -> Iterator[Data]:
    """All samples once, in random order, in portions of ``size``; the last one may be smaller."""
    x, y = data
    order = np.random.default_rng((seed, epoch)).permutation(len(x))
    for start in range(0, len(x), size):
        chosen = order[start : start + size]
        yield x[chosen], y[chosen]


def accumulate(net: Module, loss: Loss, x: Array, y: Array, micro: int) -> float:
    """Add the gradient of the mean loss of a batch, ``micro`` samples at a time, and return that loss.

    ∇ mean over the batch = Σ over portions (portion size/batch size)·∇ mean over the portion; only one portion's graph
    is alive at a time. Equal to one large step but for rounding, unless the layers mix samples (batch norm).
    """
    parts = [slice(start, start + micro) for start in range(0, len(x), micro)]
    return sum(_portion(net, loss, x[part], y[part], len(x[part]) / len(x)) for part in parts)


def _portion(net: Module, loss: Loss, x: Array, y: Array, share: float) -> float:
    """One portion's share of gradient and loss. A function of its own, so that its graph is freed with it."""
    value = loss(net(x), y)
    value.backward(seed=np.asarray(share, value.dtype))
    return share * value.item()


def evaluate(net: Module, loss: Loss, data: Data, batch: int = 1000) -> dict[str, float]:
    """Mean loss in inference mode, and the accuracy where targets are labels."""
    x, y = data
    mode, total, right = net.training, 0.0, 0
    net.eval()
    with no_grad():
        for start in range(0, len(x), batch):
            part = slice(start, start + batch)
            output = net(x[part])
            total += loss(output, y[part]).item() * len(x[part])
            if y.dtype.kind in "iu":
                right += int((output.data.argmax(-1) == y[part]).sum())
    net.train(mode)
    row = {"validation loss": total / len(x)}
    return row | {"accuracy": right / len(x)} if y.dtype.kind in "iu" else row
