"""What weights look like: norms, spectra, zeros, units that are dead, and what the zeros say of L1 or L2."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

from paribus.errors import DataError
from paribus.evidence.penalties import Penalty, penalty_of
from paribus.inference.trained import SplitName, Trained, batches

BINS = 41  # of a histogram
SHOWN = 64  # singular values that are kept of a matrix
NORMS = (nn.modules.batchnorm._BatchNorm, nn.GroupNorm, nn.LayerNorm, nn.InstanceNorm1d, nn.InstanceNorm2d)
RECTIFIERS = (nn.ReLU, nn.ReLU6)


@dataclass(frozen=True)
class Matrix:
    """The weight of a layer, as a matrix of outputs × everything else.

    Args:
        name: of the parameter.
        shape: of it.
        norm: its Frobenius norm ‖W‖.
        size: root mean square of its numbers.
        singular: singular values, the largest first, at most 64 of them.
        stable_rank: ‖W‖² / σ₁²: how many directions it really has, at most the smaller side.
        zeros: share of exact zeros.
        dead_rows: outputs whose weights are all 0.
        dead_columns: inputs whose weights are all 0.
        penalty: what the zeros say, rows and columns that are 0 aside; ``None`` where nothing is left.
        edges: ends of the histogram, in units of its numbers.
        counts: how many numbers lie in each of its bins.
    """

    name: str
    shape: tuple[int, ...]
    norm: float
    size: float
    singular: tuple[float, ...]
    stable_rank: float
    zeros: float
    dead_rows: int
    dead_columns: int
    penalty: Penalty | None
    edges: tuple[float, float]
    counts: tuple[int, ...]


@dataclass(frozen=True)
class Scales:
    """The scales γ of a norm layer.

    Args:
        name: of the layer.
        least, middle, largest: of |γ|: minimum, median, maximum.
        small: channels whose |γ| is less than a hundredth of the median: next to nothing passes them.
        channels: how many.
    """

    name: str
    least: float
    middle: float
    largest: float
    small: int
    channels: int


@dataclass(frozen=True)
class Units:
    """The units behind a ReLU layer, channels of pictures as one each.

    Args:
        name: of the layer.
        units: how many.
        dead: those that were 0 for all examples, at all places.
        zero: the mean share of zeros over all units, examples and places.
    """

    name: str
    units: int
    dead: int
    zero: float


@dataclass(frozen=True)
class Weights:
    """What the weights of a network look like.

    Args:
        matrices: of each layer.
        scales: of each norm layer that has some.
        units: behind each ReLU layer.
        split: of the data on which the units were watched.
        examples: how many there were.
        activations: other activations that the network has, whose units cannot die like those of a ReLU.
        penalised: what the recipe itself says of penalties.
    """

    matrices: tuple[Matrix, ...]
    scales: tuple[Scales, ...]
    units: tuple[Units, ...]
    split: str
    examples: int
    activations: tuple[str, ...]
    penalised: str


def weights(trained: Trained, *, split: SplitName = "val", most: Annotated[int, Field(ge=1)] = 2000) -> Weights:
    """Look at the weights of a network, and at its ReLU units over some examples.

    Args:
        trained: the network.
        split: examples on which units are watched.
        most: how many of them at most.

    Raises:
        DataError: if the network has no weights, or the data have no such split.
    """
    model = trained.network.model
    named = [(name, it.detach().float()) for name, it in model.named_parameters() if it.ndim > 1 and it.numel() > 1]
    if not named:
        raise DataError("this network has no weight matrices", got=trained.recipe.model.use)
    units, seen = _units(trained, split, most)
    training, decay = trained.recipe.training, trained.recipe.optimizer.options.get("weight_decay", 0.0)
    given = {"training.l1": training.l1, "training.l2": training.l2, "optimizer.weight_decay": decay}
    return Weights(
        tuple(_matrix(name, it) for name, it in named),
        tuple(_scales(model)),
        units,
        split,
        seen,
        _activations(model),
        ", ".join(f"{name}={value:g}" for name, value in given.items() if value) or "no penalty",
    )


def _matrix(name: str, weight: Tensor) -> Matrix:
    matrix = weight.flatten(1).double()
    singular = torch.linalg.svdvals(matrix)
    norm, top = float(matrix.norm()), float(singular[0])
    empty = matrix == 0
    rows, columns = empty.all(1), empty.all(0)
    left = matrix[~rows][:, ~columns]
    most = float(matrix.abs().max()) or 1.0
    counts = torch.histc(matrix, BINS, -most, most)
    return Matrix(
        name,
        tuple(weight.shape),
        norm,
        norm / math.sqrt(matrix.numel()),
        tuple(singular[:SHOWN].tolist()),
        (norm / top) ** 2 if top else 0.0,
        float(empty.double().mean()),
        int(rows.sum()),
        int(columns.sum()),
        penalty_of(left.flatten().tolist()) if left.numel() > 1 else None,
        (-most, most),
        tuple(int(it) for it in counts.tolist()),
    )


def _scales(model: nn.Module) -> Iterator[Scales]:
    for name, module in model.named_modules():
        if isinstance(module, NORMS) and getattr(module, "weight", None) is not None:
            size = module.weight.detach().abs().double().flatten()
            middle = float(size.median())
            ends = (float(size.min()), middle, float(size.max()))
            yield Scales(name, *ends, int((size < middle / 100).sum()), len(size))


def _activations(model: nn.Module) -> tuple[str, ...]:
    """Kinds of activations that are no ReLU."""
    known = [type(it).__name__ for it in model.modules() if type(it).__module__ == nn.ReLU.__module__]
    return tuple(dict.fromkeys(it for it in known if it not in ("ReLU", "ReLU6", "Softmax")))


class _Fired:
    """Counts how often each unit behind a layer is above 0."""

    def __init__(self) -> None:
        self.above: Tensor | None = None  # (units,)
        self.places = 0

    def __call__(self, module: nn.Module, given: object, output: Tensor) -> None:
        """A batch (B, units, …) has passed."""
        above = (output > 0).movedim(1, -1).flatten(0, -2)
        self.above = above.sum(0) + (0 if self.above is None else self.above)
        self.places += len(above)


@torch.inference_mode()
def _units(trained: Trained, split: str, most: int) -> tuple[tuple[Units, ...], int]:
    """Watch the units behind the ReLU modules, and count the examples."""
    layers = {name: it for name, it in trained.network.model.named_modules() if isinstance(it, RECTIFIERS)}
    fired, seen = {name: _Fired() for name in layers}, 0
    hooks = [layers[name].register_forward_hook(fired[name]) for name in layers]
    try:
        for batch in batches(trained, split, most):
            trained.task.predict(trained.network, batch.inputs)
            seen += len(batch)
    finally:
        for hook in hooks:
            hook.remove()
    return tuple(
        Units(name, len(one.above), int((one.above == 0).sum()), 1 - float(one.above.double().mean()) / one.places)
        for name, one in fired.items()
        if one.above is not None
    ), seen
