"""Shapes by unification: what the user said, what the names suggest, what the operators ask for.

Beside what cannot be, what is unlikely is counted: of two readings that both fit, the one of less cost is taken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from paribus.errors import TheoryError
from paribus.theory.expressions.calls import literal
from paribus.theory.expressions.notation import ALONG, ENTRYWISE, FILLED, MATRICES, REDUCED
from paribus.theory.expressions.raw import Raw, names_of
from paribus.theory.expressions.sizes import Dims, Product, Unifier
from paribus.theory.expressions.text import shape_text
from paribus.theory.expressions.tokens import pointing
from paribus.theory.expressions.tree import Shape

WHOLE = {"exp", "log", "sqrt", "sin", "cos"}  # functions that matrices have as well
KINDS = {0: "scalar", 1: "vector", 2: "matrix"}
COUNTS = {"m", "n", "N", "k", "K", "d", "D", "p", "M", "T", "C", "J"}  # usual names of sizes
SMALL = {"eps", "epsilon", "delta"}  # numbers that are added to arrays
AVERAGES = {"mean", "max", "min", "logsumexp"}  # and those that are taken off them
RAISED = 1.9  # what it costs that a Latin letter is a number because it stands before ^
LIKELY, UNLIKELY = 2.0, 3.0  # what it costs to add a scalar to an array, and to sum up a scalar
USUAL = 0.9  # what it costs to add a Greek letter to an array whose entries are summed: sum((x - mu)**2)


@dataclass
class Inference:
    """What is known while shapes are inferred: sizes of each name, the shape of each node.

    Args:
        text: what was typed.
        declared: shapes that the user said.
        board: vectors stand as columns, so that x xᵀ is a matrix; else they have one axis, as in NumPy.
        letters: names that stand for sizes, beside those that declared shapes use.
        linear: how far ``*`` is the product of linear algebra: 0 never, 1 of a matrix before a vector, 2 always.
    """

    text: str
    declared: Mapping[str, Shape]
    board: bool = False
    letters: frozenset[str] = frozenset()
    linear: int = 0
    unifier: Unifier = field(default_factory=Unifier)
    names: dict[str, Dims] = field(default_factory=dict)
    dims: dict[Raw, Dims] = field(default_factory=dict)
    labels: dict[Raw, tuple[str, ...]] = field(default_factory=dict)  # indices of sums that a node depends on
    rows: set[Raw] = field(default_factory=set)  # vectors that lie
    products: set[Raw] = field(default_factory=set)  # where * is the product of linear algebra
    powers: set[Raw] = field(default_factory=set)  # where ^ is the power of a matrix
    index: dict[str, Dims] = field(default_factory=dict)  # size of each index of a sum
    doubts: list[str] = field(default_factory=list)
    cost: float = 0.0
    within: list[str] = field(default_factory=list)  # functions around the node
    exponents: int = 0  # exponentials around the node
    constants: frozenset[str] = frozenset()  # e and pi, where they are no variables
    numbers: bool = False  # nothing is an array
    scalars: frozenset[str] = frozenset()  # names that are numbers by convention
    biases: frozenset[str] = frozenset()  # names added to all rows of data: b of X w + b
    divisors: frozenset[Raw] = frozenset()  # what stands below a line: 1 / (2 s^2)
    functions: list[Raw] = field(default_factory=list)  # of matrices, that books may take of the matrix as a whole

    @property
    def numeric(self) -> bool:
        """Whether the text says by a module that functions are NumPy's."""
        return bool(re.search(r"\b(?:np|numpy|torch|jnp|tf)\.", self.text))

    def ambiguous(self) -> list[str]:
        """A sentence for each function of a square matrix that is taken of its entries."""
        said = list[str]()
        for raw in self.functions:
            rows, columns = map(self.unifier.resolve, self.dims[raw])
            if rows == columns or (raw.op == "**" and raw.args[1].op == "neg"):
                base = raw.args[0].text
                of = {"**": f"matrix_power({base}, 2), inv({base})", "/": "A @ inv(B)"}.get(raw.op)
                other = f"as a whole: {of}" if of else f"{raw.op} of the matrix as a whole is not read"
                said.append(f"{raw.text} is taken of each entry, as in NumPy; {other}")
        return said

    def visit(self, raw: Raw) -> Dims:
        """Shape of a node, remembered for it."""
        if raw.op == "Σ":
            self.index |= {one: (self.unifier.fresh(),) for one in raw.value}
        entrywise = raw.op in ("sum", "mean", "Σ", "‖", "norm")
        through = raw.op in ENTRYWISE or raw.op in ("^", "**", "neg", "*", "/", "+", "-", "juxt")
        self.within.append(raw.op if entrywise else self.within[-1] if through and self.within else "")
        self.exponents += raw.op == "exp"
        args = [self.visit(arg) for arg in raw.args]
        self.exponents -= raw.op == "exp"
        self.within.pop()
        labels = tuple(dict.fromkeys(one for arg in raw.args for one in self.labels[arg]))
        self.labels[raw] = tuple(one for one in labels if raw.op != "Σ" or one not in raw.value)
        found = self.dims[raw] = self._visit(raw, args)
        return found

    def _visit(self, raw: Raw, dims: list[Dims]) -> Dims:
        if not raw.args:
            return self._leaf(raw)
        if raw.op == "neg":
            self._lies(raw, raw.args[0] in self.rows)
            return dims[0]
        if raw.op == "T":
            return self._transposed(raw, dims[0])
        if raw.op in ("@", "matmul"):
            return self._matmul(raw, *dims)
        if raw.op == "juxt":
            return self._beside(raw, *dims)
        if raw.op == "*" and self._multiplies(raw, *dims):
            self.products.add(raw)
            return self._product(raw, *dims)
        if raw.op in ("+", "-", "*", "/", "**"):
            return self._elementwise(raw, *dims)
        if raw.op == "^":
            return self._raised(raw, *dims)
        if raw.op in ("bars", "‖"):
            return self._bars(raw, dims[0])
        if raw.op == "Σ":
            self.cost += len(dims[0]) > 0
            return dims[0]
        if raw.op in ENTRYWISE:
            if raw.op in WHOLE and len(dims[0]) == 2 and not self.numeric:
                self.functions.append(raw)
            found = dims[0]
            for other in dims[1:]:
                found = self._broadcast(raw, found, other)
            return found
        if raw.op in REDUCED:
            return self._reduced(raw, dims[0])
        if raw.op in ALONG:
            return self._along(raw, dims[0])
        if raw.op in MATRICES:
            return self._square(raw, dims[0])
        ruled: Dims = getattr(self, f"_{raw.op}")(raw, dims)
        return ruled

    # leaves

    def _leaf(self, raw: Raw) -> Dims:
        if raw.op in ("number", "tuple"):
            return ()
        if raw.op == "string":
            raise pointing("words have no place here", self.text, raw.column)
        if raw.op == "entry":
            return self._entry(raw)
        if raw.op == "name":
            return self._name(raw)
        if raw.op == "K":
            product = self.unifier.resolve(Product(*raw.value))
            return (product, product)
        return tuple(raw.value) * (2 if raw.op in ("eye", "tril") else 1)

    def _name(self, raw: Raw) -> Dims:
        name = raw.value
        if name in self.names:
            return self.names[name]
        if name in self.constants or self.is_size(name):
            return ()
        size = self.unifier.fresh()
        return (size,) if name == "𝟏" else (size, size)  # 1 and I

    def _entry(self, raw: Raw) -> Dims:
        stem, indices = raw.value
        if len(set(indices)) < len(indices):
            rule = f"an index stands once at a name: {raw.text}"
            raise pointing(rule, self.text, raw.column, "tr(A) is the sum of all A_ii, diag(A) the vector of them")
        self.labels[raw] = indices
        base = self.names[stem]
        for one, size in zip(indices, base, strict=False):
            self.unifier.unify(self.index[one][0], size)
        if len(base) < len(indices):
            raise self.clash(f"{raw.text} is an entry of {stem}, which has not that many axes", raw, base)
        return base[len(indices) :]

    def is_size(self, name: str) -> bool:
        """Whether a name is a size letter of the user, used as a number."""
        sizes = {str(size) for shape in self.declared.values() for size in shape} | self.letters
        return name not in self.declared and name in sizes

    # products

    def _lies(self, raw: Raw, lies: bool) -> None:
        if lies:
            self.rows.add(raw)

    def _transposed(self, raw: Raw, dims: Dims) -> Dims:
        if len(dims) > 2:
            raise self.clash(".T of more than two axes is ambiguous: write einsum", raw, dims)
        if len(dims) == 1 and raw.args[0] not in self.rows:
            self.rows.add(raw)
        if not dims:
            self.cost += UNLIKELY
        return dims[::-1]

    def _matmul(self, raw: Raw, a: Dims, b: Dims) -> Dims:
        left, right = raw.args
        if self.board and a and b:
            if len(a) == len(b) == 1 and right in self.rows and left not in self.rows:
                self.doubts.append(f"{raw.text} is a matrix, as on a blackboard; NumPy makes one number of it")
            return self._product(raw, a, b)
        outer = f"outer({left.text}, {_untransposed(right)})"
        column = len(a) == len(b) == 1 and right in self.rows and left not in self.rows
        if not a or not b:
            hint = "a scalar is multiplied by *"
            if _ends_in_row(left if not a else right):
                hint = "x @ x.T of a vector is a number: write outer(x, x) for the matrix, or declare --shape x=n,1"
            raise self.clash("@ needs vectors or matrices on both sides", raw, a, b, hint=hint)
        if max(len(a), len(b)) > 2:
            return self._batched(raw, a, b)
        if not self.unifier.unify(a[-1], b[0]):
            hint = f"write {outer} for the matrix" if column else "a column is declared by --shape x=n,1"
            raise self.clash("@ needs equal inner sizes", raw, a, b, hint=hint if len(a) + len(b) < 4 else "")
        if column:
            said = f"{raw.text} is one number, as NumPy has it for vectors; the matrix is {outer}, or declare"
            self.doubts.append(f"{said} --shape {_first_name(left)}=n,1")
        return (*a[:-1], *b[1:])

    def _batched(self, raw: Raw, a: Dims, b: Dims) -> Dims:
        """A stack of matrices times a stack or a matrix, as in NumPy."""
        inner = b[-2] if len(b) > 1 else b[0]
        stacks = all(self.unifier.unify(*pair) for pair in zip(a[:-2], b[:-2], strict=False))
        if len(b) == 1 or not self.unifier.unify(a[-1], inner) or not stacks:
            raise self.clash("@ of stacks needs equal inner sizes", raw, a, b)
        return (*max(a[:-2], b[:-2], key=len), a[-2], b[-1])

    def _beside(self, raw: Raw, a: Dims, b: Dims) -> Dims:
        """Two factors side by side: the product of linear algebra, or by a scalar."""
        if a and b:
            return self._product(raw, a, b)
        self._lies(raw, any(arg in self.rows for arg in raw.args))
        self.cost += bool(a) and raw.args[0] in self.rows and not _plain(raw.args[1])  # wᵀ c is seldom a row
        return a or b

    def _product(self, raw: Raw, a: Dims, b: Dims) -> Dims:
        left, right = raw.args
        lies, stands = left in self.rows, right not in self.rows
        if len(a) == len(b) == 1 and not lies and not stands:
            return (*a, *b)
        if len(a) == len(b) == 1 and stands and (lies or raw.value == "·" or raw.op in ("@", "matmul")):
            dotted = raw.value == "·" and not lies  # λ·x
            self.cost += LIKELY * (dotted and any(arg.op == "name" and arg.value in self.scalars for arg in raw.args))
            return self._inner_sizes(raw, a, b)
        if len(a) == len(b) == 1:
            x, y = left.text, right.text
            hint = (
                f"write ({x})ᵀ({y}), ({x})({y})ᵀ or {x} ⊙ {y}"
                if len(x + y) > 2
                else f"write {x}ᵀ{y}, {x}{y}ᵀ or {x} ⊙ {y}"
            )
            raise self.clash("the product of two vectors side by side may be several things", raw, a, b, hint=hint)
        if len(a) == 1 and not lies:
            raise self.clash(
                "a standing vector is not multiplied by a matrix", raw, a, b, hint=f"write {left.text}ᵀ {right.text}"
            )
        if len(b) == 1 and not stands:
            raise self.clash(
                "a matrix is not multiplied by a lying vector",
                raw,
                a,
                b,
                hint=f"write {left.text} {_untransposed(right)}",
            )
        if max(len(a), len(b)) > 2:
            return self._batched(raw, a, b)
        found = self._inner_sizes(raw, a, b)
        if len(a) == 1:
            self.rows.add(raw)
        return found

    def _inner_sizes(self, raw: Raw, a: Dims, b: Dims) -> Dims:
        if not self.unifier.unify(a[-1], b[0]):
            raise self.clash("a product needs equal inner sizes", raw, a, b)
        return (*a[:-1], *b[1:])

    def _multiplies(self, raw: Raw, a: Dims, b: Dims) -> bool:
        """Whether ``*`` is the product of linear algebra, as in MATLAB: two vectors only where one of them lies."""
        if not self.linear or not a or not b or self.text[raw.value : raw.value + 1] != "*":
            return False
        lies = [arg in self.rows for arg in raw.args]
        if len(a) == len(b) == 1:
            return lies[0] != lies[1]
        left, right = raw.args
        if self.linear == 1 and len(a) == 2 and len(b) == 1:
            said = f"{raw.text} is the product {left.text} @ {right.text}; {right.text}[None, :] multiplies every row"
            self.doubts.append(said)
        if self.linear == 2 and len(a) == len(b) == 2:
            self.doubts.append("* is the product of linear algebra here, as in MATLAB; entry by entry: .* or ⊙")
        return self.linear == 2 or (len(a) == 2 and len(b) == 1 and not lies[1])

    # entry by entry

    def _elementwise(self, raw: Raw, a: Dims, b: Dims) -> Dims:
        left, right = raw.args
        self._lies(raw, any(arg in self.rows and self.dims[arg] for arg in raw.args))
        if raw.op in ("+", "-"):
            self._scalar_beside(raw, a, b)
            self._lying(raw, a, b)
        if raw.op == "**" and b and right.op == "name":
            self.cost += UNLIKELY
        if raw.op == "/":
            self._divided(left, right, a, b)
        if (
            len({"**": a, "/": b}.get(raw.op, ())) == 2
            and not self.numeric
            and self.within[-1:] not in (["sum"], ["mean"])
        ):
            self.functions.append(raw)
        if raw.op == "*" and {len(a), len(b)} == {0, 2} and not self.board:
            self.cost += 1.1 * any(
                arg.op == "name"
                and not self.dims[arg]
                and arg.value.islower()
                and len(arg.value) == 1
                and arg.value not in self.declared
                for arg in raw.args
            )
        if raw.op == "*" and (a or b) and self.within[-1:] == ["sum"] and any(arg.value == "pi" for arg in raw.args):
            self.doubts.append("pi is the number 3.14159…; as weights: --shape pi=n")
        if raw.op in ("*", "/") and {len(a), len(b)} == {0, 1}:
            self.cost += LIKELY * any(arg.value in COUNTS and self.dims[arg] and arg.op == "name" for arg in raw.args)
        if (
            (self.board or not (self.numeric or "@" in self.text))
            and raw.op == "*"
            and raw.value is not None
            and self.text[raw.value : raw.value + 1] == "*"
            and len(a) == len(b) == 2
        ):
            self.doubts.append(
                f"{raw.text} is multiplied entry by entry; the product of matrices is {left.text} @ {right.text}"
            )
        return self._broadcast(raw, a, b)

    def _divided(self, above: Raw, below: Raw, a: Dims, b: Dims) -> None:
        """A number is seldom divided by a vector, and a usual name of a size over a number is no matrix."""
        if b and not a and (_counted(below) or (below.op == "name" and not _plain(above))):
            self.cost += LIKELY
        if len(a) == 2 and above.value in COUNTS and _plain(below):
            self.cost += LIKELY

    def _scalar_beside(self, raw: Raw, a: Dims, b: Dims) -> None:
        """A scalar that is no plain number is seldom added to every entry of an array."""
        for side, mine, other in ((raw.args[0], a, b), (raw.args[1], b, a)):
            if self.board and side.op == "number" and len(other) == 2 and not any(self.within[-1:]):
                self.doubts.append(f"{side.text} is added to every entry; to the diagonal: {side.text} I")
            if mine or not other or _plain(side) or side.op in AVERAGES or _small(side):
                continue
            if side.op == "name" and len(other) == 2 and side.value not in self.declared:
                self.doubts.append(
                    f"{side.text} is added to every entry; as a row, to each of the rows: --shape {side.text}=n"
                )
            if side.value not in self.biases:
                summed = len(other) == 1 and not self.exponents and self.within[-1:] in (["sum"], ["mean"])
                numeric = side.op == "name" or any(one.op == "log" for one in side.nodes())
                self.cost += USUAL if summed and numeric and {*names_of(side)} <= self.scalars else LIKELY
            if len(other) == 2 and _ends_in_row(side):
                x = _first_name(side)
                rule = f"{raw.op} of a matrix and a number: {side.text} is one number for a vector {x}"
                raise self.clash(
                    rule, raw, a, b, hint=f"write outer({x}, {x}) for the matrix, or declare --shape {x}=n,1"
                )

    def _lying(self, raw: Raw, a: Dims, b: Dims) -> None:
        if self.board and len(a) == len(b) == 1 and (raw.args[0] in self.rows) != (raw.args[1] in self.rows):
            hint = "transpose one of them: x + y, or xᵀ + yᵀ"
            raise self.clash(f"{raw.op} of a standing and a lying vector", raw, a, b, hint=hint)

    def _broadcast(self, raw: Raw, a: Dims, b: Dims) -> Dims:
        if not a or not b:
            return a or b
        if self._single(a) != self._single(b):
            return b if self._single(a) else a
        if len(a) != len(b):
            return self._along_rows(raw, a, b)
        found = []
        for one, other in zip(a, b, strict=True):
            first, second = self.unifier.resolve(one), self.unifier.resolve(other)
            if 1 in (first, second):
                found.append(second if first == 1 else first)
            elif self.unifier.unify(first, second):
                found.append(first)
            else:
                raise self.clash(f"{raw.op} needs equal shapes", raw, a, b)
        return tuple(found)

    def _along_rows(self, raw: Raw, a: Dims, b: Dims) -> Dims:
        """A vector beside a matrix: NumPy takes it for a row. It is added so; multiplied only if the sizes say it."""
        large, small = (a, b) if len(a) > len(b) else (b, a)
        vector = raw.args[len(a) > len(b)]
        rows, columns = (self.unifier.resolve(size) for size in large[-2:])
        size = self.unifier.resolve(small[-1])
        known = size == columns and rows != columns
        if raw.op not in ("+", "-") and not known:
            x, y = (arg.text for arg in raw.args[:2]) if len(raw.args) > 1 else ("X", vector.text)
            v = vector.text
            hint = f"write {x} @ {y} for the product; {v}[None, :] multiplies every row, {v}[:, None] every column"
            if raw.op == "/":
                hint = f"{vector.text}[:, None] divides every row by its number, keepdims=True keeps the axis of a sum"
            raise self.clash(f"{raw.op} of a vector and a matrix is ambiguous and refused", raw, a, b, hint=hint)
        if not all(self.unifier.unify(x, y) for x, y in zip(large[-len(small) :], small, strict=True)):
            hint = f"a vector is added to every row; {vector.text}[:, None] is added to every column"
            raise self.clash(f"{raw.op} needs rows as long as the vector", raw, a, b, hint=hint)
        if len(small) == 1 and not known and len(large) == 2:
            self.cost += 2.5 if self.board else 0.8
            self.doubts.append(
                f"{vector.text} is added to every row, as in NumPy; {vector.text}[:, None] is added to every column"
            )
        return large

    def _single(self, dims: Dims) -> bool:
        """Whether it is a matrix of one entry, which acts as a scalar beside other shapes."""
        return [self.unifier.resolve(dim) for dim in dims] == [1, 1]

    def _raised(self, raw: Raw, base: Dims, exponent: Dims) -> Dims:
        """``^``: a power where there is one reading, of scalars and, on a blackboard, of square matrices."""
        over = raw.args[1]
        power = literal(over)
        if not base:
            name = raw.args[0]
            latin = (
                name.op == "name" and name.value not in self.declared and name.value.islower() and len(name.value) == 1
            )
            alone = self.numbers or len(self.names) == 1 or name.value in self.constants
            self.cost += RAISED * (latin and not alone and raw not in self.divisors)
            return exponent
        text = raw.args[0].text
        if len(base) == 2 and power == -1:
            self.powers.add(raw)
            return self._square(raw, base) or base
        if len(base) == 2 and not exponent:
            square = self.unifier.resolve(base[0]) == self.unifier.resolve(base[1])
            entries = self.within[-1:] and self.within[-1] in ("sum", "mean") and not square
            if entries:
                self.doubts.append(f"{raw.text} is entry by entry, as {text}**{over.text}")
                return self._broadcast(raw, base, exponent)
            if (self.board or square) and _whole(over) and "**" not in self.text and self.unifier.unify(*base):
                self.powers.add(raw)
                if power:
                    self.doubts.append(f"{raw.text} is the power of a matrix; entry by entry it is {text}**{over.text}")
                return base
        if len(base) == 1 and self.within and self.within[-1] in ("sum", "mean", "Σ"):
            self.cost += UNLIKELY * bool(exponent and over.op == "name")
            self.doubts.append(f"{raw.text} is entry by entry, as {text}**{over.text}")
            return self._broadcast(raw, base, exponent)
        if len(base) == 1:
            hint = f"write {text}**{over.text} for each entry by itself, norm({text})**2 or {text}ᵀ{text} for a number"
        else:
            whole = f"matrix_power({text}, {over.text}) for {text} @ {text}"
            root = f"and a letter for the root of the matrix, B with B @ B for {text}"
            hint = f"write {text}**{over.text} for each entry by itself, {whole if isinstance(power, int) else root}"
        raise pointing(
            f"{raw.text}: ^ of a {KINDS[min(len(base), 2)]} has two readings: write ** for a power",
            self.text,
            raw.column,
            hint,
        )

    # functions

    def _bars(self, raw: Raw, dims: Dims) -> Dims:
        if raw.op == "bars" and len(dims) == 1:
            self.doubts.append(f"{raw.text} is taken of each entry; the norm is ‖…‖")
        if raw.op == "bars" and len(dims) == 2:
            self._square(raw, dims)
            self.doubts.append(f"{raw.text} is the determinant; entry by entry it is abs(…)")
            return ()
        inside = raw.args[0].text
        if raw.op == "‖" and len(dims) == 2 and raw.value in (None, 2):
            kinds = ("the Frobenius norm", f"‖{inside}‖₂"), ("the largest singular value", f"‖{inside}‖_F")
            (is_, _), (other, sign) = kinds if raw.value is None else reversed(kinds)
            self.doubts.append(f"{raw.text} is {is_}; {other} is {sign}")
        if raw.op == "‖" and raw.value == 1 and len(dims) == 2:
            self.doubts.append(
                f"{raw.text} is the largest sum of a column, as in NumPy; of all entries: sum(abs({inside}))"
            )
        if raw.op == "‖" and not dims:
            self.cost += UNLIKELY
        return dims if raw.op == "bars" else ()

    def _reduced(self, raw: Raw, dims: Dims) -> Dims:
        options = dict(raw.value or ())
        axis, keep = options.get("axis"), options.get("keepdims", False)
        if raw.op in ("var", "std") and "ddof" not in options:
            self.doubts.append(f"{raw.op} divides by n, as NumPy does; ddof=1 divides by n - 1, as PyTorch does")
        if not dims and not _plain(raw.args[0]):
            if raw.op == "sum" and _ends_in_row(raw.args[0]):
                raise self.clash("x @ x.T of a vector is a number", raw.args[0], dims, hint="outer(x, x) is the matrix")
            self.cost += UNLIKELY
        if raw.op == "norm" and options.get("ord") in ("fro", "nuc") and len(dims) == 1:
            raise self.clash(
                f"the norm '{options['ord']}' is one of matrices",
                raw.args[0],
                dims,
                hint="norm(x) is the Euclidean norm",
            )
        if raw.op in ("logsumexp", "max", "min", "prod") and axis is None and len(dims) == 2 and raw.op == "logsumexp":
            raise self.clash(
                "logsumexp takes a vector",
                raw.args[0],
                dims,
                hint=f"say along which axis: logsumexp({raw.args[0].text}, axis=1) is of every row",
            )
        if axis is not None and not dims:
            raise self.clash(f"{raw.op} along an axis takes an array", raw.args[0], dims)
        if axis is None and len(dims) == 2 and not keep:
            self._all_of(raw, options)
        if axis is None:
            return (1,) * len(dims) if keep and dims else ()
        if not -len(dims) <= axis < len(dims):
            raise self.clash(f"{raw.op} has no axis {axis} to take", raw.args[0], dims)
        place = axis % len(dims)
        return tuple(1 if i == place else size for i, size in enumerate(dims) if keep or i != place)

    def _all_of(self, raw: Raw, options: Mapping[str, object]) -> None:
        """What else a sum, a mean or a norm of a matrix is elsewhere."""
        inside = raw.args[0].text
        if self.linear == 2 and raw.op in ("sum", "mean", "max", "min"):
            if "sum" in self.within[-1:] or "mean" in self.within[-1:]:
                hint = (
                    f"write {raw.op}({inside}, axis=0) for those of the columns, {raw.op}({inside}(:)) for all entries"
                )
                raise self.clash(
                    f"{raw.op} of a matrix may be of its columns, as in MATLAB",
                    raw.args[0],
                    self.dims[raw.args[0]],
                    hint=hint,
                )
            self.doubts.append(
                f"{raw.text} is of all entries; of each column, as in MATLAB: {raw.op}({inside}, axis=0)"
            )
        if raw.op == "norm" and "ord" not in options and not self.numeric:
            self.doubts.append(
                f"{raw.text} is the Frobenius norm; the largest singular value, as in MATLAB: norm({inside}, 2)"
            )

    def _along(self, raw: Raw, dims: Dims) -> Dims:
        options = dict(raw.value or ())
        if not dims:
            self._needs(raw, dims, 1)
        axis = options.get("axis")
        if axis is None and len(dims) == 2 and self.board and raw.op == "softmax":
            self.doubts.append(f"{raw.text} is of every row; of every column: axis=0")
        elif axis is None and len(dims) > 1:
            x = raw.args[0].text
            hint = f"say along which axis: {raw.op}({x}, axis=-1) is of every row"
            raise self.clash(f"{raw.op} takes a vector", raw.args[0], dims, hint=hint)
        if axis is not None and not -len(dims) <= axis < len(dims):
            raise self.clash(f"{raw.op} has no axis {axis} to take", raw.args[0], dims)
        self._lies(raw, raw.args[0] in self.rows)
        inside = raw.args[0]
        self.cost += LIKELY * (
            inside.op in ("/", "frac") and inside.args[1].op == "name" and bool(self.dims[inside.args[1]])
        )
        return dims

    def _square(self, raw: Raw, dims: Dims) -> Dims:
        if raw.op == "tr" and not dims and self.board:
            return ()
        if not dims and _ends_in_row(raw.args[0]):
            x = _first_name(raw.args[0])
            hint = f"write outer({x}, {x}) for the matrix, or declare --shape {x}=n,1"
            raise self.clash(f"{raw.op} takes a matrix", raw.args[0], dims, hint=hint)
        self._needs(raw, dims, 2, raw.args[0])
        self._factors(raw.args[0])
        if not self.unifier.unify(*dims):
            raise self.clash(f"{raw.op} needs a square matrix", raw.args[0], dims)
        return dims if raw.op == "inv" else ()

    def _factors(self, raw: Raw) -> None:
        """det(A X B) is taken of square matrices, where each of them is a name of its own and open."""
        chain = _chain(raw)
        sizes = [self.dims[factor] for factor in chain]
        names = {factor.value for factor in chain if factor.op == "name"}
        if len(chain) < 2 or len(names) < len(chain) or any(len(dims) != 2 for dims in sizes):
            return
        if not names & self.declared.keys() and all(self.unifier.unify(*dims) for dims in sizes):
            said = f"{', '.join(factor.text for factor in chain)} are read as square matrices"
            self.doubts.append(f"{said}; otherwise: --shape {chain[0].text}=m,n")

    def _len(self, raw: Raw, dims: list[Dims]) -> Dims:
        if not dims[0]:
            raise self.clash("len takes a vector or a matrix", raw.args[0], dims[0])
        return ()

    def _cosine_similarity(self, raw: Raw, dims: list[Dims]) -> Dims:
        for arg, dim in zip(raw.args, dims, strict=True):
            self._needs(raw, dim, 1, arg)
        return self._inner_sizes(raw, *dims)

    def _dot(self, raw: Raw, dims: list[Dims]) -> Dims:
        a, b = dims
        if not a or not b:
            raise self.clash("dot takes vectors", raw, a, b)
        if not self.unifier.unify(a[-1], b[0]):
            raise self.clash("dot needs vectors of equal size", raw, a, b)
        if len(a) == len(b) == 2 and not self.numeric:
            x, y = (arg.text for arg in raw.args)
            self.doubts.append(
                f"{raw.text} is the product {x} @ {y}, as in NumPy; the inner product is sum(({x}) * ({y}))"
            )
        return (*a[:-1], *b[1:])

    def _inner(self, raw: Raw, dims: list[Dims]) -> Dims:
        if len(dims[0]) != len(dims[1]) or not all(self.unifier.unify(*pair) for pair in zip(*dims, strict=True)):
            raise self.clash("an inner product is of two equal shapes", raw, *dims)
        self.cost += UNLIKELY * (not dims[0])
        return ()

    def _outer(self, raw: Raw, dims: list[Dims]) -> Dims:
        for arg, dim in zip(raw.args, dims, strict=True):
            self._needs(raw, dim, 1, arg)
        return (*dims[0], *dims[1])

    def _diag(self, raw: Raw, dims: list[Dims]) -> Dims:
        if len(dims[0]) == 1:
            n = raw.args[0].text
            if n in COUNTS:
                self.doubts.append(f"diag({n}) has the vector {n} on its diagonal; the identity is eye({n})")
            return dims[0] * 2
        self._needs(raw, dims[0], 2)
        if not self.unifier.unify(*dims[0]):
            raise self.clash("diag needs a vector or a square matrix", raw.args[0], dims[0])
        return dims[0][:1]

    def _vec(self, raw: Raw, dims: list[Dims]) -> Dims:
        self._needs(raw, dims[0], 2)
        return (Product(dims[0][1], dims[0][0]),)

    def _ravel(self, raw: Raw, dims: list[Dims]) -> Dims:
        return dims[0] if len(dims[0]) < 2 else (Product(*dims[0]),)

    def _kron(self, raw: Raw, dims: list[Dims]) -> Dims:
        self._needs(raw, dims[-1], 2)
        if not dims[0]:
            raise self.clash("kron needs a matrix, or a vector as a row", raw.args[0], dims[0])
        rows = Product(dims[0][0], dims[1][0]) if len(dims[0]) == 2 else dims[1][0]
        return (rows, Product(dims[0][-1], dims[1][1]))

    def _polar(self, raw: Raw, dims: list[Dims]) -> Dims:
        self._needs(raw, dims[0], 2)
        return dims[0]

    def _u1(self, raw: Raw, dims: list[Dims]) -> Dims:
        return self._polar(raw, dims)[:1]

    def _v1(self, raw: Raw, dims: list[Dims]) -> Dims:
        return self._polar(raw, dims)[1:]

    def _solve(self, raw: Raw, dims: list[Dims]) -> Dims:
        self._needs(raw, dims[0], 2, raw.args[0])
        if not dims[1] or not self.unifier.unify(*dims[0]) or not self.unifier.unify(dims[0][1], dims[1][0]):
            raise self.clash("solve takes a square matrix and what fits it", raw, *dims)
        return dims[1]

    def _matrix_power(self, raw: Raw, dims: list[Dims]) -> Dims:
        self._square(raw, dims[0])
        if dims[1] or not _whole(raw.args[1]):
            rule = f"the exponent of {raw.op} is a whole number, or letters that stand for one"
            raise pointing(rule, self.text, raw.args[1].column, "matrix_power(X, 3), matrix_power(X, k - 1)")
        return dims[0]

    def _powers(self, raw: Raw, dims: list[Dims]) -> Dims:
        self._needs(raw, dims[2], 2)
        return self._broadcast(raw, self._matrix_power(raw, dims[:2]), dims[2])

    def _transpose(self, raw: Raw, dims: list[Dims]) -> Dims:
        return self._transposed(raw, dims[0])

    def _frac(self, raw: Raw, dims: list[Dims]) -> Dims:
        self._divided(raw.args[0], raw.args[1], dims[0], dims[1])
        return self._broadcast(raw, *dims)

    def _column(self, raw: Raw, dims: list[Dims]) -> Dims:
        self._needs(raw, dims[0], 1)
        return (*dims[0], 1)

    def _row(self, raw: Raw, dims: list[Dims]) -> Dims:
        self._needs(raw, dims[0], 1)
        return (1, *dims[0])

    def _at(self, raw: Raw, dims: list[Dims]) -> Dims:
        """An entry of a vector, a row of a matrix, within a sum."""
        base = dims[0]
        if len(base) < len(raw.value):
            raise self.clash(f"{raw.text} is an entry of what has not that many axes", raw, base)
        if twice := {*self.labels[raw]} & {*raw.value}:
            raise self.clash(f"the index {min(twice)} stands within {raw.text} already", raw, base)
        for one, size in zip(raw.value, base, strict=False):
            self.unifier.unify(self.index[one][0], size)
        self.labels[raw] += raw.value
        return base[len(raw.value) :]

    def _einsum(self, raw: Raw, dims: list[Dims]) -> Dims:
        parts, output = raw.value
        sizes: dict[str, Dims] = {}
        for arg, part, dim in zip(raw.args, parts, dims, strict=True):
            if len(part) != len(dim):
                hint = f"declare it: --shape {arg.text}={','.join(part)}"
                raise self.clash(f"einsum has the indices {part} for what has {len(dim)} axes", arg, dim, hint=hint)
            for letter, size in zip(part, dim, strict=True):
                if not self.unifier.unify(sizes.setdefault(letter, (size,))[0], size):
                    raise self.clash(f"einsum: the index {letter} has two sizes", arg, dim)
        return tuple(sizes[letter][0] for letter in output)

    # errors

    def _needs(self, raw: Raw, dims: Dims, rank: int, arg: Raw | None = None) -> None:
        if len(dims) != rank:
            operand = arg or raw.args[-1]
            first = next(iter(names_of(operand)), "A")
            sizes = {1: "n", 2: "n,n" if raw.op in MATRICES else "m,n"}[rank]
            hint = f"a {KINDS[rank]} is declared by --shape {first}={sizes}"
            raise self.clash(f"{raw.op} takes a {KINDS[rank]}", operand, dims, hint=hint)

    def clash(self, rule: str, raw: Raw, *dims: Dims, hint: str = "") -> TheoryError:
        """An error that names the operand or both, with their shapes, below a caret."""
        pair = raw.args if len(dims) == 2 else (raw,)
        letters = self.unifier.letters([dim for some in dims for dim in some], set(self.names))
        shown = [shape_text(tuple(self.unifier.close(dim, letters) for dim in some)) for some in dims]
        what = " and ".join(f"{arg.text} is {shape}" for arg, shape in zip(pair, shown, strict=True))
        column = raw.value if len(dims) == 2 and type(raw.value) is int else raw.column
        first = next(iter(names_of(raw)), "A")
        return pointing(f"{rule}: {what}", self.text, column, hint or f"say otherwise with --shape {first}=m,n")


