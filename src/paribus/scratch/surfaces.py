"""Test functions for optimizers, as a table: the value, and the gradient in closed form beside it.

Every function takes points x of shape (…, n) and gives one number for each, (…). Values are written with operations
that arrays and tensors share, so that autograd differentiates them too; gradients take plain arrays, (…, n) → (…, n).
What is known of these functions, such as their minima, stands in :mod:`paribus.theory.arena`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from paribus.scratch import ops
from paribus.scratch.graph import Array, array_of

PI = np.pi
TINY = 1e-300  # below a root: the slope of √u at u = 0 becomes large, not infinite, and times 0 it is 0
LEVEL = 418.9828872724338  # lifts Schwefel's minimum to 0: the largest x sin √x for 0 ≤ x ≤ 500


@dataclass(frozen=True)
class Surface:
    """A function of points and its gradient.

    Args:
        name: as people call it.
        formula: how it is written, for n dimensions where it has them.
        value: (…, n) → (…), on arrays and tensors.
        gradient: (…, n) → (…, n) in closed form, on arrays.
        dimensions: the only number of coordinates it takes; None where any will do.
    """

    name: str
    formula: str
    value: Callable[[Any], Any]
    gradient: Callable[[Array], Array]
    dimensions: int | None = 2

    def __call__(self, x: Any) -> Any:
        """The value."""
        return self.value(x)


def _root(u: Any) -> Any:
    """√|u|, with slope 0 at 0."""
    return ops.sqrt(abs(u) + TINY)


def _slope(u: Array) -> Array:
    """Derivative of √|u|, 0 at 0."""
    return np.asarray(np.sign(u) / (2 * _root(u)))


def quadratic(x: Any, matrix: Array) -> Any:
    """½ xᵀA x."""
    return ((x @ matrix) * x).sum(-1) / 2


def _quadratic_gradient(x: Array, matrix: Array) -> Array:
    return np.asarray(x @ (matrix + matrix.T) / 2)


def bowl(condition: float = 10.0, angle: float = 0.0, dimensions: int = 2) -> Surface:
    """½ xᵀA x with eigenvalues from 1 to ``condition``; the first two axes are turned by ``angle`` degrees."""
    matrix = np.diag(np.geomspace(1.0, condition, dimensions) if dimensions > 1 else np.array([condition]))
    if dimensions > 1:
        c, s = np.cos(np.radians(angle)), np.sin(np.radians(angle))
        turn = np.eye(dimensions)
        turn[:2, :2] = [[c, -s], [s, c]]
        matrix = turn @ matrix @ turn.T
    value, gradient = (partial(f, matrix=matrix) for f in (quadratic, _quadratic_gradient))
    return Surface("quadratic", "½ xᵀA x", value, gradient, dimensions)


def softplus(x: Any) -> Any:
    """ln(1 + e^10x) + x², in every coordinate."""
    return (ops.softplus(10 * x) + x**2).sum(-1)


def _softplus_gradient(x: Array) -> Array:
    return np.asarray(10 * array_of(ops.sigmoid(10 * x)) + 2 * x)


def rosenbrock(x: Any) -> Any:
    """Σ 100 (y − x²)² + (1 − x)² over neighbours x, y (Rosenbrock 1960): a curved valley."""
    a, b = x[..., :-1], x[..., 1:]
    return (100 * (b - a**2) ** 2 + (1 - a) ** 2).sum(-1)


def _rosenbrock_gradient(x: Array) -> Array:
    a, bend = x[..., :-1], x[..., 1:] - x[..., :-1] ** 2
    gradient = np.zeros_like(x)
    gradient[..., :-1] = -400 * a * bend - 2 * (1 - a)
    gradient[..., 1:] += 200 * bend
    return gradient


def rastrigin(x: Any) -> Any:
    """Σ x² + 10 − 10 cos 2πx (Rastrigin 1974): a parabola with a local minimum near every whole number."""
    return (x**2 + 10 - 10 * ops.cos(2 * PI * x)).sum(-1)


def schwefel(x: Any) -> Any:
    """Σ 418.98 − x sin √|x| (Schwefel 1981): the second best minimum lies far from the best."""
    return (LEVEL - x * ops.sin(_root(x))).sum(-1)


def _schwefel_gradient(x: Array) -> Array:
    root = _root(x)
    return np.asarray(-np.sin(root) - root * np.cos(root) / 2)


def ackley(x: Any) -> Any:
    """20 + e − 20 exp(−⅕ √mean x²) − exp(mean cos 2πx) (Ackley 1987): a narrow minimum amid many local ones."""
    root = ops.sqrt((x**2).mean(-1) + TINY)
    return 20 + np.e - 20 * ops.exp(-root / 5) - ops.exp(ops.cos(2 * PI * x).mean(-1))


def _ackley_gradient(x: Array) -> Array:
    n = x.shape[-1]
    root = np.sqrt((x**2).mean(-1, keepdims=True) + TINY)
    waves = np.exp(np.cos(2 * PI * x).mean(-1, keepdims=True))
    return np.asarray(4 * np.exp(-root / 5) * x / (n * root) + waves * 2 * PI * np.sin(2 * PI * x) / n)


def beale(x: Any) -> Any:
    """(1.5 − x + xy)² + (2.25 − x + xy²)² + (2.625 − x + xy³)² (Beale 1958)."""
    a, b = x[..., 0], x[..., 1]
    return (1.5 - a + a * b) ** 2 + (2.25 - a + a * b**2) ** 2 + (2.625 - a + a * b**3) ** 2


def _beale_gradient(x: Array) -> Array:
    a, b = x[..., 0], x[..., 1]
    rests = [(c - a + a * b**k, k) for c, k in ((1.5, 1), (2.25, 2), (2.625, 3))]
    by_a = sum(2 * rest * (b**k - 1) for rest, k in rests)
    by_b = sum(2 * rest * k * a * b ** (k - 1) for rest, k in rests)
    return np.stack([by_a, by_b], -1)


def eggholder(x: Any) -> Any:
    """−(y + 47) sin √|x/2 + y + 47| − x sin √|x − y − 47|: ridges and pits, the lowest on the edge."""
    a, b = x[..., 0], x[..., 1] + 47
    return -b * ops.sin(_root(a / 2 + b)) - a * ops.sin(_root(a - b))


def _eggholder_gradient(x: Array) -> Array:
    a, b = x[..., 0], x[..., 1] + 47
    u, w = a / 2 + b, a - b
    along, across = b * np.cos(_root(u)) * _slope(u), a * np.cos(_root(w)) * _slope(w)
    return np.stack([-along / 2 - np.sin(_root(w)) - across, -np.sin(_root(u)) - along + across], -1)


def himmelblau(x: Any) -> Any:
    """(x² + y − 11)² + (x + y² − 7)² (Himmelblau 1972): four minima, all of them 0."""
    a, b = x[..., 0], x[..., 1]
    return (a**2 + b - 11) ** 2 + (a + b**2 - 7) ** 2


def _himmelblau_gradient(x: Array) -> Array:
    a, b = x[..., 0], x[..., 1]
    p, q = a**2 + b - 11, a + b**2 - 7
    return np.stack([4 * a * p + 2 * q, 2 * p + 4 * b * q], -1)


def saddle(x: Any) -> Any:
    """x² − y²."""
    return x[..., 0] ** 2 - x[..., 1] ** 2


def monkey(x: Any) -> Any:
    """x³ − 3xy²: a saddle with three ways down."""
    return x[..., 0] ** 3 - 3 * x[..., 0] * x[..., 1] ** 2


def _monkey_gradient(x: Array) -> Array:
    a, b = x[..., 0], x[..., 1]
    return np.stack([3 * a**2 - 3 * b**2, -6 * a * b], -1)


# fmt: off
SURFACES = {
    surface.name: surface
    for surface in (
        Surface("rosenbrock", "Σ 100 (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)²", rosenbrock, _rosenbrock_gradient, None),
        Surface("rastrigin", "Σ x² + 10 − 10 cos 2πx", rastrigin, lambda x: 2 * x + 20 * PI * np.sin(2 * PI * x), None),
        Surface("schwefel", "Σ 418.98 − x sin √|x|", schwefel, _schwefel_gradient, None),
        Surface("ackley", "20 + e − 20 exp(−⅕ √mean x²) − exp(mean cos 2πx)", ackley, _ackley_gradient, None),
        Surface("beale", "(1.5 − x + xy)² + (2.25 − x + xy²)² + (2.625 − x + xy³)²", beale, _beale_gradient),
        Surface("eggholder", "−(y + 47) sin √|x/2 + y + 47| − x sin √|x − y − 47|", eggholder, _eggholder_gradient),
        Surface("himmelblau", "(x² + y − 11)² + (x + y² − 7)²", himmelblau, _himmelblau_gradient),
        bowl(),
        Surface("softplus", "Σ ln(1 + e^10x) + x²", softplus, _softplus_gradient, None),
        Surface("saddle", "x² − y²", saddle, lambda x: np.stack([2 * x[..., 0], -2 * x[..., 1]], -1)),
        Surface("monkey", "x³ − 3xy²", monkey, _monkey_gradient),
    )
}
# fmt: on
