"""From text and declared shapes to a typed expression: what ``derive`` works on."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from paribus.errors import TheoryError
from paribus.theory.expressions import functions
from paribus.theory.expressions.dialects import Plain, plain
from paribus.theory.expressions.lower import Lowering
from paribus.theory.expressions.parse import Parser, parse
from paribus.theory.expressions.proposals import led_on
from paribus.theory.expressions.ranks import SCALARS, infer
from paribus.theory.expressions.raw import Raw, names_of
from paribus.theory.expressions.symbols import GREEK
from paribus.theory.expressions.tokens import spelled
from paribus.theory.expressions.tree import Expr, Shape, Size, nodes

GLUED = re.compile(r"[A-Z]{1,3}[a-z]|[A-Z]{2,6}|[a-z][A-Z]+[a-z]?|([a-z])\1")  # Ax, AXB, xA: letters side by side
WORDS = {"dx", "dy", "dz", "df", *SCALARS, *GREEK, "None", "True", "False"}


@dataclass(frozen=True)
class Reading:
    """An expression with all that was inferred of it.

    Args:
        expr: the typed expression.
        shapes: shape of every name.
        doubts: what might have been meant otherwise, one sentence each with what changes it.
        text: the expression as it was typed.
        board: whether it is written as on a blackboard, where vectors stand as columns.
        split: words that are products of single letters: Ax is A x.
        linear: how far ``*`` is the product of linear algebra.
        wrt: the variable that the text itself names: ∂/∂x, ∇ₓ.
    """

    expr: Expr
    shapes: dict[str, Shape]
    doubts: tuple[str, ...]
    text: str
    board: bool
    split: frozenset[str] = frozenset()
    linear: int = 0
    wrt: str = ""


def read(
    text: str,
    shapes: Mapping[str, str | Shape | None] | None = None,
    *,
    sizes: frozenset[str] = frozenset(),
    wrt: Sequence[str] = (),
    square: Sequence[str] = (),
) -> Reading:
    """Read an expression and infer its shapes.

    Args:
        text: NumPy notation, such as "x.T @ A @ x", LaTeX, or as it is typeset: "xᵀAx".
        shapes: shapes that differ from what the letters say: ``{"A": "m,n", "x": "n", "a": ""}``.
        sizes: names that are sizes, beside those that the shapes use.
        wrt: names of the variables.
        square: names of matrices that are square.

    Raises:
        TheoryError: it cannot be read, or shapes do not fit; with spellings near it that can be read.
    """
    given = plain(text, wrt)

    def reads(formula: str) -> Reading:
        return _read(plain(formula, wrt), shapes or {}, sizes, wrt, square)

    try:
        found = _read(given, shapes or {}, sizes, wrt, square)
    except TheoryError as error:
        raise led_on(error, given.text, reads) from None
    said = list[str]()
    for rows in _rows_of_others(found):
        with suppress(TheoryError):
            again = reads(re.sub(rf"(?<![A-Za-z\\_]){rows}(?=\s*\}}?\s*(?:_|[ᵢⱼₖₙ]))", rows.upper(), found.text))
            found = replace(again, wrt=found.wrt)
            said.append(f"{rows}_i is read as row i of {rows.upper()}; write another letter for a matrix of its own")
    return replace(found, doubts=(*said, *found.doubts))


def _rows_of_others(found: Reading) -> list[str]:
    """Letters that stand only with an index, for vectors, beside the matrix of the capital letter: uᵢ and U."""
    matrices = {key for key, shape in found.shapes.items() if len(shape) == 2 and len(key) == 1}
    return [key for key in sorted(matrices) if key.islower() and key.upper() in matrices]


def _read(
    given: Plain,
    shapes: Mapping[str, str | Shape | None],
    sizes: frozenset[str],
    wrt: Sequence[str],
    square: Sequence[str],
) -> Reading:
    """What one formula is, without a look at others."""
    text = given.text
    written = _names(text)
    declared = {same(key, written): shape_from(value, key) for key, value in shapes.items()}
    squares = frozenset(same(key, written) for key in square)
    known = frozenset(declared) | squares | frozenset(same(key, written) for key in wrt)
    raw, parser = parse(text, known)
    parser.board |= given.linear == 2 or given.board
    split = _glued(raw, parser, known, given.linear)
    if split:
        raw, parser = parse(text, known, split)
    inference = infer(raw, text, declared, parser.board, sizes, known, squares, given.linear, given.bold)
    opened = [dim for dims in (*inference.names.values(), *inference.dims.values()) for dim in dims]
    taken = {*inference.names, *(str(size) for shape in declared.values() for size in shape)}
    letters = inference.unifier.letters(opened, taken)
    closed = {
        key: tuple(inference.unifier.close(dim, letters) for dim in dims) for key, dims in inference.names.items()
    }
    expr = Lowering(inference, letters).build(raw)
    expr = functions.tr(expr) if expr.shape == (1, 1) else expr
    said = [f"{word} is the product {' '.join(word)}; as one name: --shape {word}=…" for word in sorted(split)]
    doubts = tuple(dict.fromkeys([*said, *given.said, *parser.doubts, *inference.doubts, *inference.ambiguous()]))
    return Reading(expr, closed, doubts, text, parser.board or bool(inference.products), split, given.linear, given.wrt)


def _names(text: str) -> list[str]:
    """The names of a text, as far as it can be read without knowing any."""
    with suppress(TheoryError):
        return names_of(parse(text)[0])
    return []


def same(key: str, names: Iterable[str]) -> str:
    """The name as it is written in the text: W1 is W_1 there, lam λ."""
    made = spelled(key)
    plainly = {name.replace("_", ""): name for name in names}
    if made in plainly.values() or made in names:
        return made
    other = {"lam": "lambda", "lambda_": "lam"}.get(made, made)
    alike = [name for name in plainly.values() if name.lower() == made.lower()]  # X of entries x_ij
    return plainly.get(made.replace("_", ""), plainly.get(other, alike[0] if len(alike) == 1 else made))


def _glued(raw: Raw, parser: Parser, known: frozenset[str], linear: int) -> frozenset[str]:
    """Words that are products of letters: on a blackboard Ax, elsewhere only what hides the variable."""
    names = names_of(raw)
    single = {name for name in {*names, *known} if len(name) == 1}
    hidden = {name for name in known if len(name) == 1} - set(names)
    words = {name for name in names if 1 < len(name) < 7 and name.isalpha() and name not in WORDS | known}
    plain_text = linear == 1 and "*" not in parser.text and "_" not in parser.text
    found = {word for word in words if set(word) <= single and (parser.board or plain_text)}
    found |= {word for word in words if GLUED.fullmatch(word) and (parser.board or plain_text or hidden & set(word))}
    found |= {word for word in words if len(word) == 2 and parser.board and hidden & set(word)}
    if "\\" in parser.text:  # LaTeX, where names have one letter
        found |= {word for word in words if len(word) == 2 and word.islower()}
    return frozenset(found)


def shape_from(given: str | Shape | None, key: str = "") -> Shape:
    """``"m,n"`` → ``("m", "n")``, ``"n"`` → ``("n",)``, ``""`` and ``"()"`` → ``()``, a scalar."""
    if isinstance(given, int):
        given = (given,)
    parts = given.strip("()[] ").split(",") if isinstance(given, str) else [str(size) for size in given or ()]
    words = [part.strip() for part in parts if part.strip()]
    if len(words) > 4 or not all(re.fullmatch(r"[A-Za-z_]\w*|[1-9]\d{0,2}", word) for word in words):
        hint = "one letter or number for each axis: A=m,n (matrix), x=n (vector), a= (scalar)"
        raise TheoryError(
            "a shape has at most four sizes, letters or numbers from 1 to 999", got=f"{key}={given}", hint=hint
        )
    return tuple(int(word) if word.isdigit() else word for word in words)


def size_letters(reading: Reading) -> list[Size]:
    """The open sizes of an expression, in the order of appearance."""
    shapes = [*reading.shapes.values(), *(node.shape for node in nodes(reading.expr))]
    sizes = [node.value for node in nodes(reading.expr) if node.op == "size"]
    found = [part for size in (*(s for shape in shapes for s in shape), *sizes) for part in str(size).split("*")]
    return list(dict.fromkeys(part for part in found if not part.isdigit()))
