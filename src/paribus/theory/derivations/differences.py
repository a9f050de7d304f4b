"""Derivatives of a function of arrays that know no rule of calculus: what derivations are held against."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

TINY = 1e-30  # step along the imaginary axis: nothing is subtracted, so no digit is lost
NEAR = 2e-4  # step of the central differences of fourth order: its error h⁴ meets the rounding error ε / h

Function = Callable[[Any], Any]


def complex_step(function: Function, at: Any, direction: Any) -> Any:
    """Directional derivative as Im f(x + ih dx) / h.

    Source: W. Squire, G. Trapp, Using complex variables to estimate derivatives of real functions, SIAM Review 40
    (1998).
    """
    return np.imag(function(at + 1j * TINY * direction)) / TINY


def central(function: Function, at: Any, direction: Any) -> Any:
    """Directional derivative from four values: (8 (f₁ - f₋₁) - (f₂ - f₋₂)) / 12h."""
    values = [function(at + step * NEAR * direction) for step in (1, -1, 2, -2)]
    return (8 * (values[0] - values[1]) - (values[2] - values[3])) / (12 * NEAR)


def jacobian(function: Function, at: Any, along: Callable[[Function, Any, Any], Any]) -> Any:
    """∂f/∂x, shape of f before shape of x, by one direction for each entry of x."""
    at = np.asarray(at, float)
    units = np.eye(at.size).reshape((at.size, *at.shape))
    found = np.stack([along(function, at, unit) for unit in units], axis=-1)
    return found.reshape(found.shape[:-1] + at.shape)


def by_columns(found: Any, inputs: int) -> Any:
    """A Jacobian as a matrix, rows vec(f), columns vec(x), both by columns; ``inputs`` is the number of x's axes."""
    of = found.ndim - inputs
    turned = found.transpose([*reversed(range(of)), *reversed(range(of, found.ndim))])
    return turned.reshape(int(np.prod(found.shape[:of])), -1)
