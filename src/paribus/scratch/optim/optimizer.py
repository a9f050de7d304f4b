"""``Optimizer``: a rule, the parameters it moves, and the states it needs for that."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from math import prod

import numpy as np

from paribus.scratch.backward import grad
from paribus.scratch.errors import GradientError, ShapeError
from paribus.scratch.graph import Array, no_grad
from paribus.scratch.optim.rules import Rule
from paribus.scratch.tensor import Tensor


class Optimizer:
    """Moves ``parameters`` along their gradients: ``loss.backward(); optimizer.step(); optimizer.zero_grad()``.

    A joint rule sees one vector made of all parameters, any other rule each parameter by itself.
    """

    def __init__(self, parameters: Iterable[Tensor], rule: Rule) -> None:
        self.parameters, self.rule = list(parameters), rule
        starts = [flatten(self.parameters)] if rule.joint else [x.data for x in self.parameters]
        self.states = [rule.init(x) for x in starts]

    def step(self) -> None:
        """One step with the gradients that ``backward`` has left."""
        if self.rule.joint:
            g = np.concatenate([self._gradient(x).ravel() for x in self.parameters])
            moved, self.states[0] = self.rule.update(g, self.states[0], flatten(self.parameters))
            return unflatten(moved, self.parameters)
        for i, x in enumerate(self.parameters):
            moved, self.states[i] = self.rule.update(self._gradient(x), self.states[i], x.data)
            x.data = np.asarray(moved, x.dtype)
        return None

    def zero_grad(self) -> None:
        """Forget all gradients."""
        for x in self.parameters:
            x.grad = None

    @staticmethod
    def _gradient(x: Tensor) -> Array:
        if x.grad is None:
            raise GradientError(f"parameter {x.name or x.shape} has no gradient: call backward on a loss that uses it")
        return x.grad


Rule.optimizer = Optimizer


def flatten(parameters: Iterable[Tensor]) -> Array:
    """All numbers in one vector."""
    return np.concatenate([x.data.ravel() for x in parameters])


def unflatten(vector: Array, parameters: Iterable[Tensor]) -> None:
    """Put the numbers of a vector back into the parameters."""
    tensors = list(parameters)
    if vector.size != sum(x.size for x in tensors):
        raise ShapeError("unflatten", [vector.shape, *(x.shape for x in tensors)], "as many numbers as parameters")
    ends = np.cumsum([prod(x.shape) for x in tensors])[:-1]
    for x, part in zip(tensors, np.split(vector, ends), strict=True):
        x.data = np.asarray(part.reshape(x.shape), x.dtype)


def value_of(loss: Callable[[], Tensor], parameters: Iterable[Tensor]) -> Callable[[Array], float]:
    """The loss as a function of one vector, as line searches need it; the parameters stay where they are."""
    tensors = list(parameters)

    def value(vector: Array) -> float:
        before = [x.data for x in tensors]
        unflatten(vector, tensors)
        with no_grad():
            result = loss().item()
        for x, data in zip(tensors, before, strict=True):
            x.data = data
        return result

    return value


def hessian_of(function: Callable[[Tensor], Tensor]) -> Callable[[Array], Array]:
    """Second derivatives of a scalar function of one vector, (n,) → (n, n): a gradient for each gradient entry."""

    def hessian(x: Array) -> Array:
        point = Tensor(x, requires_grad=True)
        (g,) = grad(function(point), [point], create_graph=True)
        rows = np.eye(point.size, dtype=point.dtype)
        if not g.requires_grad:  # a linear function
            return np.zeros_like(rows)
        return np.stack([grad(g, [point], seed=row)[0] for row in rows])

    return hessian
