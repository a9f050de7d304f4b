"""What each layer of a sequence costs in memory, predicted from two tiny batches.

The bytes that a layer leaves behind are a constant plus so many for each sample. Two small runs give both numbers:
what the graph holds is counted array by array, no clock and no allocator is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from paribus.scratch.backward import history
from paribus.scratch.graph import Array, Node
from paribus.scratch.memory.checkpoint import moment, replayed
from paribus.scratch.nn.container import Sequential
from paribus.scratch.ops.convolution import CACHED
from paribus.scratch.tensor import Tensor

Loss = Callable[[Any, Any], Tensor]
TINY = (4, 8)


class Cost(NamedTuple):
    """Bytes of one layer in one training step."""

    layer: str
    parameters: int  # and as many for their gradients
    held: int  # everything computed here that the backward pass will need, output included
    output: int  # what a checkpoint would keep
    passing: int  # gradients alive at once while the backward pass crosses the layer


def costs(net: Sequential, loss: Loss, x: Array, y: Array, batch: int | None = None) -> list[Cost]:
    """The cost of each layer, and of the loss as the last row, for a batch of that many samples (default: all of x)."""
    n, (few, more) = batch or len(x), TINY
    with replayed(net, moment(net)):
        small, large = (_count(net, loss, x[:k], y[:k]) for k in TINY)
    return [_line(a, b, (n - few) / (more - few)) for a, b in zip(small, large, strict=True)]


def _line(a: Cost, b: Cost, t: float) -> Cost:
    """The straight line through two costs."""
    return Cost(a.layer, a.parameters, *(round(p + t * (q - p)) for p, q in zip(a[2:], b[2:], strict=True)))


def _count(net: Sequential, loss: Loss, x: Array, y: Array) -> list[Cost]:
    """Run forward once and count."""
    seen = {id(a) for a in (owner(x), owner(y), *(owner(p.data) for p in net.parameters()))}
    found, done, value = [], set[Node](), Tensor.of(x, None)
    for name, layer, parameters in _stages(net, loss, y):
        value = layer(value)
        steps = [node for node in history(value) if node not in done]
        done.update(steps)
        arrays = {id(a): a for node in steps for a in _arrays(node) if id(a) not in seen}
        seen |= arrays.keys()
        held = sum(a.nbytes for a in arrays.values())
        passing = max((_passing(node) for node in steps), default=0)
        found.append(Cost(name, parameters, held, value.data.nbytes, passing))
    return found


def _stages(net: Sequential, loss: Loss, y: Array) -> Iterator[tuple[str, Callable[[Any], Tensor], int]]:
    for layer in net:
        yield repr(layer), layer, sum(p.data.nbytes for p in layer.parameters())
    yield "loss", lambda value: loss(value, y), 0


def _arrays(node: Node) -> Iterator[Array]:
    """All arrays that a step keeps alive: result, inputs and settings."""
    assert node.step is not None
    for part in (node, *node.step.inputs, *node.step.settings.values()):
        array = part.data if isinstance(part, Node) else part
        if isinstance(array, np.ndarray):
            yield owner(array)


def _passing(node: Node) -> int:
    """Bytes while one rule runs: the gradient that comes, those that go, a temporary of the same size, and columns."""
    assert node.step is not None
    columns = CACHED * node.data.itemsize if "convolution" in node.step.primitive.name else 0
    going = [x.data.nbytes for x in node.step.inputs if isinstance(x, Node) and x.step is not None]
    return 2 * node.data.nbytes + sum(going) + columns


def owner(array: Array) -> Array:
    """The array whose memory a view looks into."""
    while isinstance(array.base, np.ndarray):
        array = array.base
    return array
