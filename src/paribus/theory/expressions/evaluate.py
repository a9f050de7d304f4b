"""The value of an expression in NumPy, for real and for complex numbers: the oracle takes complex steps."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from math import prod
from typing import Any

import numpy as np

from paribus.theory.expressions.tree import Expr, Shape, Size

Env = Mapping[str, Any]
CONDITION = 1e4  # a matrix beyond it counts as singular: its inverse would lose the digits that the check needs
KINK = 1e-3  # nearer to 0 than this, but not at it, a difference quotient might straddle the kink of abs and relu


class OutOfDomain(ArithmeticError):
    """The drawn numbers lie where a function has no value or no derivative: no mistake of the user, draw again."""


def evaluate(expr: Expr, env: Env, sizes: Mapping[str, int], known: Mapping[Expr, Any] | None = None) -> Any:
    """Value of ``expr``.

    Args:
        expr: the expression.
        env: arrays of the variables by name.
        sizes: number for each size letter.
        known: values of some parts, which are not evaluated.

    Raises:
        OutOfDomain: a logarithm of a negative number, a singular inverse, an overflow.
    """
    done: dict[Expr, Any] = dict(known or {})

    def walk(node: Expr) -> Any:
        if node not in done:
            value = _leaf(node, env, sizes) if not node.args else FUNCTIONS[node.op](*map(walk, node.args))
            if not np.isfinite(value).all():
                raise OutOfDomain(node.op)
            done[node] = value
        return done[node]

    with np.errstate(all="ignore"):
        return walk(expr)


def size_of(size: Size, sizes: Mapping[str, int]) -> int:
    """Number of rows that ``"m*n"`` stands for."""
    return prod(int(part) if part.isdigit() else sizes[part] for part in str(size).split("*"))


def shape_of(shape: Shape, sizes: Mapping[str, int]) -> tuple[int, ...]:
    """The shape in numbers."""
    return tuple(size_of(size, sizes) for size in shape)


def _leaf(node: Expr, env: Env, sizes: Mapping[str, int]) -> Any:
    if node.op == "name":
        return env[node.value]
    if node.op == "number":
        return float(node.value)
    shape = shape_of(node.shape, sizes)
    if node.op == "size":
        return float(size_of(node.value, sizes))
    if node.op == "eye":
        return np.eye(shape[0])
    if node.op == "commutation":
        return commutation(*shape_of(node.value, sizes))
    return np.ones(shape) if node.op == "ones" else np.zeros(shape)


def commutation(m: int, n: int) -> Any:
    """K with K vec(X) = vec(Xᵀ) for X (m, n), vec by columns."""
    return np.eye(m * n)[np.arange(m * n).reshape(n, m).T.ravel()]


def _real(condition: bool | np.bool_, op: str) -> None:
    if not condition:
        raise OutOfDomain(op)


def _pow(base: Any, exponent: Any) -> Any:
    whole = np.isrealobj(exponent) and np.all(np.asarray(exponent) == np.round(exponent))
    _real(whole or np.all(np.real(base) > 0), "power of a negative number")
    _real(np.all(np.abs(base) > KINK) or np.all(np.real(exponent) >= 1), "division by zero")
    if whole and np.ndim(exponent) == 0 and abs(exponent) <= 3:
        return base ** int(exponent)  # exact, also for complex numbers
    return np.asarray(base, dtype=np.result_type(base, exponent, float)) ** exponent


def _log(x: Any) -> Any:
    _real(np.all(np.real(x) > KINK), "log")
    return np.log(x)


def _kinked(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def apply(x: Any) -> Any:
        size = np.abs(np.real(x))
        _real(not np.any((size > 0) & (size < KINK)), "kink")
        return function(x)

    return apply


def _regular(x: Any) -> Any:
    _real(np.linalg.cond(np.real(x)) < CONDITION, "singular matrix")
    return x


def _logdet(x: Any) -> Any:
    sign, value = np.linalg.slogdet(_regular(x))
    _real(np.real(sign) > 0, "logdet")
    return value + (1j * np.angle(sign) if np.iscomplexobj(x) else 0.0)


def _norm(x: Any) -> Any:
    found = np.sqrt(np.sum(x * x))
    _real(np.abs(found) > KINK, "norm at zero")
    return found


def _softmax(z: Any) -> Any:
    weights = np.exp(z - np.max(np.real(z)))
    return weights / np.sum(weights)


def _logsumexp(z: Any) -> Any:
    top = np.max(np.real(z))
    return top + np.log(np.sum(np.exp(z - top)))


# fmt: off
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add":       lambda *terms: reduce(np.add, terms),
    "mul":       lambda *factors: reduce(np.multiply, factors),
    "pow":       _pow,
    "matmul":    lambda *factors: reduce(np.matmul, factors),
    "T":         np.transpose,
    "outer":     np.outer,
    "inv":       lambda x: np.linalg.inv(_regular(x)),
    "det":       lambda x: np.linalg.det(_regular(x)),
    "logdet":    _logdet,
    "tr":        np.trace,
    "sum":       np.sum,
    "norm":      _norm,
    "diag":      np.diag,
    "diagonal":  np.diag,
    "kron":      lambda a, b: np.kron(np.atleast_2d(a), b),
    "vec":       lambda x: np.ravel(x, order="F"),
    "exp":       np.exp,
    "log":       _log,
    "tanh":      np.tanh,
    "sigmoid":   lambda x: (np.tanh(x / 2) + 1) / 2,
    "relu":      _kinked(lambda x: x * (np.real(x) > 0)),
    "abs":       _kinked(lambda x: x * np.sign(np.real(x))),
    "sign":      lambda x: np.sign(np.real(x)),
    "heaviside": lambda x: np.heaviside(np.real(x), 0.0),
    "sin":       np.sin,
    "cos":       np.cos,
    "softmax":   _softmax,
    "logsumexp": _logsumexp,
}
# fmt: on
