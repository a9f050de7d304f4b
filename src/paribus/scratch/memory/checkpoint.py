"""Checkpointing: forget what happened inside a segment, keep its input, and compute the rest again when it is needed.

A step of training holds every intermediate result until the backward pass has used it. Run as one operation, a segment
holds only its input; its backward pass first runs forward once more (Chen et al. 2016, arXiv:1604.06174, "Training deep
nets with sublinear memory cost"). Batch statistics and chance are replayed, so that gradients are equal bit by bit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np

from paribus.scratch.backward import grad
from paribus.scratch.errors import GradientError, ScratchError
from paribus.scratch.graph import Array, Node, Primitive, no_grad
from paribus.scratch.nn.container import Sequential
from paribus.scratch.nn.module import Module
from paribus.scratch.tensor import Tensor


class Segment(NamedTuple):
    """Layers ``start`` … ``stop`` − 1, computed twice (``again``) or held as usual."""

    start: int
    stop: int
    again: bool


Plan = tuple[Segment, ...]


class Checkpointed(Module):
    """A sequence run by a plan: the same parameters, outputs and gradients in less memory and more time."""

    def __init__(self, net: Sequential, plan: Plan) -> None:
        if [i for s in plan for i in range(s.start, s.stop)] != list(range(len(net))):
            raise ScratchError(f"a plan must cover layers 0 … {len(net) - 1} in order, not {plan}")
        self.net = net
        self.plan = plan
        self.parts = [Sequential(*net.layers[s.start : s.stop]) for s in plan]

    def children(self) -> Iterator[tuple[str, Module]]:
        """The net alone: the parts are made of the same layers."""
        yield "net", self.net

    def forward(self, x: Any) -> Any:
        """Through all segments."""
        for segment, part in zip(self.plan, self.parts, strict=True):
            x = checkpoint(part, x) if segment.again else part(x)
        return x

    def __repr__(self) -> str:
        return f"Checkpointed({self.net!r}, {len(self.plan)} segments)"


def checkpoint(part: Module, x: Any) -> Tensor:
    """``part(x)``, holding nothing but x."""
    y: Tensor = _recompute(x, *part.parameters(), part=part, before=moment(part))
    return y


class _Recompute(Primitive):
    """Forward: run without remembering. Backward: run again, remember, and walk back through it."""

    __slots__ = ()

    def vjp(self, needed: Sequence[int], g: Any, y: Any, inputs: Sequence[Any], settings: dict[str, Any]) -> list[Any]:
        """∂L/∂x and ∂L/∂parameters from a second run."""
        if isinstance(g, Node):
            raise GradientError("create_graph cannot look into a checkpointed segment: run the plain net for that")
        part: Module = settings["part"]
        start = Tensor.of(inputs[0], None)
        start.requires_grad = True
        with replayed(part, settings["before"]):
            y = part(start)
        sources = [start, *part.parameters()]
        return grad(y, [sources[i] for i in needed], seed=g)


def _forward(x: Array, *parameters: Array, part: Module, before: Moment) -> Array:
    with no_grad():
        return part(Tensor.of(x, None)).data


_recompute = _Recompute("checkpoint", _forward, ())


class Moment(NamedTuple):
    """The state of random generators and buffers."""

    chance: list[Any]
    buffers: list[Array]


def moment(part: Module) -> Moment:
    """The present state."""
    return Moment(
        [generator.bit_generator.state for generator in part.generators()],
        [buffer.copy() for buffer in part.buffers().values()],
    )


@contextmanager
def replayed(part: Module, before: Moment) -> Iterator[None]:
    """Within this block it is ``before`` again: the same masks are drawn; statistics are not counted twice."""
    after = moment(part)
    _set(part, before)
    try:
        yield
    finally:
        _set(part, after)


def _set(part: Module, then: Moment) -> None:
    for generator, state in zip(part.generators(), then.chance, strict=True):
        generator.bit_generator.state = state
    for buffer, numbers in zip(part.buffers().values(), then.buffers, strict=True):
        np.copyto(buffer, numbers)
