"""What an expression is: a frozen tree whose every node knows its shape.

Vectors have one axis, as in NumPy; in a product ``@`` a vector on the left lies, one on the right stands. Operators
build nodes in one normal form, by the functions in ``BUILD``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property, reduce
from typing import Any

Size = int | str  # 3, "n", or a product "m*n"
Shape = tuple[Size, ...]

COMMUTATIVE = {"add", "mul"}
BUILD: dict[str, Callable[..., Expr]] = {}  # op → what makes its node in normal form; filled by ``functions``


@dataclass(frozen=True)
class Expr:
    """A node.

    Args:
        op: what it is: "name", "number", "add", "matmul", "inv" …
        args: its operands.
        shape: () for a scalar, ("n",) for a vector, ("m", "n") for a matrix, more for stacks of matrices.
        value: the name, the number or the size, for those nodes that have one.
    """

    op: str
    args: tuple[Expr, ...] = ()
    shape: Shape = ()
    value: Any = None

    @property
    def rank(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @cached_property
    def key(self) -> Hashable:
        """Equal for expressions that differ only in the order of what commutes."""
        keys: Hashable = tuple(arg.key for arg in self.args)
        if self.op in COMMUTATIVE:
            keys = frozenset(Counter(arg.key for arg in self.args).items())
        if self.op == "matmul" and not self.shape:  # a scalar is its own transpose
            keys = frozenset({keys, tuple(arg.T.key for arg in reversed(self.args))})
        return _Key((self.op, self.value, self.shape, keys))

    @cached_property
    def names(self) -> frozenset[str]:
        """Names of the variables in it."""
        own = {self.value} if self.op == "name" else set()
        return frozenset(own.union(*(arg.names for arg in self.args)))

    @cached_property
    def count(self) -> int:
        """Number of nodes."""
        return 1 + sum(arg.count for arg in self.args)

    @cached_property
    def _hash(self) -> int:
        return hash(self.key)

    def __hash__(self) -> int:
        return self._hash

    def __eq__(self, other: object) -> bool:
        if self is other or not isinstance(other, Expr):
            return self is other
        return self._hash == other._hash and _fields(self) == _fields(other)

    def __add__(self, other: Expr | int) -> Expr:
        return BUILD["add"](self, wrap(other))

    def __radd__(self, other: int) -> Expr:
        return wrap(other) + self

    def __sub__(self, other: Expr | int) -> Expr:
        return self + -wrap(other)

    def __rsub__(self, other: int) -> Expr:
        return wrap(other) + -self

    def __neg__(self) -> Expr:
        return -1 * self

    def __mul__(self, other: Expr | int) -> Expr:
        return BUILD["mul"](self, wrap(other))

    def __rmul__(self, other: int | Fraction) -> Expr:
        return wrap(other) * self

    def __truediv__(self, other: Expr | int) -> Expr:
        return self * wrap(other) ** -1

    def __rtruediv__(self, other: int) -> Expr:
        return wrap(other) * self**-1

    def __pow__(self, exponent: Expr | int | Fraction) -> Expr:
        return BUILD["pow"](self, wrap(exponent))

    def __matmul__(self, other: Expr) -> Expr:
        return BUILD["matmul"](self, other)

    @property
    def T(self) -> Expr:  # noqa: N802  (as in NumPy)
        """The transpose; a scalar or a vector is its own, as in NumPy."""
        return BUILD["T"](self)


class _Key(tuple[Any, ...]):
    """A tuple that computes its hash once: keys are nested as deep as the tree."""

    def __hash__(self) -> int:
        if "hash" not in self.__dict__:
            self.__dict__["hash"] = tuple.__hash__(self)
        return int(self.__dict__["hash"])


def _fields(expr: Expr) -> tuple[Any, ...]:
    return expr.op, expr.value, expr.shape, expr.args


def wrap(value: Expr | int | Fraction) -> Expr:
    """A number as an expression."""
    return value if isinstance(value, Expr) else number(value)


def number(value: int | Fraction) -> Expr:
    """An exact rational number."""
    return Expr("number", value=Fraction(value))


def name(text: str, shape: Shape = ()) -> Expr:
    """A variable."""
    return Expr("name", shape=shape, value=text)


def constant(text: str) -> Expr:
    """π or e: a number that is no fraction."""
    return Expr("constant", value=text)


def ones(shape: Shape) -> Expr:
    """All ones; the number 1 if it is a scalar."""
    return Expr("ones", shape=shape) if shape else ONE


def zeros(shape: Shape) -> Expr:
    """All zeros; the number 0 if it is a scalar."""
    return Expr("zeros", shape=shape) if shape else ZERO


def eye(size: Size) -> Expr:
    """The identity of ``size`` rows."""
    return ones((1, 1)) if size == 1 else Expr("eye", shape=(size, size))


def length(size: Size) -> Expr:
    """A size as a number: n."""
    return number(size) if isinstance(size, int) else Expr("size", value=size)


def is_zero(expr: Expr) -> bool:
    """Whether it is zero by its form."""
    return expr.op == "zeros" or expr == ZERO


def broadcast(*shapes: Shape) -> Shape:
    """Shape of a sum: that of its terms, scalars aside."""
    found = {shape for shape in shapes if shape}
    assert len(found) <= 1, f"shapes {found} in one sum or product"
    return found.pop() if found else ()


def nodes(expr: Expr) -> Iterator[Expr]:
    """The node and all below it, parents first, each distinct one once."""
    seen, waiting = {expr}, [expr]
    while waiting:
        node = waiting.pop()
        yield node
        fresh = [arg for arg in dict.fromkeys(node.args) if arg not in seen]
        seen.update(fresh)
        waiting += reversed(fresh)


def times(a: Size, b: Size) -> Size:
    """Product of two sizes, in one order."""
    whole = [size for part in (a, b) for size in str(part).split("*") if size != "1"]
    numbers = [int(part) for part in whole if part.isdigit()]
    product = reduce(lambda x, y: x * y, numbers, 1)
    letters = sorted(part for part in whole if not part.isdigit())
    return "*".join([str(product)] * (product != 1) + letters) if letters else product


def rebuild(expr: Expr, args: tuple[Expr, ...]) -> Expr:
    """The same node over other operands, in normal form."""
    if expr.op == "d":
        return Expr("d", args, args[0].shape, expr.value)
    if expr.op == "einsum":
        return BUILD["einsum"](expr.value, *args)
    return BUILD[expr.op](*args) if args else expr


def replace(expr: Expr, what: dict[Expr, Expr]) -> Expr:
    """``expr`` with some parts put in the place of others."""
    done: dict[Expr, Expr] = dict(what)

    def walk(node: Expr) -> Expr:
        if node not in done:
            done[node] = rebuild(node, tuple(map(walk, node.args)))
        return done[node]

    return walk(expr)


ONE, ZERO = number(1), number(0)
