"""From df to the gradient: the adjoint of every linear step, df = ⟨G, L⟩ with dX nearer to the surface of L each time.

⟨G, L⟩ is tr(Gᵀ L) for matrices and gᵀ l for vectors. As every node of df has its adjoint here, every scalar expression
gets its gradient; it may be long, it cannot be missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from paribus.errors import TheoryError
from paribus.theory.expressions import products
from paribus.theory.expressions.functions import inner, total
from paribus.theory.expressions.stacks import einsum
from paribus.theory.expressions.sums import mul
from paribus.theory.expressions.text import text
from paribus.theory.expressions.tree import BUILD, ONE, Expr, eye, ones, zeros

INSTEAD = "write kron(A, B) vec(X) as vec(B X Aᵀ), K(m, n) vec(X) as vec(Xᵀ), and a number for the exponent of a matrix"


@dataclass(frozen=True)
class Pair:
    """⟨adjoint, linear⟩, one term of df."""

    adjoint: Expr
    linear: Expr

    @property
    def value(self) -> Expr:
        """The pair as one expression."""
        return inner(self.adjoint, self.linear)


@dataclass(frozen=True)
class Move:
    """One term of df in which the adjoint took over one operation."""

    rule: str
    before: Pair
    after: tuple[Pair, ...]


def adjoints(df: Expr, dx: Expr) -> tuple[Expr, list[Move]]:
    """G with df = ⟨G, dX⟩, and the moves that lead there.

    Args:
        df: a scalar, linear in dX.
        dx: the name dX.
    """
    waiting, moves, gradient = [Pair(ONE, df)], list[Move](), zeros(dx.shape)
    while waiting:
        pair = waiting.pop(0)
        if dx.value not in pair.linear.names:
            continue
        if pair.linear == dx:
            gradient = gradient + pair.adjoint
            continue
        rule, after = _move(pair, dx)
        moves.append(Move(rule, pair, tuple(after)))
        waiting = after + waiting
    return gradient, moves


def _move(pair: Pair, dx: Expr) -> tuple[str, list[Pair]]:
    g, linear = pair.adjoint, pair.linear
    if linear.op == "add":
        terms = [arg for arg in linear.args if dx.value in arg.names]
        return "linearity", [Pair(g if arg.shape == linear.shape else total(g), arg) for arg in terms]
    place = next(i for i, arg in enumerate(linear.args) if dx.value in arg.names)
    if linear.op not in ADJOINTS:
        raise TheoryError(
            f"a gradient through {linear.op} cannot be written in this notation", got=text(linear), hint=INSTEAD
        )
    rule, adjoint = ADJOINTS[linear.op](g, linear, place)
    return rule, [Pair(adjoint, linear.args[place])]


def _mul(g: Expr, linear: Expr, place: int) -> tuple[str, Expr]:
    rest = [arg for i, arg in enumerate(linear.args) if i != place]
    inside = linear.args[place]
    constant = mul(*rest)
    if inside.shape == linear.shape:
        name = ("a factor changes sides", "trace of a Hadamard product")[inside.rank == 2 and constant.rank == 2]
        return name if constant.shape else "a scalar factor moves out", mul(g, constant)
    return "a scalar factor moves out", inner(g, constant)


def _matmul(g: Expr, linear: Expr, place: int) -> tuple[str, Expr]:
    """⟨G, A L B⟩ = ⟨Aᵀ G Bᵀ, L⟩, with rows and columns at the ends of a chain."""
    left, right = linear.args[:place], linear.args[place + 1 :]
    if linear.args[place].rank == 1:
        return _vector_in_chain(g, linear, left, right)
    if linear.rank == 2:
        return "cyclic trace", products.matmul(
            *(part.T for part in reversed(left)), g, *(part.T for part in reversed(right))
        )
    column = products.matmul(*right)  # ends in a vector, or the product would be a matrix
    if not left:
        row = g
    else:
        before = products.matmul(*left)
        row = g * before if before.rank == 1 else before.T @ g
    return "a scalar is its own trace", products.outer(row, column)


def _vector_in_chain(g: Expr, linear: Expr, left: tuple[Expr, ...], right: tuple[Expr, ...]) -> tuple[str, Expr]:
    """⟨g, A l⟩ = (Aᵀ g)ᵀ l; a vector stands at one end, so there is something on one side only."""
    other = products.matmul(*(left or right))
    if linear.rank == 0:
        return "a scalar is its own transpose", g * other
    return "transpose", other.T @ g


def _outer(g: Expr, linear: Expr, place: int) -> tuple[str, Expr]:
    """⟨G, u vᵀ⟩ = uᵀ G v."""
    u, v = linear.args
    return "trace of an outer product", g @ v if place == 0 else g.T @ u


def _einsum(g: Expr, linear: Expr, place: int) -> tuple[str, Expr]:
    """⟨G, Σ L ∘ …⟩: the indices of L take the place of those of the result."""
    parts, output = linear.value
    others = [part for i, part in enumerate(parts) if i != place]
    rest = [arg for i, arg in enumerate(linear.args) if i != place]
    known = set(output).union(*others)
    sizes = dict(zip(parts[place], linear.args[place].shape, strict=True))
    missing = [letter for letter in parts[place] if letter not in known]
    filled = [ones((sizes[letter],)) for letter in missing]
    return "a sum over indices", einsum(((output, *others, *missing), parts[place]), g, *rest, *filled)


# fmt: off
ADJOINTS: dict[str, Callable[[Expr, Expr, int], tuple[str, Expr]]] = {
    "mul":      _mul,
    "matmul":   _matmul,
    "outer":    _outer,
    "einsum":   _einsum,
    "powers":   lambda g, e, i: ("cyclic trace", BUILD["powers"](*e.args[:2], g.T).T),  # ⟨G, Σ Xʳ L Xᵏ⁻¹⁻ʳ⟩
    "T":        lambda g, e, i: ("transpose in a trace", g.T),                          # ⟨G, Lᵀ⟩ = ⟨Gᵀ, L⟩
    "tr":       lambda g, e, i: ("trace with the identity", g * eye(e.args[0].shape[0])),   # tr(L) = ⟨I, L⟩
    "sum":      lambda g, e, i: ("sum with ones", g * ones(e.args[0].shape)),           # sum(l) = ⟨1, l⟩
    "diag":     lambda g, e, i: ("trace of a diagonal matrix", BUILD["diagonal"](g)),   # ⟨G, diag(l)⟩ = ⟨diag(G), l⟩
    "diagonal": lambda g, e, i: ("trace of a diagonal matrix", BUILD["diag"](g)),       # ⟨g, diag(L)⟩ = ⟨diag(g), L⟩
}
# fmt: on
