"""Derivatives of what was typed, found without any rule of the calculus: what answers are held against."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from paribus.errors import TheoryError, nearest
from paribus.theory.calculus.draws import Draw
from paribus.theory.expressions.literal import literal
from paribus.theory.expressions.reading import Reading

TINY = 1e-30  # step along the imaginary axis: nothing is subtracted, so no digit is lost
NEAR = 2e-4  # step of the central differences of fourth order: its error h⁴ meets the rounding error ε / h

Function = Callable[[dict[str, Any]], Any]
Oracle = Callable[[Reading, Draw, str], Any]


def complex_step(function: Function, env: dict[str, Any], name: str, direction: Any) -> Any:
    """Directional derivative as Im f(X + ih dX) / h.

    Source: W. Squire, G. Trapp, Using complex variables to estimate derivatives of real functions, SIAM Review 40
    (1998).
    """
    return np.imag(function({**env, name: env[name] + 1j * TINY * direction})) / TINY


def central(function: Function, env: dict[str, Any], name: str, direction: Any) -> Any:
    """Directional derivative from four values: (8 (f₁ - f₋₁) - (f₂ - f₋₂)) / 12h."""
    at = [function({**env, name: env[name] + step * NEAR * direction}) for step in (1, -1, 2, -2)]
    return (8 * (at[0] - at[1]) - (at[2] - at[3])) / (12 * NEAR)


def columns(function: Function, env: dict[str, Any], name: str, along: Callable[..., Any]) -> Any:
    """The whole Jacobian, rows vec(F), columns vec(X), by one direction a column."""
    value = np.asarray(env[name])
    found = []
    for place in range(value.size):
        direction = np.zeros(value.size)
        direction[place] = 1.0
        found.append(np.ravel(along(function, env, name, direction.reshape(value.shape, order="F")), order="F"))
    return np.stack(found, axis=1)


def typed(reading: Reading, draw: Draw) -> Function:
    """What was typed, as a function of the values."""
    return lambda env: literal(reading, env, draw.sizes)


def by_complex_step(reading: Reading, draw: Draw, name: str) -> Any:
    """Jacobian by complex steps: right to the last digits."""
    return columns(typed(reading, draw), draw.env, name, complex_step)


def by_differences(reading: Reading, draw: Draw, name: str) -> Any:
    """Jacobian by central differences: right to about ten digits."""
    return columns(typed(reading, draw), draw.env, name, central)


def by_autograd(reading: Reading, draw: Draw, name: str) -> Any:
    """Jacobian by torch's automatic differentiation."""
    from paribus.theory.calculus.autograd import jacobian

    return jacobian(reading, draw, name)


def second(reading: Reading, draw: Draw, first: str, other: str) -> Any:
    """Second derivatives: central differences of the gradient by complex steps; rows vec(first), columns vec(other)."""

    def gradient(env: dict[str, Any]) -> Any:
        return columns(typed(reading, draw), env, first, complex_step)[0]

    return columns(gradient, draw.env, other, central)


ORACLES: dict[str, tuple[str, Oracle]] = {
    "complex": ("complex-step differentiation", by_complex_step),
    "fd": ("central differences", by_differences),
    "torch": ("torch autograd", by_autograd),
}


def find_oracle(name: str) -> tuple[str, Oracle]:
    """An oracle by its name: complex, fd or torch."""
    if name not in ORACLES:
        raise TheoryError("there is no oracle of this name", got=name, hint=nearest(name, ORACLES))
    return ORACLES[name]
