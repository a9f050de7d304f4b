"""NumPy's own functions of tensors: ``np.exp(t)`` is the operation with its gradient, and never an array without one.

NumPy asks its arguments first (NEP 13 for functions of each number, NEP 18 for all others). What stands in these tables
is answered with an operation of the library; anything else is refused, since its result would have no gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from paribus.scratch import ops
from paribus.scratch.errors import GradientError
from paribus.scratch.graph import array_of

Operation = Callable[..., Any]


def _method(name: str) -> Operation:
    """The tensor's own method of that name."""
    return lambda x, *args, **settings: getattr(x, name)(*args, **settings)


def _on_numbers(function: Operation) -> Operation:
    """NumPy's function of the numbers, which has no gradient."""
    return lambda *args, **settings: function(*map(array_of, args), **settings)


# fmt: off
UFUNCS: Mapping[Any, Operation] = {
    np.add: ops.add, np.subtract: ops.subtract, np.multiply: ops.multiply, np.divide: ops.divide,
    np.power: ops.power, np.float_power: ops.power, np.matmul: ops.matmul, np.negative: ops.negative,
    np.positive: lambda x: x, np.square: lambda x: x * x, np.reciprocal: lambda x: 1 / x,
    np.exp: ops.exp, np.log: ops.log, np.log1p: ops.log1p, np.sqrt: ops.sqrt, np.absolute: ops.absolute,
    np.sin: ops.sin, np.cos: ops.cos, np.tanh: ops.tanh, np.tan: lambda x: ops.sin(x) / ops.cos(x),
    np.sinh: lambda x: (ops.exp(x) - ops.exp(-x)) / 2, np.cosh: lambda x: (ops.exp(x) + ops.exp(-x)) / 2,
    np.expm1: lambda x: ops.exp(x) - 1, np.log2: lambda x: ops.log(x) / np.log(2.0),
    np.log10: lambda x: ops.log(x) / np.log(10.0),
    np.logaddexp: lambda a, b: b + ops.softplus(a - b), np.maximum: ops.maximum, np.minimum: ops.minimum,
}
FUNCTIONS: Mapping[Any, Operation] = {
    **{f: _method(name) for f, name in (
        (np.sum, "sum"), (np.mean, "mean"), (np.var, "var"), (np.max, "max"), (np.min, "min"), (np.std, "std"),
        (np.reshape, "reshape"), (np.transpose, "transpose"), (np.swapaxes, "swapaxes"), (np.ravel, "flatten"),
        (np.argmax, "argmax"), (np.argmin, "argmin"))},
    np.concatenate: ops.concatenate, np.stack: ops.stack, np.where: ops.where, np.dot: ops.matmul,
    np.clip: lambda x, low, high: ops.clip(x, low, high),
    np.broadcast_to: lambda x, shape: ops.broadcast_to(x, shape=shape),
    np.shape: lambda x: array_of(x).shape, np.ndim: lambda x: array_of(x).ndim, np.size: lambda x: array_of(x).size,
    **{f: _on_numbers(f) for f in (
        np.array_equal, np.allclose, np.isclose, np.zeros_like, np.ones_like, np.array2string, np.array_repr)},
}
# fmt: on
NUMBERS = (np.greater, np.greater_equal, np.less, np.less_equal, np.isfinite, np.isnan, np.sign)  # without a gradient


def ufunc(function: Any, method: str, inputs: tuple[Any, ...], settings: dict[str, Any]) -> Any:
    """What NumPy's function of each number gives for tensors."""
    if function in NUMBERS and method == "__call__":
        return function(*map(array_of, inputs), **settings)
    if function not in UFUNCS or method != "__call__" or settings:
        raise _refused(f"{function.__name__}{'' if method == '__call__' else '.' + method}", bool(settings))
    return UFUNCS[function](*inputs)


def function(asked: Any, args: tuple[Any, ...], settings: dict[str, Any]) -> Any:
    """What any other function of NumPy gives for tensors."""
    if asked not in FUNCTIONS:
        raise _refused(asked.__name__, False)
    return FUNCTIONS[asked](*args, **settings)


def _refused(name: str, settings: bool) -> GradientError:
    what = "with out= and the like" if settings else "here"
    way = "put it together from paribus.scratch.ops, or take t.data for the numbers"
    return GradientError(f"np.{name}: it has no gradient {what}; {way}")
