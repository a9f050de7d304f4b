"""What the layers of a trained network make of examples: one row of numbers for each example.

>>> seen = look(trained, ["layers.0"])  # doctest: +SKIP
>>> seen.spaces["layers.0"].values.shape  # doctest: +SKIP
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn

from paribus.chance import key, seeded
from paribus.data import trees
from paribus.data.deliver.loader import Batch, Loader
from paribus.errors import DataError, nearest
from paribus.inference.trained import Trained, prepared_with
from paribus.models.network import Network
from paribus.tasks.evaluation import batch_size

Pool = Literal["mean", "max", "flat"]
Outputs = dict[str, tuple[Tensor, tuple[int, ...]]]  # of each layer (B, …), and the axes that are positions

INPUTS = "inputs"  # the examples themselves, as numbers: no layer
PENULTIMATE = "penultimate"  # what the last layer with weights is given: what all before it has made of an example
MOST_VALUES = 1 << 28  # numbers that are kept of one layer: a gigabyte
CHANNELS_FIRST = (nn.Conv1d, nn.ConvTranspose1d, nn.BatchNorm1d, nn.MaxPool1d, nn.AvgPool1d, nn.AdaptiveAvgPool1d)
WEIGHTED = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
_POOLS = {"mean": torch.mean, "max": torch.amax}


@dataclass(frozen=True)
class Space:
    """Examples as points.

    Args:
        layer: whose outputs they are, or ``inputs``, or ``penultimate``.
        shape: of what it gives for one example.
        pool: how that became a row of numbers: mean or largest value of every channel over its positions, or all.
        values: (N, D) float32.
    """

    layer: str
    shape: tuple[int, ...]
    pool: Pool
    values: Tensor

    @property
    def says(self) -> str:
        """What the numbers are, in words."""
        size, width = "×".join(map(str, self.shape)), self.values.shape[1]
        if len(self.shape) < 2 or self.pool == "flat":
            return f"{self.layer}: {width:,} numbers" + (f" ({size})" if len(self.shape) > 1 else "")
        what = "means" if self.pool == "mean" else "largest values"
        return f"{self.layer}: {width:,} numbers, the {what} of {size} over positions"


@dataclass(frozen=True)
class Seen:
    """Examples, what a network says of them, and what its layers make of them.

    Args:
        rows: (N,) where they stand in the data set.
        targets: what is true of each: a tree.
        said: (N, …) the task's predictions: for classes their probabilities.
        spaces: layer → points.
        loader: of these examples.
    """

    rows: Tensor
    targets: Any
    said: Tensor
    spaces: Mapping[str, Space]
    loader: Loader

    def inputs(self, places: Sequence[int]) -> Any:
        """Some of the examples themselves, as stored, by their place among these."""
        return self.loader.take(self.rows[list(places)]).inputs


def look(
    trained: Trained, layers: Sequence[str] = (PENULTIMATE,), split: str = "val", most: int = 2000, pool: Pool = "mean"
) -> Seen:
    """Show examples of a split to a network, spread evenly over it, and keep what its layers make of them.

    A layer that is called several times for an example counts with its last call; of several tensors the first counts.
    Outputs are copied at once, so that a later layer that works in place changes nothing.

    Args:
        trained: the network, in evaluation mode.
        layers: names as ``paribus layers`` prints them, ``inputs`` or ``penultimate``.
        split: of the data.
        most: examples.
        pool: how maps (C, H, W) and sequences (T, C) become rows of numbers.

    Raises:
        DataError: if there is no such layer or split, a layer has no outputs for single examples, they are not finite,
            or they would not fit into memory.
    """
    prepared = prepared_with(trained, split)
    device = next((it.device for it in trained.network.parameters()), torch.device("cpu"))
    loader = Loader(prepared.examples, spread(prepared.rows[split], most), batch_size(prepared.info), device)
    pieces: dict[str, list[Tensor]] = {layer: [] for layer in layers}
    shapes: dict[str, tuple[int, ...]] = {}
    rows, targets, said = [], [], []
    with torch.inference_mode(), seeded(key("activations")):
        for batch in loader.in_order():
            found, answer = activations(trained, layers, batch)
            for layer, (output, axes) in found.items():
                shapes[layer] = tuple(output.shape[1:])
                pieces[layer].append(_pooled(layer, output, axes, pool, len(loader.rows)).cpu())
            rows.append(batch.rows.cpu())
            targets.append(batch.targets)
            said.append(answer.cpu())
    spaces = {
        layer: Space(layer, shapes[layer], "flat" if layer == INPUTS else pool, _finite(layer, torch.cat(found)))
        for layer, found in pieces.items()
    }
    true = torch.cat(targets).cpu() if isinstance(targets[0], Tensor) else targets
    return Seen(torch.cat(rows), true, torch.cat(said), spaces, loader)


def spread(rows: Tensor, most: int) -> Tensor:
    """At most so many of the rows, evenly spread over them: data may be sorted."""
    if len(rows) <= most:
        return rows
    return rows[torch.linspace(0, len(rows) - 1, most, dtype=torch.float64).round().long()]


def layers_of(trained: Trained) -> dict[str, nn.Module]:
    """The layers of a network's model by name."""
    return {name: layer for name, layer in trained.network.model.named_modules() if name}


def layer_of(trained: Trained, name: str) -> nn.Module:
    """The layer of this name.

    Raises:
        DataError: if there is none, with the nearest names.
    """
    known = layers_of(trained)
    if name not in known:
        hint = nearest(name, [*known, INPUTS, PENULTIMATE])
        raise DataError("the network has no layer of this name", got=name, hint=hint)
    return known[name]


