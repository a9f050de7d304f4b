"""What a network makes of a few training examples, in numbers; the training notices nothing of it.

Stages, losses and gradients are those of the task, of a copy of it; buffers and modes are put back, gradients are taken
beside those of the parameters, and chance follows a key of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from math import nan
from statistics import fmean
from typing import Any

import torch
from torch import Tensor, nn

from paribus.chance import seeded
from paribus.data.deliver.loader import Batch, Loader
from paribus.models.network import Network
from paribus.tasks.task import Task
from paribus.training.session import Session
from paribus.training.signals.layers import Drift, Layers, Outputs, hooked, layer_of, moments
from paribus.training.signals.readings import Readings, fetched, norms, rounded
from paribus.training.signals.step import by_layer

MOST, PIECES = 64, 8  # examples of the probe, and pieces in which it is shown at most
PIECE = 32  # examples of a piece at most: two of them tell how far gradients scatter
SUMS_TO_ONE = 1e-4  # how far the sum of probabilities may be from 1, in float32

Found = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Probe:
    """A few training examples, as they are stored.

    Args:
        whole: all of them.
        pieces: the same in pieces of equal size, each from all over the data.
    """

    whole: Batch
    pieces: list[Batch]

    @classmethod
    def of(cls, loader: Loader, at_once: int) -> Probe:
        """Examples from all over those that a loader has; ``at_once`` is how many training shows at once."""
        rows = loader.rows
        size = max(1, min(PIECE, at_once, len(rows) // 2))
        pieces = max(1, min(PIECES, MOST // size, len(rows) // size))
        rows = rows[:: len(rows) // (size * pieces)][: size * pieces]
        rows = rows.unflatten(0, (size, pieces)).T.flatten()  # data may be in order: no piece has its beginning alone
        whole = loader.take(rows)
        return cls(whole, whole.chunks(pieces))


def look_at(session: Session, layers: Layers, probe: Probe, ends: bool) -> dict[str, Any]:
    """Show the probe to the network of a training, between two steps.

    Args:
        session: the training.
        layers: of its network.
        probe: the examples.
        ends: whether it is the first or the last look, which ask for more.

    Returns:
        Values of fields of :class:`paribus.records.signals.Look`.
    """
    network, readings = session.network, Readings()
    task = copy(session.task)  # some keep things from stage to stage
    with untouched(network, layers, max(0, session.epoch - 1)), seeded(session.seeds.key("noise", "probe")):
        found = gradients(session, layers, task, probe.pieces, readings)
        with torch.inference_mode():
            missing = outputs(network.eval(), layers, task, probe.whole, readings, ends)
    pieces = {"pieces": len(probe.pieces), "piece": len(probe.pieces[0])}
    return {"probed": True, **pieces, **found, **deviations(layers), **readings.fetch(), "unrecorded": missing}


@contextmanager
def untouched(network: Network, layers: Layers, epoch: int) -> Iterator[None]:
    """Freeze what is frozen in an epoch, and leave all behind a block as it was before it.

    That is buffers, modes, and what forward passes note in attributes of the modules, though not within a list there.
    """
    modules = [(module, dict(vars(module)), dict(module._buffers)) for module in layers.modules]
    kept, before = [(buffer, buffer.clone()) for buffer in layers.buffers], network.epoch
    network.at_epoch(epoch)
    try:
        yield
    finally:
        network.at_epoch(before)
        for module, attributes, buffers in modules:
            vars(module).clear()
            vars(module).update(attributes)
            module._buffers.update(buffers)
        for buffer, value in kept:
            buffer.copy_(value)


def gradients(session: Session, layers: Layers, task: Task, pieces: list[Batch], readings: Readings) -> Found:
    """Losses in training mode, drift of batch norms, and what the gradients of single pieces say."""
    network, stages = session.network.train(), dict[str, Slopes]()
    with Drift(layers, readings).watching():
        for piece in pieces:
            task.begin()
            task.at(session.step, float(session.epoch))
            for stage, parameters in task.stages(network).items():
                with session.autocast():
                    loss = task.loss(stage, network, piece)[0]
                readings.note(stage, loss=loss.detach())
                trained = [parameter for parameter in parameters if parameter.requires_grad]
                known = stages.setdefault(stage, Slopes([layers.paths[id(parameter)] for parameter in trained]))
                known.add(slopes(session, loss, trained))
    found: Found = {"gradient": {}, "gradient_square": {}, "gradient_variance": {}}
    for stage, known in stages.items():
        by_parameter, square, scatter = known.estimates()
        found["gradient"] |= by_layer(by_parameter)
        if len(pieces) > 1:
            found["gradient_square"][stage] = rounded(square)
            found["gradient_variance"][stage] = rounded(scatter * len(pieces[0]))
    return found


def slopes(session: Session, loss: Tensor, parameters: list[nn.Parameter]) -> list[Tensor]:
    """The gradient of a loss, zeros where a parameter has no part in it; scaled meanwhile where training does so."""
    scale = session.scaler.get_scale() if session.scaler.is_enabled() else 1.0
    loss = loss if scale == 1 else loss * scale
    found = torch.autograd.grad(loss, parameters, allow_unused=True, materialize_grads=True) if parameters else ()
    return [slope if scale == 1 else slope / scale for slope in found]


class Slopes:
    """Gradients of the same loss over several pieces of equal size.

    Args:
        paths: names of the parameters.
    """

    def __init__(self, paths: list[str]) -> None:
        self.paths, self.count = paths, 0
        self._total: list[Tensor] = []
        self._norms: list[Tensor] = []

    def add(self, found: list[Tensor]) -> None:
        """Count those of one piece."""
        self._norms += norms(found)
        self._total = [a + b for a, b in zip(self._total, found, strict=True)] if self.count else found
        self.count += 1

    def estimates(self) -> tuple[dict[str, float], float, float]:
        """By parameter the norm of their mean g, and unbiased estimates of |G|² and of the variance of one of them.

        Of k gradients gᵢ the variance is s² = Σ|gᵢ − g|²/(k − 1), and |G|² is |g|² − s²/k: what McCandlish et al.
        (2018, appendix A.1) estimate from batches of two sizes. Where each is of m examples, tr Σ of one is m·s².
        """
        k = self.count
        mean = [norm / k for norm in fetched(norms(self._total))]
        square = sum(norm**2 for norm in mean)
        apart = sum(norm**2 for norm in fetched(self._norms)) - k * square
        variance = max(0.0, apart) / (k - 1) if k > 1 else nan
        return dict(zip(self.paths, mean, strict=True)), square - variance / k, variance


def outputs(
    network: Network, layers: Layers, task: Task, batch: Batch, readings: Readings, ends: bool
) -> dict[str, str]:
    """What layers give for a batch, and losses in evaluation mode; at both ends also those of the last bias alone.

    Returns:
        What could not be seen, with the reason.
    """
    watched = Outputs(network, layers, readings)
    with watched.watching():
        said = evaluate(network, task, batch, readings, "loss_eval")
    whole = isinstance(said, Tensor) and said.shape == task.output_shape(batch)  # be it by another way than forward
    given, last = said if watched.whole is None and whole else watched.whole, watched.last
    if given is None or last is None:
        why = f"the task {type(task).__name__} does not call the network as one function of its inputs"
        return {"outputs": why, "loss_bias": why}
    final(given.float(), readings)
    if not ends:
        return {}
    with hooked([last.register_forward_pre_hook(without_features)]):
        evaluate(network, task, batch, readings, "loss_bias")
    return bend(network, batch.inputs, given.float(), readings)


def evaluate(network: nn.Module, task: Task, batch: Batch, readings: Readings, field: str) -> Any:
    """The loss of every stage; gives what the last of them made of the batch."""
    outputs = None
    task.begin()
    for stage in task.stages(network):
        loss, outputs = task.loss(stage, network, batch)
        readings.note(stage, **{field: loss})
    return outputs


def without_features(module: nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...]:
    """A hook that gives a layer zeros in the place of its inputs."""
    return tuple(torch.zeros_like(it) if isinstance(it, Tensor) and it.is_floating_point() else it for it in given)


def final(given: Tensor, readings: Readings) -> None:
    """Figures of what the network gives (B, …)."""
    low, high = given.aminmax()
    figures = {**moments(given)[0], "low": low, "high": high}
    if given.ndim > 1 and given.shape[1] > 1:
        axis = given.ndim - 1 if given.ndim == 3 else 1  # of sequences classes are last
        sums = (given.sum(axis) - 1).abs() < SUMS_TO_ONE
        figures["simplex"] = (sums & (given >= 0).all(axis)).float().mean()
    for name, figure in figures.items():
        readings.note(name, outputs=figure)


def bend(network: Network, inputs: Any, given: Tensor, readings: Readings) -> dict[str, str]:
    """How far the network is from a straight line, on the middles of pairs of examples; says why not, if need be."""
    x = network.scaled(inputs) if isinstance(inputs, Tensor) else None
    if x is None or not x.is_floating_point() or len(x) < 2:
        return {"bend": "it needs two examples whose inputs are one tensor of numbers"}
    half = len(x) // 2
    bent = network.model((x[:half] + x[half : 2 * half]) / 2).float()
    straight = (given[:half] + given[half : 2 * half]) / 2
    readings.note("bend", outputs=(bent - straight).square().mean().sqrt() / moments(given)[0]["variation"])
    return {}


def deviations(layers: Layers) -> Found:
    """By layer, of the numbers in its matrices and kernels."""
    variances = fetched([matrix.detach().var(correction=0) for matrix in layers.matrices.values()])
    squares: dict[str, list[float]] = defaultdict(list)
    for name, variance in zip(layers.matrices, variances, strict=True):
        squares[layer_of(name)].append(variance)
    return {"weight_deviation": {layer: rounded(fmean(found) ** 0.5) for layer, found in squares.items()}}
