"""Shapes by unification: what the user said, what the case of the letters says, what the operators ask for."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from paribus.errors import TheoryError, nearest
from paribus.theory.expressions.notation import FILLED, FUNCTIONS
from paribus.theory.expressions.parse import Raw, pointing
from paribus.theory.expressions.scalars import added_to_scalars, stand_as_vectors
from paribus.theory.expressions.sizes import Dims, Product, Unifier
from paribus.theory.expressions.symbols import GREEK
from paribus.theory.expressions.text import shape_text
from paribus.theory.expressions.tree import Shape, Size

KINDS = {0: "scalar", 1: "vector", 2: "matrix"}


@dataclass
class Inference:
    """What is known while shapes are inferred: sizes of each name, the shape of each node."""

    text: str
    declared: Mapping[str, Shape]
    letters: frozenset[str] = frozenset()
    unifier: Unifier = field(default_factory=Unifier)
    names: dict[str, Dims] = field(default_factory=dict)
    dims: dict[Raw, Dims] = field(default_factory=dict)
    scalars: set[str] = field(default_factory=set)  # sizes used as numbers

    def visit(self, raw: Raw) -> Dims:
        """Shape of a node, remembered for it."""
        found = self._visit(raw)
        self.dims[raw] = found
        return found

    def _visit(self, raw: Raw) -> Dims:
        if raw.op == "number":
            return ()
        if raw.op == "name":
            return self._name(raw)
        if raw.op in FILLED:
            return tuple(raw.value) if raw.op in ("ones", "zeros") else self._square(raw)
        dims = [self.visit(arg) for arg in raw.args]
        if raw.op == "neg":
            return dims[0]
        if raw.op == "T":
            return dims[0][::-1]
        if raw.op == "@":
            return self._matmul(raw, *dims)
        if raw.op in ("+", "-", "*", "/", "**"):
            return self._elementwise(raw, *dims)
        return self._call(raw, dims)

    def _name(self, raw: Raw) -> Dims:
        if raw.value == "I" and "I" not in self.declared:
            size = self.unifier.fresh()
            return (size, size)
        if self.is_size(raw.value):
            self.scalars.add(raw.value)
            return ()
        return self.names[raw.value]

    def is_size(self, name: str) -> bool:
        """Whether a name is a size letter of the user, used as a number."""
        sizes = {str(size) for shape in self.declared.values() for size in shape} | self.letters
        return name not in self.declared and name in sizes

    def _square(self, raw: Raw) -> Dims:
        size: Size = raw.value[0]
        if raw.op == "K":
            product = self.unifier.resolve(Product(*raw.value))
            return (product, product)
        return (size, size)

    def _matmul(self, raw: Raw, a: Dims, b: Dims) -> Dims:
        if not a or not b:
            raise self.clash("@ needs vectors or matrices on both sides; a scalar is multiplied by *", raw, a, b)
        if not self.unifier.unify(a[-1], b[0]):
            raise self.clash("@ needs equal inner sizes", raw, a, b, hint=self._column_hint(a, b))
        return (*a[:-1], *b[1:])

    def _column_hint(self, a: Dims, b: Dims) -> str:
        return "a column is declared by --shape x=n,1" if len(a) + len(b) == 3 else ""

    def _elementwise(self, raw: Raw, a: Dims, b: Dims) -> Dims:
        if not a or not b or self._single(a) != self._single(b):
            return b if not a or (b and self._single(a)) else a
        if len(a) != len(b):
            hint = "NumPy would add it to every row: write outer(ones(m), b) for the matrix with the rows b"
            raise self.clash(f"{raw.op} of a vector and a matrix is ambiguous and refused", raw, a, b, hint=hint)
        if not all(self.unifier.unify(*pair) for pair in zip(a, b, strict=True)):
            raise self.clash(f"{raw.op} needs equal shapes", raw, a, b)
        return a

    def _single(self, dims: Dims) -> bool:
        """Whether it is a matrix of one entry, which acts as a scalar beside other shapes."""
        return [self.unifier.resolve(dim) for dim in dims] == [1, 1]

    def _call(self, raw: Raw, dims: list[Dims]) -> Dims:
        signature, _ = FUNCTIONS[raw.op]
        if signature == "x -> x":
            return dims[0]
        if signature == "x -> 1":
            return ()
        if signature.startswith("s"):
            self._needs(raw, dims[0], 2)
            if not self.unifier.unify(*dims[0]):
                raise self.clash(f"{raw.op} needs a square matrix", raw.args[0], dims[0])
            return dims[0] if signature == "s -> s" else ()
        if signature.startswith("v"):
            return self._vectors(raw, signature, dims)
        return self._other(raw, dims)

    def _vectors(self, raw: Raw, signature: str, dims: list[Dims]) -> Dims:
        for arg, dim in zip(raw.args, dims, strict=True):
            self._needs(raw, dim, 1, arg)
        if signature == "v, v -> 1" and not self.unifier.unify(dims[0][0], dims[1][0]):
            raise self.clash(f"{raw.op} needs vectors of equal size", raw, *dims)
        return {"vw": dims[0] + dims[-1], "v": dims[0], "1": ()}[signature.split(" -> ")[1]]

    def _other(self, raw: Raw, dims: list[Dims]) -> Dims:
        if raw.op == "diag":
            if len(dims[0]) == 1:
                return dims[0] * 2
            self._needs(raw, dims[0], 2)
            if not self.unifier.unify(*dims[0]):
                raise self.clash("diag needs a vector or a square matrix", raw.args[0], dims[0])
            return dims[0][:1]
        self._needs(raw, dims[-1], 2)
        if raw.op == "vec":
            return (Product(dims[0][1], dims[0][0]),)
        if not dims[0]:
            raise self.clash("kron needs a matrix, or a vector as a row", raw.args[0], dims[0])
        rows = Product(dims[0][0], dims[1][0]) if len(dims[0]) == 2 else dims[1][0]
        return (rows, Product(dims[0][-1], dims[1][1]))

    def _needs(self, raw: Raw, dims: Dims, rank: int, arg: Raw | None = None) -> None:
        if len(dims) != rank:
            raise self.clash(f"{raw.op} takes a {KINDS[rank]}", arg or raw.args[-1], dims)

    def clash(self, rule: str, raw: Raw, *dims: Dims, hint: str = "") -> TheoryError:
        """An error that names the operand or both, with their shapes, below a caret."""
        pair = raw.args if len(dims) == 2 else (raw,)
        letters = self.unifier.letters([dim for some in dims for dim in some], set(self.names))
        shown = [shape_text(tuple(self.unifier.close(dim, letters) for dim in some)) for some in dims]
        what = " and ".join(f"{arg.text} is {shape}" for arg, shape in zip(pair, shown, strict=True))
        return pointing(
            f"{rule}: {what}",
            self.text,
            self._column(raw) if len(dims) == 2 else raw.column,
            hint or "say otherwise with --shape A=m,n",
        )

    def _column(self, raw: Raw) -> int:
        """The operator's column, or where the node begins."""
        if len(raw.args) != 2 or raw.op.isalpha():
            return raw.column
        between = raw.args[0].column + len(raw.args[0].text)
        return max(self.text.find(raw.op, between), raw.column)


