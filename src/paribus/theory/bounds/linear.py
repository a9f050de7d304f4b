"""The spectral norm ‖A‖₂ of a linear map that need not be written out as a matrix: power iteration on AᵀA."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from paribus.errors import TheoryError
from paribus.scratch import Tensor, grad

Array = NDArray[np.float64]
Map = Callable[[Array], Array]
Vjp = Callable[[Any, Array], tuple[Array, Map]]  # of a layer at x: its output, and g → gᵀ ∂y/∂x


@dataclass(frozen=True)
class Norm:
    """What power iteration found.

    Args:
        value: the estimate of ‖A‖₂, never above it but for rounding.
        iterations: products with A and Aᵀ it took.
        residual: ‖AᵀA v − σ² v‖/σ²: some singular value of A lies within about residual·σ of ``value``.
        vector: the direction v that is stretched most, of norm 1.
    """

    value: float
    iterations: int
    residual: float
    vector: Array

    @property
    def upper(self) -> float:
        """The estimate plus what the residual leaves open."""
        return self.value * sqrt(1 + self.residual)


def spectral_norm(
    matrix: ArrayLike | None = None,
    *,
    apply: Map | None = None,
    adjoint: Map | None = None,
    shape: tuple[int, ...] = (),
    tolerance: float = 1e-4,
    most: int = 20_000,
    seed: int = 0,
) -> Norm:
    """v ← AᵀA v/‖AᵀA v‖ until ‖AᵀA v − σ² v‖ ≤ tolerance·σ², where σ = ‖A v‖ (von Mises and Pollaczek-Geiringer 1929).

    The error of σ² is then at most tolerance·σ², and mostly far smaller, of the order of the residual squared. The
    iteration misses the largest singular value only if the random start is orthogonal to its vector, which has
    probability 0.

    Args:
        matrix: A, (m, n); or else all of the following.
        apply: x → A x, for x of ``shape``.
        adjoint: y → Aᵀ y.
        shape: of x.
        tolerance: on the residual; at a small gap to the next singular value a smaller one costs many products.
        most: products after which to give up; singular values that nearly tie need many.
        seed: of the start.

    Raises:
        TheoryError: no map was given, it holds numbers that are not finite, or the iteration did not settle.
    """
    forward, back, shape = _map(matrix, apply, adjoint, shape)
    v = np.random.default_rng(seed).normal(size=shape)
    v /= np.linalg.norm(v)
    for step in range(1, most + 1):
        image = forward(v)
        square = float(np.vdot(image, image))
        if not np.isfinite(square):
            raise TheoryError("a spectral norm needs finite numbers", hint="look for nan and inf in the weights")
        if square == 0:
            return Norm(0.0, step, 0.0, v)
        w = back(image)
        residual = float(np.linalg.norm(w - square * v)) / square
        if residual <= tolerance:
            return Norm(square**0.5, step, residual, v)
        v = w / np.linalg.norm(w)
    raise TheoryError(
        "power iteration settles unless the largest singular values nearly tie",
        got=f"residual {residual:.1e} after {most} products",
        hint="allow more products, or a tolerance above this residual",
    )


def vjp(layer: Any, x: Array) -> tuple[Array, Map]:
    """The output y of a layer of :mod:`paribus.scratch` at x, and the map g → gᵀ ∂y/∂x: backpropagation."""
    at = Tensor(x, requires_grad=True)
    y = layer(at)
    return np.asarray(y.data, np.float64), lambda g: np.asarray(grad(y, [at], seed=g)[0], np.float64)


def linear_layer(vjp: Vjp, layer: Any, shape: tuple[int, ...]) -> Norm:
    """The norm of a layer that is linear up to its bias; x has ``shape``. Backpropagation is its adjoint."""
    bias, adjoint = vjp(layer, np.zeros(shape))
    return spectral_norm(apply=lambda x: vjp(layer, x)[0] - bias, adjoint=adjoint, shape=shape)


def dense_matrix(apply: Map, shape: tuple[int, ...]) -> Array:
    """A linear map as a matrix (m, n): its columns are the images of the unit vectors. For small shapes."""
    columns = []
    for i in np.ndindex(shape):
        unit = np.zeros(shape)
        unit[i] = 1.0
        columns.append(apply(unit).ravel())
    return np.stack(columns, axis=1)


def _map(matrix: Any, apply: Map | None, adjoint: Map | None, shape: tuple[int, ...]) -> tuple[Map, Map, Any]:
    """Both directions of a map, and the shape of what it takes."""
    if matrix is not None:
        A = np.asarray(matrix, np.float64)
        if A.ndim != 2 or not A.size:
            raise TheoryError("a spectral norm is taken of a matrix with two axes", got=f"shape {A.shape}")
        return (lambda x: A @ x), (lambda y: A.T @ y), A.shape[1]
    if apply is None or adjoint is None or not shape:
        raise TheoryError("a linear map is a matrix, or apply and adjoint with the shape of what it takes")
    return apply, adjoint, shape
