"""The functions of the notation: each builds its node in normal form, and the table of all that do."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from paribus.theory.expressions.products import ELEMENTWISE, diag, inv, kron, matmul, outer, transpose, vec
from paribus.theory.expressions.sums import add, mul, power, scalars
from paribus.theory.expressions.tree import BUILD, ONE, ZERO, Expr, length, number, ones


def elementwise(op: str) -> Callable[[Expr], Expr]:
    """A function that acts on every entry by itself."""

    def build(x: Expr) -> Expr:
        if (op, x.op) in (("exp", "log"), ("log", "exp")):
            return x.args[0]
        known = AT_ZERO.get(op) if x == ZERO or x.op == "zeros" else None
        return known * ones(x.shape) if known is not None else Expr(op, (x,), x.shape)

    return build


AT_ZERO = {
    "exp": ONE,
    "tanh": ZERO,
    "sin": ZERO,
    "cos": ONE,
    "relu": ZERO,
    "abs": ZERO,
    "sigmoid": number(Fraction(1, 2)),
}


def sqrt(x: Expr) -> Expr:
    """√x, kept as the power ½."""
    return power(x, number(Fraction(1, 2)))


def tr(a: Expr) -> Expr:
    """The trace."""
    scale, inside = scalars(a)
    if inside.op == "T":
        return scale * tr(inside.args[0])
    if inside.op in ("eye", "ones"):
        return scale * length(inside.shape[0])
    if inside.op == "zeros":
        return ZERO
    if inside.op == "outer":
        return scale * matmul(*inside.args)
    if inside.op == "diag":
        return scale * total(inside.args[0])
    return scale * Expr("tr", (inside,))


def det(a: Expr) -> Expr:
    """The determinant."""
    if a.op == "T":
        return det(a.args[0])
    if a.op == "inv":
        return det(a.args[0]) ** -1
    return ONE if a.op == "eye" else Expr("det", (a,))


def logdet(a: Expr) -> Expr:
    """The logarithm of the determinant."""
    if a.op == "T":
        return logdet(a.args[0])
    if a.op == "inv":
        return -logdet(a.args[0])
    return ZERO if a.op == "eye" else Expr("logdet", (a,))


def total(x: Expr) -> Expr:
    """The sum of all entries."""
    scale, inside = scalars(x)
    if not inside.shape:
        return scale * inside
    if inside.op == "T":
        return scale * total(inside.args[0])
    if inside.op == "ones":
        return mul(scale, *map(length, inside.shape))
    if inside.op == "zeros":
        return ZERO
    if inside.op == "outer":
        return mul(scale, *map(total, inside.args))
    if inside.op == "diag":
        return scale * total(inside.args[0])
    return scale * Expr("sum", (inside,))


def mean(x: Expr) -> Expr:
    """The mean of all entries."""
    return mul(total(x), *(length(size) ** -1 for size in x.shape))


def norm(x: Expr) -> Expr:
    """The Euclidean norm of a vector, the Frobenius norm of a matrix."""
    if not x.shape:
        return BUILD["abs"](x)
    if x.op == "T":
        return norm(x.args[0])
    return ZERO if x.op == "zeros" else Expr("norm", (x,))


def softmax(z: Expr) -> Expr:
    """exp(z) / sum(exp(z)) of a vector."""
    return Expr("softmax", (z,), z.shape)


def logsumexp(z: Expr) -> Expr:
    """log(sum(exp(z))) of a vector."""
    return Expr("logsumexp", (z,))


def differential(x: Expr, variable: Expr) -> Expr:
    """d(x) in the direction of a variable, not yet worked out."""
    return Expr("d", (x,), x.shape, variable.value)


def inner(a: Expr, b: Expr) -> Expr:
    """⟨a, b⟩, the sum of the products of all entries: aᵀ b, or tr(Aᵀ B)."""
    if a.rank < b.rank:
        return mul(a, total(b))
    if b.rank < a.rank:
        return mul(b, total(a))
    return mul(a, b) if not a.shape else matmul(a, b) if a.rank == 1 else tr(matmul(a.T, b))


BUILD |= {
    "add": add, "mul": mul, "pow": power, "matmul": matmul, "T": transpose, "outer": outer,
    "inv": inv, "diag": diag, "diagonal": diag, "kron": kron, "vec": vec,
    "tr": tr, "det": det, "logdet": logdet, "sum": total, "norm": norm, "softmax": softmax, "logsumexp": logsumexp,
    **{op: elementwise(op) for op in ELEMENTWISE},
}  # fmt: skip