def _chain(raw: Raw) -> list[Raw]:
    return [*_chain(raw.args[0]), *_chain(raw.args[1])] if raw.op in ("@", "juxt") else [raw]


def _small(raw: Raw) -> bool:
    """Whether it is made of usual names of small numbers: ε, δ / 2."""
    names = names_of(raw)
    return (
        bool(names) and {*names} <= SMALL and all(one.op in ("name", "number", "*", "/", "juxt") for one in raw.nodes())
    )


def _plain(raw: Raw) -> bool:
    """Whether it is a number of its own, which may be added to anything."""
    return raw.op in ("number", *FILLED) or (
        raw.op in ("neg", "+", "-", "*", "/", "**", "sqrt", "^") and all(map(_plain, raw.args))
    )


def _whole(raw: Raw) -> bool:
    """Whether it is a whole number if its letters are: 3, k, 2k - 1."""
    if not raw.args:
        return raw.op == "name" or (raw.op == "number" and raw.value.denominator == 1)
    return raw.op in ("neg", "+", "-", "*", "juxt") and all(map(_whole, raw.args))


def _counted(raw: Raw) -> bool:
    """Whether it is made of numbers and usual names of sizes, as 2 * m."""
    return raw.value in COUNTS or raw.op == "number" or (bool(raw.args) and all(map(_counted, raw.args)))


def _ends_in_row(raw: Raw) -> bool:
    """Whether it is written like an outer product, x @ x.T."""
    if raw.op in ("*", "/", "neg", "+", "-", "juxt"):
        return any(map(_ends_in_row, raw.args))
    return raw.op == "@" and raw.args[1].op == "T" and raw.args[0].op != "T"


def _first_name(raw: Raw) -> str:
    while raw.args:
        raw = next((arg for arg in raw.args if _ends_in_row(arg)), raw.args[0])
    return str(raw.value)


def _untransposed(raw: Raw) -> str:
    return raw.args[0].text if raw.op == "T" else raw.text
