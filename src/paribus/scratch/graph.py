"""The graph: arrays with the step that made them, and the operations that take such steps.

A :class:`Primitive` is one row in the table of operations: a name, a function on plain arrays, and for each input x
the rule that turns ∂L/∂y into ∂L/∂x, the *vector–Jacobian product*

    rule(g, y, *inputs, **settings) = gᵀ ∂y/∂x,   g = ∂L/∂y.

Rules are ordinary code made of primitives and of the methods that arrays and tensors share. Handed arrays they compute
numbers at NumPy's speed; handed tensors they build a graph, and gradients of gradients come for free.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import count
from typing import Any, NamedTuple, Self, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from paribus.scratch.errors import GradientError, ShapeError

Array = NDArray[Any]
Rule = Callable[..., Any]
N = TypeVar("N", bound="Node")

_recording: ContextVar[bool] = ContextVar("recording", default=True)
_numbers = count()


class Node:
    """An array and where it came from. :class:`~paribus.scratch.tensor.Tensor` adds what people type."""

    __slots__ = ("data", "grad", "name", "requires_grad", "step")

    def __init__(self, data: Array, step: Step | None, requires_grad: bool) -> None:
        self.data = data
        self.step = step
        self.requires_grad = requires_grad
        self.grad: Array | None = None
        self.name = ""

    @classmethod
    def of(cls, data: Array, step: Step | None) -> Self:
        """The result of a step; it requires a gradient if the step was recorded."""
        node = cls.__new__(cls)
        Node.__init__(node, data, step, requires_grad=step is not None)
        return node


class Step(NamedTuple):
    """How a node was computed: ``primitive(*inputs, **settings)``. Steps are numbered in the order they ran."""

    primitive: Primitive
    inputs: tuple[Any, ...]
    settings: dict[str, Any]
    number: int


@dataclass(frozen=True, slots=True)
class Primitive:
    """One operation: ``forward`` on arrays, and one rule for each input that can have a gradient."""

    name: str
    forward: Callable[..., Any]
    rules: tuple[Rule | None, ...]

    @overload
    def __call__(self, x: N, *others: Any, **settings: Any) -> N: ...
    @overload
    def __call__(self, *inputs: Any, **settings: Any) -> Any: ...
    def __call__(self, *inputs: Any, **settings: Any) -> Any:
        """Compute, and remember the step if a gradient may be asked for: nodes give a node, plain arrays an array."""
        try:
            data = self.forward(*map(array_of, inputs), **settings)
        except ShapeError:
            raise
        except ValueError as error:
            raise ShapeError(self.name, [np.shape(array_of(x)) for x in inputs], str(error)) from None
        nodes = [x for x in inputs if isinstance(x, Node)]
        if not nodes:
            return data
        tracked = _recording.get() and any(x.requires_grad for x in nodes)
        step = Step(self, inputs, settings, next(_numbers)) if tracked else None
        return nodes[0].of(np.asarray(data), step)

    def vjp(self, needed: Sequence[int], g: Any, y: Any, inputs: Sequence[Any], settings: dict[str, Any]) -> list[Any]:
        """∂L/∂x for the ``needed`` inputs x, given g = ∂L/∂y."""
        return [self.rule(i)(g, y, *inputs, **settings) for i in needed]

    def rule(self, i: int) -> Rule:
        """The rule of input i."""
        if found := self.rules[i] if i < len(self.rules) else None:
            return found
        raise GradientError(f"{self.name}: there is no gradient with respect to input {i}")


def primitive(name: str, forward: Callable[..., Any], *rules: Rule | None) -> Primitive:
    """One row of the table."""
    return Primitive(name, forward, rules)


class Variadic(Primitive):
    """An operation of any number of inputs; its single rule is told which of them: ``rule(i, g, y, *inputs)``."""

    __slots__ = ()

    def __call__(self, *inputs: Any, **settings: Any) -> Any:
        """The inputs one by one, ``stack(a, b, axis=1)``, or as NumPy takes them: ``stack([a, b], 1)``."""
        if inputs and isinstance(inputs[0], list | tuple):
            inputs, settings = tuple(inputs[0]), {**dict(zip(("axis",), inputs[1:], strict=False)), **settings}
        return Primitive.__call__(self, *inputs, **settings)

    def vjp(self, needed: Sequence[int], g: Any, y: Any, inputs: Sequence[Any], settings: dict[str, Any]) -> list[Any]:
        """The same rule for every input."""
        return [self.rule(0)(i, g, y, *inputs, **settings) for i in needed]


def array_of(x: Any) -> Any:
    """The numbers in a node; anything else as it is."""
    return x.data if isinstance(x, Node) else x


def recording() -> bool:
    """Whether steps are remembered."""
    return _recording.get()


@contextmanager
def no_grad() -> Iterator[None]:
    """Within this block nothing is remembered: less memory, no gradients."""
    token = _recording.set(False)
    try:
        yield
    finally:
        _recording.reset(token)
