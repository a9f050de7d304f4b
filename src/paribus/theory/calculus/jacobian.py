"""From df to the Jacobian: vec(dF) = J vec(dX), column by column, for vectors and matrices F and X.

vec stacks the columns of a matrix; of a vector it is the vector itself. The rules are those of Magnus and Neudecker,
chapter 3: vec(A L B) = (Bᵀ ⊗ A) vec(L), vec(Lᵀ) = K vec(L), vec(C ∘ L) = diag(vec C) vec(L).
"""

from __future__ import annotations

from collections.abc import Callable

from paribus.errors import TheoryError
from paribus.theory.calculus.gradient import INSTEAD, adjoints
from paribus.theory.expressions import products
from paribus.theory.expressions.products import diag, kron, outer
from paribus.theory.expressions.sums import add, mul
from paribus.theory.expressions.text import text
from paribus.theory.expressions.tree import ONE, Expr, Size, eye, ones, replace, zeros


def jacobian(df: Expr, dx: Expr) -> Expr:
    """J with vec(df) = J vec(dX); for a scalar X the derivative in the shape of df.

    Args:
        df: a vector or matrix, linear in dX.
        dx: the name dX.
    """
    if not dx.shape:
        return replace(df, {dx: ONE})
    size = flat(dx).shape[0]
    if dx.value not in df.names:
        return zeros((flat(df).shape[0], size))
    found = _columns(df, dx)
    return eye(size) if found is None else found


def flat(expr: Expr) -> Expr:
    """vec of a matrix, anything else as it is."""
    return products.vec(expr) if expr.rank == 2 else expr


def _columns(linear: Expr, dx: Expr) -> Expr | None:
    """J of a linear expression; None is the identity."""
    if linear == dx:
        return None
    if linear.op == "add":
        return _sum(linear, dx)
    place = next(i for i, arg in enumerate(linear.args) if dx.value in arg.names)
    if linear.op not in COLUMNS:
        raise TheoryError(
            f"the Jacobian of {linear.op} cannot be written in this notation", got=text(linear), hint=INSTEAD
        )
    inside = linear.args[place]
    if not inside.shape:
        return outer(flat(mul(*linear.args[:place], *linear.args[place + 1 :])), _row(inside, dx))
    factor = COLUMNS[linear.op](linear, place)
    found = _columns(inside, dx)
    return factor if found is None else factor @ found


def _row(scalar: Expr, dx: Expr) -> Expr:
    """g with a scalar = gᵀ vec(dX)."""
    return flat(adjoints(scalar, dx)[0])


def _sum(linear: Expr, dx: Expr) -> Expr:
    rows = flat(linear).shape[0]
    parts = list[Expr]()
    for term in linear.args:
        if dx.value in term.names and not term.shape:
            parts.append(outer(ones((rows,)), _row(term, dx)))
        elif dx.value in term.names:
            found = _columns(term, dx)
            parts.append(eye(rows) if found is None else found)
    return add(*parts)


def _mul(linear: Expr, place: int) -> Expr:
    constant = mul(*linear.args[:place], *linear.args[place + 1 :])
    return diag(flat(constant)) if constant.shape else constant * eye(flat(linear).shape[0])


def _matmul(linear: Expr, place: int) -> Expr:
    inside = linear.args[place]
    left, right = linear.args[:place], linear.args[place + 1 :]
    before = products.matmul(*left) if left else eye(inside.shape[0])
    if inside.rank == 1:
        return before
    return kron(products.matmul(*right).T if right else eye(inside.shape[1]), before)


def _outer(linear: Expr, place: int) -> Expr:
    """vec(l bᵀ) = (b ⊗ I) l and vec(a lᵀ) = (I ⊗ a) l."""
    a, b = linear.args
    return kron(b, eye(a.shape[0])).T if place == 0 else kron(eye(b.shape[0]), outer(a, ones((1,))))


def _diagonal_columns(size: Size) -> Expr:
    """E with vec(diag(l)) = E l: copies of l below each other, of which vec(I) keeps the diagonal."""
    copies = kron(outer(ones((size,)), ones((1,))), eye(size))
    return diag(products.vec(eye(size))) @ copies


COLUMNS: dict[str, Callable[[Expr, int], Expr]] = {
    "mul": _mul,
    "matmul": _matmul,
    "outer": _outer,
    "T": lambda e, place: products.commutation(*e.args[0].shape),
    "diag": lambda e, place: _diagonal_columns(e.args[0].shape[0]),
    "diagonal": lambda e, place: _diagonal_columns(e.shape[0]).T,
    "vec": lambda e, place: eye(e.shape[0]),
}
