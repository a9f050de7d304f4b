"""From text and declared shapes to a typed expression: what ``derive`` works on."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from paribus.errors import TheoryError
from paribus.theory.expressions import functions, products
from paribus.theory.expressions.notation import FUNCTIONS
from paribus.theory.expressions.parse import Raw, parse
from paribus.theory.expressions.shapes import KINDS, Inference, infer, is_greek
from paribus.theory.expressions.sizes import Open
from paribus.theory.expressions.text import shape_text
from paribus.theory.expressions.tree import Expr, Shape, Size, eye, length, name, number, ones, zeros

OPERATORS: dict[str, Callable[[Expr, Expr], Expr]] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
    "**": lambda a, b: a**b,
    "@": lambda a, b: a @ b,
}


@dataclass(frozen=True)
class Reading:
    """An expression with all that was inferred of it.

    Args:
        expr: the typed expression.
        shapes: shape of every name.
        said: what was inferred, one sentence each.
        text: the expression as it was typed.
        raw: the tree as it was typed, for checks that owe nothing to the normal form.
        filled: shape of its parts that have no value of their own, such as I and ones(n).
    """

    expr: Expr
    shapes: dict[str, Shape]
    said: tuple[str, ...]
    text: str
    raw: Raw
    filled: dict[Raw, Shape]


def read(
    text: str, shapes: Mapping[str, str | Shape | None] | None = None, *, sizes: frozenset[str] = frozenset()
) -> Reading:
    """Read an expression and infer its shapes.

    Args:
        text: NumPy notation, such as "x.T @ A @ x".
        shapes: shapes that differ from what the letters say: ``{"A": "m,n", "x": "n", "a": ""}``.
        sizes: names that are sizes, beside those that the shapes use.

    Raises:
        TheoryError: it cannot be read, or shapes do not fit.
    """
    declared = {key: shape_from(value, key) for key, value in (shapes or {}).items()}
    raw = parse(text)
    text = " ".join(text.split())
    inference = infer(raw, text, declared, sizes)
    opened = [dim for dims in (*inference.names.values(), *inference.dims.values()) for dim in dims]
    taken = {*inference.names, *(str(size) for shape in declared.values() for size in shape)}
    letters = inference.unifier.letters(opened, taken)
    closed = {
        key: tuple(inference.unifier.close(dim, letters) for dim in dims) for key, dims in inference.names.items()
    }
    expr = _typed(raw, inference, letters)
    filled = {raw: tuple(inference.unifier.close(d, letters) for d in dims) for raw, dims in inference.dims.items()}
    return Reading(expr, closed, tuple(_said(closed, declared)), text, raw, filled)


def shape_from(given: str | Shape | None, key: str = "") -> Shape:
    """``"m,n"`` → ``("m", "n")``, ``"n"`` → ``("n",)``, ``""`` and ``"()"`` → ``()``, a scalar."""
    if isinstance(given, int):
        given = (given,)
    parts = given.strip("()[] ").split(",") if isinstance(given, str) else [str(size) for size in given or ()]
    words = [part.strip() for part in parts if part.strip()]
    if len(words) > 2 or not all(re.fullmatch(r"[A-Za-z_]\w*|[1-9]\d{0,2}", word) for word in words):
        hint = "one letter or number for each axis: A=m,n (matrix), x=n (vector), a= (scalar)"
        raise TheoryError(
            "a shape has at most two sizes, letters or numbers from 1 to 999", got=f"{key}={given}", hint=hint
        )
    return tuple(int(word) if word.isdigit() else word for word in words)


def _typed(raw: Raw, inference: Inference, letters: dict[Open, str]) -> Expr:
    def shape(node: Raw) -> Shape:
        return tuple(inference.unifier.close(dim, letters) for dim in inference.dims[node])

    def build(node: Raw) -> Expr:
        if node.op == "name" and not shape(node) and inference.is_size(node.value):
            return length(node.value)
        if node.op == "name" and node.value not in inference.names:
            return eye(shape(node)[0])
        if node.op in LEAVES:
            return LEAVES[node.op](node, shape(node))
        args = [build(arg) for arg in node.args]
        if node.op == "neg":
            return -args[0]
        if node.op == "T":
            return args[0].T
        if node.op == "@":
            return args[0] @ args[1]
        if node.op in OPERATORS:
            return OPERATORS[node.op](*_singles(args))
        return FUNCTIONS[node.op][1](*args)

    expr = build(raw)
    return functions.tr(expr) if expr.shape == (1, 1) else expr


def _singles(args: list[Expr]) -> list[Expr]:
    """A (1, 1) matrix beside another shape acts as a scalar, as it does in NumPy."""
    if len({arg.shape for arg in args}) == 1:
        return args
    return [functions.tr(arg) if arg.shape == (1, 1) else arg for arg in args]


def _name(raw: Raw, shape: Shape) -> Expr:
    return name(raw.value, shape)


LEAVES: dict[str, Callable[[Raw, Shape], Expr]] = {
    "number": lambda raw, shape: number(raw.value),
    "name": _name,
    "ones": lambda raw, shape: ones(shape),
    "zeros": lambda raw, shape: zeros(shape),
    "eye": lambda raw, shape: eye(shape[0]),
    "K": lambda raw, shape: products.commutation(*raw.value),
}


def _said(shapes: dict[str, Shape], declared: Mapping[str, Shape]) -> list[str]:
    """What was taken from the case of the letters and from the operators."""
    said = []
    for key, shape in shapes.items():
        if key in declared:
            continue
        why = "capital" if len(shape) == 2 else "lower case, Greek" if is_greek(key) else "lower case"
        why = why if shape or is_greek(key) else "in a sum of scalars"
        size = f" {shape_text(shape)}" if shape else ""
        square = "square " if len(shape) == 2 and shape[0] == shape[1] else ""
        said.append(f"{key} is a {square}{KINDS[len(shape)]}{size} ({why}; otherwise say --shape)")
    return said


def size_letters(shapes: Mapping[str, Shape]) -> list[Size]:
    """The open sizes of some shapes, in the order of appearance."""
    found = [part for shape in shapes.values() for size in shape for part in str(size).split("*")]
    return list(dict.fromkeys(part for part in found if not part.isdigit()))