def names_of(raw: Raw) -> list[str]:
    """Names in the order of appearance."""
    own = [raw.value] if raw.op == "name" else []
    return list(dict.fromkeys([*own, *(name for arg in raw.args for name in names_of(arg))]))


def infer(
    raw: Raw,
    text: str,
    declared: Mapping[str, Shape],
    letters: frozenset[str] = frozenset(),
    scalars: frozenset[str] = frozenset(),
) -> Inference:
    """Infer all shapes.

    Args:
        raw: the expression.
        text: the same as it was typed.
        declared: shapes that the user said.
        letters: names that stand for sizes, beside those that declared shapes use.
        scalars: lower-case names that are scalars.

    Raises:
        TheoryError: shapes do not fit together, or a declared name does not occur.
    """
    inference = Inference(text, declared, letters)
    names = [name for name in names_of(raw) if not inference.is_size(name) and (name != "I" or "I" in declared)]
    for name in declared:
        if name not in names:
            raise TheoryError("a shape is given for a name that does not occur", got=name, hint=nearest(name, names))
    beside = stand_as_vectors(raw)
    vectors = beside | added_to_vectors(raw)
    for name in names:
        rank = 0 if name in scalars else default_rank(name, vectors)
        fresh = tuple(inference.unifier.fresh() for _ in range(rank))
        inference.names[name] = declared.get(name, fresh)
    inference.visit(raw)
    more = {name for name in added_to_scalars(raw, inference.dims) if len(inference.names[name]) == 1}
    more -= beside | declared.keys()
    return infer(raw, text, declared, letters, scalars | more) if more else inference


def default_rank(name: str, vectors: set[str]) -> int:
    """Capital: matrix; lower case: vector; a lower-case Greek letter: scalar unless it stands where vectors stand."""
    if name[0].isupper():
        return 2
    return 0 if is_greek(name) and name not in vectors else 1


def is_greek(name: str) -> bool:
    """Whether it is a Greek letter in lower case, perhaps with a number."""
    stem = re.sub(r"_?\d*_?$", "", name)
    return stem in GREEK and stem.islower()


def added_to_vectors(raw: Raw) -> set[str]:
    """Names that stand in a sum with a lower-case Latin name."""
    found: set[str] = set().union(*map(added_to_vectors, raw.args))
    if raw.op in ("+", "-") and any(map(_latin_vector, raw.args)):
        found |= {arg.value for arg in raw.args if arg.op == "name"}
    return found


def _latin_vector(raw: Raw) -> bool:
    return raw.op == "name" and raw.value[0].islower() and not is_greek(raw.value)
