"""Matrices of a structure: how they are drawn, which directions they may move in, and the gradient among these.

The gradient of a matrix whose entries are all free is one thing, that of a symmetric matrix another: there S[i, j] and
S[j, i] move together. Source: K. B. Petersen, M. S. Pedersen, The Matrix Cookbook (2012), section 2.8; for orthogonal
matrices P.-A. Absil, R. Mahony, R. Sepulchre, Optimization Algorithms on Matrix Manifolds (2008), chapter 3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from paribus.theory.expressions.products import diag, matmul
from paribus.theory.expressions.tree import Expr, number

Directional = Callable[[Any], float]  # the derivative of f in a direction


@dataclass(frozen=True)
class Structure:
    """A structure of square matrices.

    Args:
        means: what holds, with the name put in.
        rule: how the gradient is restricted, in words.
        drawn: a matrix of this structure from any square matrix.
        restricted: (gradient with all entries free, the matrix) → the gradient among the directions that there are.
        measured: (the matrix, directional derivative) → the same in numbers, by one direction at a time.
    """

    means: str
    rule: str
    drawn: Callable[[Any], Any]
    restricted: Callable[[Expr, Expr], Expr]
    measured: Callable[[Any, Directional], Any]


def positive_definite(a: Any) -> Any:
    """a aᵀ / n + I / 2."""
    return a @ a.T / len(a) + 0.5 * np.eye(len(a))


def _rotation(a: Any) -> Any:
    q = np.linalg.qr(a)[0]
    q[:, 0] *= np.sign(np.linalg.det(q))
    return q


def _unit(n: int, i: Any, j: Any) -> Any:
    found = np.zeros((n, n))
    found[i, j] = 1.0
    return found


def _together(x: Any, slope: Directional) -> Any:
    """S[i, j] and S[j, i] move together."""
    n = len(x)
    found = np.zeros((n, n))
    for i, j in zip(*np.triu_indices(n), strict=True):
        unit = _unit(n, i, j)
        found[i, j] = found[j, i] = slope(unit if i == j else unit + unit.T)
    return found


def _each(places: Callable[[int], Any]) -> Callable[[Any, Directional], Any]:
    """Only some entries move."""

    def measured(x: Any, slope: Directional) -> Any:
        found = np.zeros(np.shape(x))
        for i, j in zip(*places(len(x)), strict=True):
            found[i, j] = slope(_unit(len(x), i, j))
        return found

    return measured


def _turned(x: Any, slope: Directional) -> Any:
    """Q moves to Q (I + Ω) with Ω = -Ωᵀ; Q A with ⟨Q A, Q Ω⟩ = df."""
    n = len(x)
    found = np.zeros((n, n))
    for i, j in zip(*np.triu_indices(n, 1), strict=True):
        turn = _unit(n, i, j) - _unit(n, j, i)
        found += 0.5 * slope(x @ turn) * turn
    return x @ found


HALF = number(Fraction(1, 2))
_SYMMETRIC = Structure(
    "{0} is symmetric: {0} = {0}.T",
    "{0}[i, j] and {0}[j, i] vary together: G + G.T - diag(G)",
    positive_definite,
    lambda g, x: g + g.T - diag(diag(g)),
    _together,
)
STRUCTURES: dict[str, Structure] = {
    "symmetric": _SYMMETRIC,
    "definite": Structure(
        "{0} is symmetric and positive definite: {0} = {0}.T",
        _SYMMETRIC.rule,
        positive_definite,
        _SYMMETRIC.restricted,
        _together,
    ),
    "diagonal": Structure(
        "{0} is diagonal",
        "only the diagonal varies: diag(G)",
        lambda a: np.diag(0.5 + np.abs(np.diag(a))),
        lambda g, x: diag(diag(g)),
        _each(np.diag_indices),
    ),
    "lower": Structure(
        "{0} is lower triangular",
        "nothing above the diagonal varies: tril(G)",
        lambda a: np.tril(a, -1) + np.diag(0.5 + np.abs(np.diag(a))),
        lambda g, x: Expr("tril", shape=g.shape) * g,
        _each(np.tril_indices),
    ),
    "orthogonal": Structure(
        "{0} is orthogonal: {0}.T @ {0} = I",
        "projected to the tangent space at {0}: (G - {0} G.T {0}) / 2",
        _rotation,
        lambda g, x: HALF * (g - matmul(x, g.T, x)),
        _turned,
    ),
}
SYMMETRIC = {"symmetric", "definite", "diagonal"}  # those that equal their transposes
