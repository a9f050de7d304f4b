"""Derivatives of what was typed, found without any rule of the calculus: what answers are held against."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from paribus.errors import TheoryError, nearest
from paribus.theory.calculus.draws import Draw
from paribus.theory.derivations.differences import by_columns, central, complex_step, jacobian
from paribus.theory.expressions.literal import literal
from paribus.theory.expressions.reading import Reading

Oracle = Callable[[Reading, Draw, str], Any]


def by_steps(along: Callable[..., Any]) -> Oracle:
    """Jacobian of what was typed, rows vec(F), columns vec(X), by one step for each entry of X."""

    def oracle(reading: Reading, draw: Draw, name: str) -> Any:
        def function(value: Any) -> Any:
            return literal(reading, {**draw.env, name: value}, draw.sizes)

        return by_columns(jacobian(function, draw.env[name], along), np.ndim(draw.env[name]))

    return oracle


def by_autograd(reading: Reading, draw: Draw, name: str) -> Any:
    """The same by torch's automatic differentiation."""
    from paribus.theory.calculus import autograd

    return by_columns(autograd.jacobian(reading, draw, name), np.ndim(draw.env[name]))


def second(reading: Reading, draw: Draw, first: str, other: str) -> Any:
    """Second derivatives: central differences of the gradient by complex steps; rows vec(first), columns vec(other)."""

    def gradient(value: Any) -> Any:
        return by_steps(complex_step)(reading, replace(draw, env={**draw.env, other: value}), first)[0]

    return by_columns(jacobian(gradient, draw.env[other], central), np.ndim(draw.env[other]))


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
