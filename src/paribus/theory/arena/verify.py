"""Gradients and Hessians checked before anything is shown: closed form, autograd and finite differences agree."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from paribus.errors import TheoryError
from paribus.scratch import Tensor, grad
from paribus.scratch.graph import Array
from paribus.theory.arena.problems import Problem
from paribus.theory.derivations.proof import relative_error
from paribus.theory.derivations.record import TOLERANCE

DRAWS = 50
EMPTY = 1000  # points by which the share without values is estimated


@dataclass(frozen=True)
class Check:
    """How far three ways to the same derivatives are apart, relative to the largest entry (at least 1).

    Args:
        points: random points of the domain at which they were compared.
        empty: share of the domain in which the function has no value.
        autograd: gradient in closed form against autograd.
        differences: gradient in closed form against central differences of the value.
        hessian: Hessian by autograd against central differences of the gradient.
    """

    points: int
    autograd: float
    differences: float
    hessian: float
    empty: float = 0.0

    @property
    def largest(self) -> float:
        """The largest relative error of all."""
        return max(self.autograd, self.differences, self.hessian)


def check(problem: Problem, draws: int = DRAWS, seed: int = 0) -> Check:
    """Compare the derivatives of a problem at random points.

    Raises:
        TheoryError: where the function has hardly any values, or the derivatives disagree.
    """
    points = problem.draw(draws, seed)
    inside = np.isfinite(differences(problem.value, points)).all(-1)  # no step of a difference leaves where it lives
    found = _compare(problem, points[inside])
    if not found.largest <= TOLERANCE:
        raise TheoryError(
            "closed form, autograd and finite differences disagree: nothing is shown that was not verified",
            got=f"relative error {found.largest:.1e} on {problem.name}",
            hint="is the function smooth in this domain? choose a smaller --width",
        )
    anywhere = np.random.default_rng(seed).uniform(problem.low, problem.high, (EMPTY, problem.dimensions))
    return replace(found, empty=1 - float(problem.defined(anywhere).mean()))


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