def called(trained: Trained, batch: Batch) -> list[str]:
    """The layers that are called for a prediction, in the order of their first calls."""
    names: dict[str, None] = {}

    def note(name: str) -> Callable[..., None]:
        return lambda layer, inputs: names.setdefault(name)

    handles = [layer.register_forward_pre_hook(note(name)) for name, layer in layers_of(trained).items()]
    try:
        with torch.inference_mode(), seeded(key("activations")):
            trained.task.predict(trained.network, batch.inputs)
    finally:
        for handle in handles:
            handle.remove()
    return list(names)


def activations(trained: Trained, layers: Sequence[str], batch: Batch) -> tuple[Outputs, Tensor]:
    """What layers give for a batch, each (B, …) with the axes that are positions, and the task's predictions.

    Raises:
        DataError: see :func:`look`.
    """
    found: Outputs = {}
    if INPUTS in layers:
        values = _numbers(trained.network, batch.inputs)
        found[INPUTS] = values, tuple(range(2, values.ndim))
    named = {name: layer_of(trained, name) for name in layers if name not in (INPUTS, PENULTIMATE)}
    with _watched(trained.network, named, PENULTIMATE in layers, found):
        said = trained.task.predict(trained.network, batch.inputs)
    for name in layers:
        if name not in found and name == PENULTIMATE:
            rule = "the network has no layer with weights that is called, and so no last one"
            raise DataError(rule, got=name, hint="name another layer, or inputs: the examples themselves")
        if name not in found:
            hint = "name another layer, or inputs: the examples themselves"
            raise DataError("this layer gives no tensor for the examples, or is not called", got=name, hint=hint)
        if len(found[name][0]) != len(batch):
            got = f"{name}: {tuple(found[name][0].shape)} for {len(batch)} examples"
            raise DataError("this layer's outputs are not one for each example", got=got)
    return {name: found[name] for name in layers}, said


@contextmanager
def _watched(network: Network, named: Mapping[str, nn.Module], last: bool, found: Outputs) -> Iterator[None]:
    """Keep what layers give, and what the last one with weights is given, while the network is called."""

    def keep(name: str) -> Callable[..., None]:
        def hook(layer: nn.Module, inputs: Any, output: Any) -> None:
            _keep(found, name, layer, output)

        return hook

    def before(layer: nn.Module, inputs: Any) -> None:
        _keep(found, PENULTIMATE, layer, inputs)

    weighted = [layer for layer in network.model.modules() if isinstance(layer, WEIGHTED)] if last else []
    handles = [layer.register_forward_hook(keep(name)) for name, layer in named.items()]
    handles += [layer.register_forward_pre_hook(before) for layer in weighted]
    try:
        yield
    finally:
        for handle in handles:
            handle.remove()


def _keep(found: Outputs, name: str, layer: nn.Module, values: Any) -> None:
    tensor = _first(values)
    if tensor is not None:
        tensor = tensor.detach().clone()
        found[name] = tensor, _positions(layer, tensor)


def _first(values: Any) -> Tensor | None:
    """The first tensor of what a layer gives."""
    if isinstance(values, Tensor):
        return values
    branches = values.values() if isinstance(values, Mapping) else values if isinstance(values, (tuple, list)) else ()
    return next((tensor for branch in branches if (tensor := _first(branch)) is not None), None)


def _positions(layer: nn.Module, values: Tensor) -> tuple[int, ...]:
    """The axes of positions: of maps (B, C, H, W) the last ones; of (B, T, C) the middle one, of (B, C, T) the last."""
    if values.ndim == 3 and not isinstance(layer, CHANNELS_FIRST):
        return (1,)
    return tuple(range(2, values.ndim))


def _numbers(network: Network, inputs: Any) -> Tensor:
    """Examples as numbers (B, …): pixels from 0 to 1, columns of a table as the network sees them.

    Raises:
        DataError: for examples of several tensors, and for tokens.
    """
    if not isinstance(inputs, Tensor):
        got = f"{len(trees.leaves(inputs))} tensors"
        raise DataError("examples are points where each is one tensor", got=got, hint="name a layer")
    if inputs.dtype == torch.uint8:
        return inputs.float() / 255
    if not inputs.is_floating_point() and network.encoding is None:
        raise DataError("tokens are no quantities between which there are distances", got="inputs", hint="name a layer")
    return network.scaled(inputs.clone())


def _pooled(layer: str, output: Tensor, axes: tuple[int, ...], pool: Pool, examples: int) -> Tensor:
    """(B, D) float32."""
    rows = output.float()
    if axes and pool != "flat" and layer != INPUTS:
        rows = _POOLS[pool](rows, dim=axes)  # type: ignore[operator]
    rows = rows.flatten(1) if rows.ndim > 1 else rows[:, None]
    if rows.shape[1] * examples > MOST_VALUES:
        got = f"{examples:,} examples × {rows.shape[1]:,} numbers of {layer}"
        raise DataError(
            f"at most {MOST_VALUES:,} numbers of a layer are kept", got=got, hint="ask for fewer examples, or pool=mean"
        )
    return rows


def _finite(layer: str, values: Tensor) -> Tensor:
    if not values.isfinite().all():
        rule = "this layer gives what is no finite number, and there are no distances then"
        raise DataError(rule, got=f"{layer}, {int((~values.isfinite()).sum()):,} of {values.numel():,}")
    return values
