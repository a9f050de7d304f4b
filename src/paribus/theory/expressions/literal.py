"""The value of an expression exactly as it was typed, operator by operator: independent of the normal form."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from paribus.theory.expressions.evaluate import FUNCTIONS, Env, OutOfDomain, commutation, shape_of, size_of
from paribus.theory.expressions.parse import Raw
from paribus.theory.expressions.reading import Reading

TYPED: dict[str, Callable[..., Any]] = {
    **FUNCTIONS,
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": lambda a, b: a * FUNCTIONS["pow"](b, -1.0),
    "**": FUNCTIONS["pow"],
    "@": np.matmul,
    "neg": np.negative,
    "dot": np.dot,
    "mean": np.mean,
    "sqrt": lambda x: FUNCTIONS["pow"](x, 0.5),
    "square": lambda x: x * x,
    "norm": lambda x: FUNCTIONS["norm"](x) if np.ndim(x) else FUNCTIONS["abs"](x),
    "ones_like": lambda x: np.ones(np.shape(x)),
}


def literal(reading: Reading, env: Env, sizes: Mapping[str, int]) -> Any:
    """Value of what was typed.

    Raises:
        OutOfDomain: a logarithm of a negative number, a singular inverse, an overflow.
    """
    with np.errstate(all="ignore"):
        value = run(reading, env, sizes, TYPED, _finite)
    return value if reading.expr.shape or not np.ndim(value) else value[0, 0]  # a (1, 1) matrix is read as a scalar


def run(
    reading: Reading,
    env: Env,
    sizes: Mapping[str, int],
    functions: Mapping[str, Callable[..., Any]],
    each: Callable[[Any, str], Any],
) -> Any:
    """Value of what was typed by a table of functions; ``each`` gets every value in between with its operator."""

    def walk(raw: Raw) -> Any:
        args = map(walk, raw.args)
        return each(functions[raw.op](*args) if raw.args else _leaf(raw, reading.filled[raw], env, sizes), raw.op)

    return walk(reading.raw)


def _finite(value: Any, op: str) -> Any:
    if not np.isfinite(value).all():
        raise OutOfDomain(op)
    return value


def _leaf(raw: Raw, shape: tuple[int | str, ...], env: Env, sizes: Mapping[str, int]) -> Any:
    if raw.op == "number":
        return float(raw.value)
    if raw.op == "name" and raw.value in env:
        return env[raw.value]
    if raw.op == "name" and not shape:
        return float(size_of(raw.value, sizes))
    if raw.op == "K":
        return commutation(*shape_of(raw.value, sizes))
    numbers = shape_of(shape, sizes)
    return {"ones": np.ones, "zeros": np.zeros}.get(raw.op, lambda _: np.eye(numbers[0]))(numbers)
