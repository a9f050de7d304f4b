"""The value of an expression in NumPy, for real and for complex numbers: the oracle takes complex steps."""

from __future__ import annotations

import cmath
import math
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


def evaluate(expr: Expr, env: Env, sizes: Mapping[str, int], known: dict[Expr, Any] | None = None) -> Any:
    """Value of ``expr``.

    Args:
        expr: the expression.
        env: arrays of the variables by name.
        sizes: number for each size letter.
        known: values of some parts, which are not evaluated; those of all others are added.

    Raises:
        OutOfDomain: a logarithm of a negative number, a singular inverse, an overflow.
    """
    done: dict[Expr, Any] = {} if known is None else known

    def walk(node: Expr) -> Any:
        if node not in done:
            args = list(map(walk, node.args))
            value = _leaf(node, env, sizes) if not args else FUNCTIONS[node.op](*args, *_told(node))
            if not cmath.isfinite(np.add.reduce(value, None)):  # a sum is finite where all of its terms are
                raise OutOfDomain(node.op)
            done[node] = value
        return done[node]

    with np.errstate(all="ignore"):
        return walk(expr)


def _told(node: Expr) -> tuple[Any, ...]:
    """What an operation needs beside its operands."""
    if node.op != "einsum":
        return ()
    parts, output = node.value
    return (f"{','.join(parts)}->{output}",)


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
    if node.op == "constant":
        return float(getattr(math, node.value))
    if node.op == "tril":
        return np.tril(np.ones(shape))
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


def _matrix_power(x: Any, exponent: Any) -> Any:
    _real(float(np.real(exponent)).is_integer(), "power of a matrix")
    return np.linalg.matrix_power(_regular(x) if np.real(exponent) < 0 else x, int(np.real(exponent)))


def _powers(x: Any, exponent: Any, between: Any) -> Any:
    terms = (_matrix_power(x, r) @ between @ _matrix_power(x, exponent - 1 - r) for r in range(int(np.real(exponent))))
    return sum(terms, np.zeros_like(x @ between))


def _norm(x: Any) -> Any:
    found = np.sqrt(np.sum(x * x))
    _real(np.abs(found) > KINK, "norm at zero")
    return found


def _softmax(z: Any) -> Any:
    weights = np.exp(z - np.max(np.real(z), axis=-1, keepdims=True))
    return weights / np.sum(weights, axis=-1, keepdims=True)


def _logsumexp(z: Any) -> Any:
    top = np.max(np.real(z), axis=-1, keepdims=True)
    return top[..., 0] + np.log(np.sum(np.exp(z - top), axis=-1))


def _largest(x: Any) -> Any:
    flat = np.ravel(x)
    first, *others = np.sort(np.real(flat))[::-1]
    _real(not others or first - others[0] > KINK, "largest entry attained twice")
    return flat[np.argmax(np.real(flat))]


def _singular(x: Any) -> tuple[Any, Any, Any]:
    """The singular value decomposition, where the largest values are apart and none is zero."""
    u, s, v = np.linalg.svd(np.real(x), full_matrices=False)
    _real(s[-1] > KINK and (len(s) == 1 or s[0] - s[1] > KINK * s[0]), "singular values")
    return u, s, v


def _product(x: Any) -> Any:
    _real(np.all(np.abs(x) > KINK), "product with a zero")
    return np.prod(x)


def _first_order(x: Any, value: float, slope: Any) -> Any:
    """A function by its value and slope at the real part: complex steps are too small for more."""
    return value + 1j * np.sum(slope * np.imag(x)) if np.iscomplexobj(x) else value


def _spectral(x: Any) -> Any:
    u, s, v = _singular(x)
    return _first_order(x, s[0], np.outer(u[:, 0], v[0]))


def _nuclear(x: Any) -> Any:
    u, s, v = _singular(x)
    return _first_order(x, np.sum(s), u @ v)


def _sided(x: Any, side: int) -> Any:
    """The first singular vectors, of which the right one has its largest entry positive."""
    u, _, v = _singular(x)
    sign = np.sign(v[0, np.argmax(np.abs(v[0]))])
    return sign * (v[0] if side else u[:, 0])


def _polar(x: Any) -> Any:
    u, _, v = _singular(x)
    return u @ v


def _softplus(x: Any) -> Any:
    """log(1 + exp(x)), without overflow."""
    size = x * np.sign(np.real(x))
    return np.log(1 + np.exp(-size)) + x * (np.real(x) > 0)


def _arcsin(x: Any) -> Any:
    _real(np.all(np.abs(np.real(x)) < 1 - KINK), "arcsin")
    return np.arcsin(x)


def _erf(x: Any) -> Any:
    from scipy.special import erf

    return erf(x)


# fmt: off
FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add":       lambda *terms: reduce(np.add, terms),
    "mul":       lambda *factors: reduce(np.multiply, factors),
    "pow":       _pow,
    "matmul":    lambda *factors: reduce(np.matmul, factors),
    "T":         np.transpose,
    "outer":     np.outer,
    "matrix_power": _matrix_power,
    "powers":    _powers,
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
    "touch":     lambda x: np.heaviside(np.real(x), 1.0),
    "max":       _largest,
    "prod":      _product,
    "spectral":  _spectral,
    "nuclear":   _nuclear,
    "u1":        lambda x: _sided(x, 0),
    "v1":        lambda x: _sided(x, 1),
    "polar":     _polar,
    "einsum":    lambda *given: np.einsum(given[-1], *given[:-1]),
    "erf":       _erf,
    "softplus":  _softplus,
    "cosh":      np.cosh,
    "sinh":      np.sinh,
    "arctan":    np.arctan,
    "arcsin":    _arcsin,
    "sin":       np.sin,
    "cos":       np.cos,
    "softmax":   _softmax,
    "logsumexp": _logsumexp,
}
# fmt: on
