"""Gradients and Hessians checked before anything is shown: closed form, autograd and finite differences agree."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from paribus.errors import TheoryError
from paribus.scratch import Tensor, grad
from paribus.scratch.graph import Array
from paribus.theory.arena.problems import Problem
from paribus.theory.derivations.proof import relative_error
from paribus.theory.derivations.record import TOLERANCE

DRAWS = 50


@dataclass(frozen=True)
class Check:
    """How far three ways to the same derivatives are apart, relative to the largest entry (at least 1).

    Args:
        points: random points of the domain at which they were compared.
        autograd: gradient in closed form against autograd.
        differences: gradient in closed form against central differences of the value.
        hessian: Hessian by autograd against central differences of the gradient.
    """

    points: int
    autograd: float
    differences: float
    hessian: float

    @property
    def largest(self) -> float:
        """The largest relative error of all."""
        return max(self.autograd, self.differences, self.hessian)


def check(problem: Problem, draws: int = DRAWS, seed: int = 0) -> Check:
    """Compare the derivatives of a problem at random points.

    Raises:
        TheoryError: where the function is not a number, or the derivatives disagree.
    """
    points = problem.draw(draws, seed)
    with np.errstate(all="ignore"):
        points = points[np.isfinite(problem.value(points)) & np.isfinite(problem.gradient(points)).all(-1)]
    if len(points) < max(2, draws // 10):
        raise TheoryError(
            "the function has no value in most of its domain", got=problem.name, hint="choose a smaller --width"
        )
    found = _compare(problem, points)
    if not found.largest <= TOLERANCE:
        raise TheoryError(
            "closed form, autograd and finite differences disagree: nothing is shown that was not verified",
            got=f"relative error {found.largest:.1e} on {problem.name}",
            hint="is the function smooth in this domain? choose a smaller --width",
        )
    return found


def _compare(problem: Problem, points: Array) -> Check:
    closed = problem.gradient(points)
    leaf = Tensor(points, requires_grad=True)
    (auto,) = grad(problem.surface.value(leaf).sum(), [leaf])
    slopes = differences(problem.value, points)
    curvature = differences(problem.gradient, points)
    hessian = np.swapaxes(problem.hessian(points), -1, -2)
    return Check(len(points), _apart(closed, auto), _apart(closed, slopes), _apart(hessian, curvature))


def differences(function: object, points: Array, step: float = 2e-4) -> Array:
    """Central differences of fourth order along every coordinate: (f(−2h) − 8f(−h) + 8f(h) − f(2h)) / 12h."""
    assert callable(function)
    h, columns = step * np.maximum(1.0, np.abs(points) / 50), []
    for i in range(points.shape[-1]):
        move = np.zeros_like(points)
        move[:, i] = h[:, i]
        ahead, far = (function(points + k * move) - function(points - k * move) for k in (1, 2))
        columns.append((8 * ahead - far) / (12 * h[:, i].reshape(-1, *[1] * (np.ndim(ahead) - 1))))
    return np.stack(columns, 1)


def _apart(found: Array, expected: Array) -> float:
    """Largest error at a point, relative to the largest entry there (at least 1)."""
    return max(relative_error(a, b, floor=1.0) for a, b in zip(found, expected, strict=True))
