"""Formulas that people type, read with Python's own grammar and computed with arrays, tensors or symbols.

Only arithmetic, the names that were announced and the functions of a table are allowed: nothing is ever executed.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Collection, Mapping
from typing import Any

import numpy as np

from paribus.errors import TheoryError, nearest
from paribus.scratch import ops

Function = Callable[..., Any]

LONGEST = 2000  # characters; more is a mistake, and would strain the recursion
EXPONENT = 1000  # the largest exponent that may be written as a number
CONSTANTS = {"pi": np.pi, "e": np.e}
OPERATORS: dict[type[ast.AST], Function] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
}
NUMERIC: dict[str, Function] = {  # for arrays and tensors alike
    "sin": ops.sin,
    "cos": ops.cos,
    "tan": lambda u: ops.sin(u) / ops.cos(u),
    "exp": ops.exp,
    "log": ops.log,
    "sqrt": ops.sqrt,
    "abs": abs,
    "tanh": ops.tanh,
    "cosh": lambda u: (ops.exp(u) + ops.exp(-u)) / 2,
    "sinh": lambda u: (ops.exp(u) - ops.exp(-u)) / 2,
    "sigmoid": ops.sigmoid,
    "softplus": ops.softplus,
}


def read(text: str, names: Collection[str], functions: Collection[str]) -> ast.expr:
    """The syntax tree of a formula that uses nothing but what is known.

    Raises:
        TheoryError: for whatever is not arithmetic; it points at the column.
    """
    if len(text) > LONGEST:
        raise TheoryError(f"a formula has at most {LONGEST} characters", got=f"{len(text)} characters")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
        _check(tree, text.strip(), {*names, *CONSTANTS}, functions)
    except SyntaxError as error:
        raise _refuse(text, (error.offset or 1) - 1, "this is not a formula in Python's notation", EXAMPLE) from None
    except (RecursionError, MemoryError, ValueError):  # ValueError: null bytes, and numbers of thousands of digits
        raise TheoryError("this formula cannot be read", got=text[:60], hint="write it shorter") from None
    return tree


def evaluate(
    tree: ast.expr, names: Mapping[str, Any], functions: Mapping[str, Function], number: Function = float
) -> Any:
    """The value of a formula that :func:`read` has let through; ``number`` makes what numerals stand for."""

    def value(node: ast.AST) -> Any:
        match node:
            case ast.Constant(value=numeral):
                return number(numeral)
            case ast.Name(id=name):
                return names[name]
            case ast.UnaryOp(op=sign, operand=inner):
                return OPERATORS[type(sign)](value(inner))
            case ast.BinOp(left=left, op=sign, right=right):
                return OPERATORS[type(sign)](value(left), value(right))
            case ast.Call(func=ast.Name(id=name), args=args):
                return functions[name](*map(value, args))
        raise TheoryError("this formula cannot be computed", got=ast.unparse(node))

    return value(tree)


def names_in(tree: ast.expr) -> list[str]:
    """The variables of a formula, in alphabetical order."""
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called}
    return sorted(names - set(CONSTANTS))


def _check(node: ast.expr, text: str, names: Collection[str], functions: Collection[str]) -> None:
    match node:
        case ast.Constant(value=int() | float()) if not isinstance(node.value, bool):
            float(node.value)  # type: ignore[arg-type]
        case ast.Name(id=name) if name in names:
            pass
        case ast.Name(id=name):
            raise _refuse(text, node.col_offset, f"{name} is not known here", nearest(name, {*names, *functions}))
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=inner):
            _check(inner, text, names, functions)
        case ast.BinOp(left=left, op=sign, right=right) if type(sign) in OPERATORS:
            _check_exponent(sign, right, text)
            _check(left, text, names, functions)
            _check(right, text, names, functions)
        case ast.Call(func=ast.Name(id=name), args=args, keywords=[]) if name in functions:
            for arg in args:
                _check(arg, text, names, functions)
        case ast.Call(func=ast.Name(id=name)):
            raise _refuse(text, node.col_offset, f"there is no function {name} here", nearest(name, functions))
        case _:
            hint = f"use + - * / ** and {', '.join(sorted(functions))}"
            raise _refuse(text, getattr(node, "col_offset", 0), "a formula is made of arithmetic and functions", hint)


def _check_exponent(sign: ast.operator, exponent: ast.expr, text: str) -> None:
    if not isinstance(sign, ast.Pow):
        return
    if isinstance(exponent, ast.BinOp) and isinstance(exponent.op, ast.Pow):
        raise _refuse(text, exponent.col_offset, "a power in an exponent grows beyond all bounds", "write exp(…)")
    if isinstance(exponent, ast.Constant) and abs(exponent.value) > EXPONENT:  # type: ignore[arg-type]
        raise _refuse(text, exponent.col_offset, f"an exponent is at most {EXPONENT}", "")


EXAMPLE = "for example x**2 + 3*y**2: powers are **, and products *"


def _refuse(text: str, column: int, rule: str, hint: str) -> TheoryError:
    return TheoryError(f"{rule} (column {column + 1})", got=f"{text}\n            {' ' * column}^", hint=hint)
