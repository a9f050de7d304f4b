"""Receptive fields of a running net: which inputs have a gradient.

In the copy that is measured every weight is positive, every activation and normalisation is left out and every
maximum is a mean, so that no contribution can vanish or cancel: an input without gradient is not connected.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from paribus.theory.layers.batch import Asked, copied
from paribus.theory.layers.kinds import ACTIVATIONS, CHANNELS_FIRST, STEPS_FIRST
from paribus.theory.layers.layer import per_axis
from paribus.theory.layers.module import record
from paribus.theory.layers.modules import reads_words
from paribus.theory.layers.row import Row
from paribus.theory.layers.table import Table

MANY = 30  # rows above which only the last layer at each jump is measured
Extent = tuple[int, int]  # first and last input value


class Connected(TorchFunctionMode):
    """Runs functions of torch as what connects their inputs and outputs."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = getattr(function, "__name__", "").strip("_")
        return CONNECTIONS.get(name, function)(*args, **(kwargs or {}))


def _same(x: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    return x


def _mean_of_windows(
    x: Tensor, kernel_size: Any, stride: Any = None, padding: Any = 0, dilation: Any = 1, ceil_mode: bool = False,
    return_indices: bool = False,
) -> Tensor:  # fmt: skip
    """A maximum pooling that sees all of its window: a convolution with ones, channel by channel."""
    rank, channels = x.dim() - 2, x.shape[1]
    k, p, d = (per_axis(value, rank) for value in (kernel_size, padding, dilation))
    s = k if stride is None else per_axis(stride, rank)
    sides = [(q, q + step - 1 if ceil_mode else q) for q, step in zip(p, s, strict=True)]
    padded = F.pad(x, [side for axis in reversed(sides) for side in axis])
    convolve: Any = (F.conv1d, F.conv2d, F.conv3d)[rank - 1]
    out: Tensor = convolve(padded, x.new_ones(channels, 1, *k), None, s, 0, d, channels)
    if ceil_mode:  # no window starts behind the input
        for axis, (n, q, step) in enumerate(zip(x.shape[2:], p, s, strict=True), start=2):
            out = out.narrow(axis, 0, min(out.shape[axis], (n + q - 1) // step + 1))
    return out


def _means_and_places(axes: int) -> Callable[..., tuple[Tensor, Tensor]]:
    choose: Any = (F.max_pool1d, F.max_pool2d, F.max_pool3d)[axes - 1]

    def pool(x: Tensor, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor]:
        with torch._C.DisableTorchFunction():
            places: Tensor = choose(x, *args, **{**kwargs, "return_indices": True})[1]
        return _mean_of_windows(x, *args, **kwargs), places

    return pool


def _mean_of_parts(x: Tensor, output_size: Any, return_indices: bool = False) -> Tensor:
    means: Any = (F.adaptive_avg_pool1d, F.adaptive_avg_pool2d, F.adaptive_avg_pool3d)[x.dim() - 3]
    out: Tensor = means(x, output_size)
    return out


def _vectors(x: Tensor, weight: Tensor, *args: Any, **kwargs: Any) -> Tensor:
    """An embedding through which gradients pass: (B, T) to (B, T, D)."""
    return x.unsqueeze(-1) * weight.new_ones(weight.shape[1])


CONNECTIONS: Mapping[str, Callable[..., Any]] = {
    **dict.fromkeys((*ACTIVATIONS, "hardtanh"), _same),  # torch's ReLU6 calls itself hardtanh
    **dict.fromkeys(("batch_norm", "layer_norm", "group_norm", "instance_norm"), _same),
    **dict.fromkeys(("dropout", "dropout1d", "dropout2d", "dropout3d"), _same),
    **{f"max_pool{n}d": _mean_of_windows for n in (1, 2, 3)},
    **{f"max_pool{n}d_with_indices": _means_and_places(n) for n in (1, 2, 3)},
    **dict.fromkeys(("adaptive_max_pool1d", "adaptive_max_pool2d", "adaptive_max_pool3d"), _mean_of_parts),
    "embedding": _vectors,
}


@contextmanager
def _in_double() -> Iterator[None]:
    """What a net makes for itself, as a first state of a cell, is in double precision like the net."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def measured_fields(net: nn.Module, table: Table) -> dict[int, tuple[Extent, ...]]:
    """For chosen rows, what the output in the middle sees along each axis of the input.

    A recurrent layer or attention is asked at its last step.

    Args:
        net: that the table describes, layer for layer.
        table: of that net.
    """
    runner = copied(net).double().train()
    _make_positive(runner)
    zeros = Asked(table.graph.inputs, words=False, batch_axis=table.graph.batch_axis).batch(net)
    x, *others = (zero.double() + 0.1 for zero in zeros)
    x.requires_grad_()
    with Connected(), _in_double():
        writer = record(runner, [x, *others], count=False, batch_axis=table.graph.batch_axis)
    axes, outputs, found = positions(table), writer.outputs, {}
    first = 0 if reads_words(net) else min(axes[0], default=0)  # of the input's axes with positions
    for row in chosen(table):
        at = [f.middle for f in row.fields or ()]
        out = outputs[row.number - 1]
        found[row.number] = _seen(
            out.select(writer.axis(out), 0), at, axes[row.number], x, table.graph.batch_axis, first
        )
    return found


def chosen(table: Table) -> list[Row]:
    """Rows at which the field changes; of a long net the last at each jump."""
    known = [row for row in table.rows if row.fields and not _flat(row)]
    changed = [b for a, b in zip([None, *known], known, strict=False) if a is None or _fields(a) != _fields(b)]
    if len(changed) <= MANY:
        return changed
    return list({tuple(f.jump for f in row.fields or ()): row for row in changed}.values())


def _flat(row: Row) -> bool:
    """Whether the values still see parts of the input, but stand in a row: which of them would be asked?"""
    return len(row.output) == 1 and any(f.outputs > 1 for f in row.fields or ())


def _fields(row: Row) -> list[tuple[Any, ...]]:
    return [(f.size, f.jump, f.start) for f in row.fields or ()]


def positions(table: Table) -> dict[int, range]:
    """Which axes of each row's output (0: the input's) are positions: all but the channels or the features."""
    rank = len(table.graph.axes)
    first = next((row.layer.kind for row in table.rows if row.layer.kind in CHANNELS_FIRST | STEPS_FIRST), "linear")
    channels = len(table.input) > 2 or first in CHANNELS_FIRST
    if any(row.layer.kind == "transpose" for row in table.rows) and len(table.input) == 2:
        channels = table.graph.axes == table.input[1:]
    axes = {0: range(1, 1 + rank) if channels else range(rank)}
    for row in table.rows:
        before = axes.get(row.sources[0] if row.sources else 0, range(0))
        turned = range(1) if before == range(1, 2) else range(1, 2)
        axes[row.number] = turned if row.layer.kind == "transpose" else before if len(row.output) > 1 else range(0)
    return axes


def _seen(piece: Tensor, at: Sequence[int], axes: range, x: Tensor, batch: int, first: int) -> tuple[Extent, ...]:
    """First and last value along each axis of the input that has a gradient from one output of the first example."""
    for axis, position in zip(axes, at, strict=False):
        piece = piece.select(axis, position).unsqueeze(axis)
    (gradient,) = torch.autograd.grad(piece.sum(), x, retain_graph=True)
    touched = gradient.select(batch, 0) != 0
    extents = []
    for axis in range(first, first + len(at)):
        others = [other for other in range(touched.dim()) if other != axis]
        where = (touched.any(dim=others) if others else touched).nonzero().flatten()
        extents.append((int(where.min()), int(where.max())) if len(where) else (0, -1))
    return tuple(extents)


@torch.no_grad()
def _make_positive(net: nn.Module) -> None:
    """Weights of one over the number of inputs; vectors (biases, scales) become 0.1."""
    for parameter in net.parameters():
        parameter.fill_(parameter.shape[0] / parameter.numel() if parameter.dim() > 1 else 0.1)
