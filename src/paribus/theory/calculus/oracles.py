"""Derivatives of what was typed, found without any rule of the calculus: what answers are held against."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from paribus.errors import TheoryError, nearest
from paribus.theory.calculus.draws import Draw
from paribus.theory.calculus.structures import STRUCTURES
from paribus.theory.derivations.differences import by_columns, central, complex_step, jacobian
from paribus.theory.expressions.evaluate import OutOfDomain, evaluate, shape_of
from paribus.theory.expressions.reading import Reading
from paribus.theory.expressions.second import Second, Unreadable


@dataclass(frozen=True)
class Typed:
    """What was typed as a function of arrays, by a reading that shares nothing with ours, if it can be read so.

    Args:
        reading: what our reader made of it.
        second: the second reading, if there is one.
    """

    reading: Reading
    second: Second | None

    def value(self, env: Mapping[str, Any], sizes: Mapping[str, int]) -> Any:
        """The value in the shape that was read.

        Raises:
            OutOfDomain: something is not finite.
        """
        if self.second is None:
            return evaluate(self.reading.expr, env, sizes)
        found = self.second(env, sizes)
        if not np.isfinite(found).all():
            raise OutOfDomain("the expression")
        shape = shape_of(self.reading.expr.shape, sizes)
        if np.size(found) != np.prod(shape):
            raise Unreadable(f"the shape {np.shape(found)}")
        return np.reshape(found, shape)


def second_readings(reading: Reading) -> Iterator[Typed]:
    """What was typed, read a second time if that can be done, and then by our own reading alone."""
    with suppress(Unreadable):
        yield Typed(
            reading, Second(reading.text, reading.board, reading.split, frozenset(reading.shapes), reading.linear)
        )
    yield Typed(reading, None)


Oracle = Callable[[Typed, Draw, str], Any]


def by_steps(along: Callable[..., Any]) -> Oracle:
    """Jacobian of what was typed, rows vec(F), columns vec(X), by one step for each entry of X."""

    def oracle(typed: Typed, draw: Draw, name: str) -> Any:
        def function(value: Any) -> Any:
            return typed.value({**draw.env, name: value}, draw.sizes)

        return by_columns(jacobian(function, draw.env[name], along), np.ndim(draw.env[name]))

    return oracle


def by_autograd(typed: Typed, draw: Draw, name: str) -> Any:
    """The same by torch's automatic differentiation."""
    from paribus.theory.calculus import autograd

    return by_columns(autograd.jacobian(typed.reading, draw, name), np.ndim(draw.env[name]))


def second(typed: Typed, draw: Draw, first: str, other: str) -> Any:
    """Second derivatives: central differences of the gradient by complex steps; rows vec(first), columns vec(other)."""

    def gradient(value: Any) -> Any:
        return by_steps(complex_step)(typed, replace(draw, env={**draw.env, other: value}), first)[0]

    return by_columns(jacobian(gradient, draw.env[other], central), np.ndim(draw.env[other]))


def structured(typed: Typed, draw: Draw, name: str, structure: str) -> Any:
    """The gradient among the directions that a matrix of a structure may move in, by a complex step along each."""
    at = draw.env[name]

    def slope(direction: Any) -> float:
        return float(complex_step(lambda x: typed.value({**draw.env, name: x}, draw.sizes), at, direction))

    return STRUCTURES[structure].measured(at, slope)


ORACLES: dict[str, tuple[str, Oracle]] = {
    "complex": ("complex-step differentiation", by_steps(complex_step)),
    "fd": ("central differences", by_steps(central)),
    "torch": ("torch autograd", by_autograd),
}


def find_oracle(name: str) -> tuple[str, Oracle]:
    """An oracle by its name: complex, fd or torch."""
    if name not in ORACLES:
        raise TheoryError("there is no oracle of this name", got=name, hint=nearest(name, ORACLES))
    return ORACLES[name]
