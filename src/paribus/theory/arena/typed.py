"""A surface of the user's own: a formula in x and y, its gradient derived with sympy."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from paribus.errors import TheoryError
from paribus.scratch import Tensor
from paribus.scratch.graph import Array
from paribus.scratch.surfaces import Surface
from paribus.theory.arena.expression import CONSTANTS, NUMERIC, Function, evaluate, names_in, read
from paribus.theory.arena.problems import Point, Problem

LETTERS = ("x", "y", "z")
MOST = 9  # coordinates x1 … x9
NAMES = (*LETTERS, *(f"x{i}" for i in range(1, MOST + 1)))


def typed(formula: str, half: float = 5.0) -> Problem:
    """A problem from a formula such as ``x**2 + 3*y**2``; the coordinates are x, y, z or x1, x2, ….

    Args:
        formula: in Python's notation.
        half: the domain is [−half, half] in every coordinate.

    Raises:
        TheoryError: for what cannot be read, uses no coordinate, or mixes both ways to name them.
    """
    if not 0 < half < 1e6:
        raise TheoryError("half the width of the domain is a positive number", got=half)
    tree = read(formula, NAMES, NUMERIC)
    names = _coordinates(names_in(tree), formula)
    derivatives, constant = _derive(tree, names)
    parts = [read(text, names, _DERIVED) for text in derivatives]
    n = len(names)

    def value(x: Any) -> Any:
        return evaluate(tree, _places(x, names), NUMERIC)

    def gradient(x: Array) -> Array:
        columns = [evaluate(part, _places(x, names), _DERIVED) for part in parts]
        return np.stack([np.broadcast_to(column, x.shape[:-1]) for column in columns], -1).astype(float)

    ends = ((-half,) * n, (half,) * n, (0.6 * half,) * n)
    return Problem(
        Surface(formula, formula, value, gradient, n), *ends, derivatives=tuple(derivatives), constant=constant
    )


def _coordinates(used: list[str], formula: str) -> tuple[str, ...]:
    """All coordinates up to the last one used: ``y**2`` alone still has an x."""
    if not used:
        raise TheoryError("the formula must depend on x", got=formula, hint="for example x**2 + 3*y**2")
    family = LETTERS if used[0] in LETTERS else NAMES[3:]
    if not set(used) <= set(family):
        raise TheoryError("coordinates are x, y, z or x1, x2, …, not both", got=", ".join(used))
    return tuple(family[: max(family.index(name) for name in used) + 1])


def _places(x: Array | Tensor, names: tuple[str, ...]) -> Mapping[str, Any]:
    return {**CONSTANTS, **{name: x[..., i] for i, name in enumerate(names)}}


def _derive(tree: ast.expr, names: tuple[str, ...]) -> tuple[list[str], tuple[Point, ...] | None]:
    """∂f/∂ every coordinate, as text in the same notation; and the second derivatives if they are constant."""
    import sympy

    symbols = {name: sympy.Symbol(name, real=True) for name in names}
    functions: dict[str, Any] = {
        name: getattr(sympy, name) for name in ("sin", "cos", "tan", "exp", "log", "sqrt", "tanh")
    }
    functions |= {"abs": sympy.Abs, "cosh": sympy.cosh, "sinh": sympy.sinh}
    functions |= {"sigmoid": lambda u: 1 / (1 + sympy.exp(-u)), "softplus": lambda u: sympy.log(1 + sympy.exp(u))}
    whole = evaluate(tree, {**symbols, "pi": sympy.pi, "e": sympy.E}, functions, sympy.sympify)
    if whole.has(sympy.zoo, sympy.nan, sympy.oo, sympy.I):
        raise TheoryError("the formula has no finite real value", got=ast.unparse(tree))
    slopes = [sympy.diff(whole, symbol) for symbol in symbols.values()]
    second = [[sympy.diff(slope, symbol) for symbol in symbols.values()] for slope in slopes]
    flat = all(entry.is_number and not whole.has(sympy.Abs) for row in second for entry in row)
    constant = tuple(tuple(map(float, row)) for row in second) if flat else None
    texts = map(str, slopes)
    return [re.sub(r"\bE\b", "e", re.sub(r"\bAbs\(", "abs(", text)) for text in texts], constant


_DERIVED: dict[str, Function] = {**NUMERIC, "sign": np.sign}
