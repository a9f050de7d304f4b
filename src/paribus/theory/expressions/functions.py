"""The functions of the notation: each builds its node in normal form, and the table of all that do."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from paribus.theory.expressions.products import ELEMENTWISE, diag, inv, kron, matmul, outer, transpose, vec
from paribus.theory.expressions.stacks import einsum
from paribus.theory.expressions.sums import add, mul, power, scalars
from paribus.theory.expressions.tree import BUILD, ONE, ZERO, Expr, Shape, is_zero, length, number, ones


def elementwise(op: str) -> Callable[[Expr], Expr]:
    """A function that acts on every entry by itself."""

    def build(x: Expr) -> Expr:
        if x.op == "vec":
            return vec(build(x.args[0]))
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
    "sinh": ZERO,
    "cosh": ONE,
    "arctan": ZERO,
    "arcsin": ZERO,
    "erf": ZERO,
}


def sqrt(x: Expr) -> Expr:
    """√x, kept as the power ½."""
    return power(x, number(Fraction(1, 2)))


def tr(a: Expr) -> Expr:
    """The trace; a number is its own."""
    if not a.shape:
        return a
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
    if inside.op in ("T", "vec"):
        return scale * total(inside.args[0])
    if inside.op == "ones":
        return mul(scale, *map(length, inside.shape))
    if inside.op == "zeros":
        return ZERO
    if inside.op == "outer":
        return mul(scale, *map(total, inside.args))
    if inside.op == "mul" and inside.rank == 2:
        outer = next((factor for factor in inside.args if factor.op == "outer"), None)
        if outer is not None:  # the sum of A ∘ u vᵀ is uᵀ A v
            rest = mul(*(factor for factor in inside.args if factor is not outer))
            return scale * matmul(outer.args[0], rest, outer.args[1])
    if inside.op == "diag":
        return scale * total(inside.args[0])
    if inside.op == "add":
        found = add(*(total(term if term.shape else term * ones(inside.shape)) for term in inside.args))
        if is_zero(found):  # the deviations from a mean
            return ZERO
    return scale * Expr("sum", (inside,))


def mean(x: Expr) -> Expr:
    """The mean of all entries."""
    return mul(total(x), *(length(size) ** -1 for size in x.shape))


def norm(x: Expr) -> Expr:
    """The Euclidean norm of a vector, the Frobenius norm of a matrix."""
    if not x.shape:
        return BUILD["abs"](x)
    if x.op in ("T", "vec"):
        return norm(x.args[0])
    return ZERO if x.op == "zeros" else Expr("norm", (x,))


def norm_of(x: Expr, order: int | str | None) -> Expr:
    """A norm by NumPy's meaning: of a vector 1, 2, inf; of a matrix also "fro" and "nuc", and 2 is the spectral one."""
    if x.rank == 0:
        return norm(x)
    size = BUILD["abs"](x)
    if order == 1:
        return total(size) if x.rank == 1 else largest(summed(size, 0))
    if order == "inf":
        return largest(size) if x.rank == 1 else largest(summed(size, 1))
    if x.rank == 2 and order in (2, "nuc"):
        return Expr("spectral" if order == 2 else "nuclear", (x,))
    return norm(x)


def largest(x: Expr) -> Expr:
    """The largest entry."""
    return Expr("max", (x,)) if x.shape else x


def larger(a: Expr, b: Expr) -> Expr:
    """The larger of two, entry by entry."""
    if is_zero(b):
        return BUILD["relu"](a)
    return BUILD["relu"](b) if is_zero(a) else b + BUILD["relu"](a - b)


def product(x: Expr) -> Expr:
    """The product of all entries."""
    return Expr("prod", (x,)) if x.shape else x


def singular(side: str) -> Callable[[Expr], Expr]:
    """The first singular vector: on the left u1, on the right v1."""
    return lambda x: Expr(side, (x,), x.shape[:1] if side == "u1" else x.shape[1:])


def polar(x: Expr) -> Expr:
    """U Vᵀ of the singular value decomposition."""
    return Expr("polar", (x,), x.shape)


def softmax(z: Expr) -> Expr:
    """exp(z) / sum(exp(z)) along the last axis."""
    return Expr("softmax", (z,), z.shape)


def logsumexp(z: Expr) -> Expr:
    """log(sum(exp(z))) along the last axis."""
    return Expr("logsumexp", (z,), z.shape[:-1])


def summed(x: Expr, axis: int) -> Expr:
    """The sum along one axis."""
    letters = "abcdef"[: x.rank]
    return einsum(((letters,), letters.replace(letters[axis % x.rank], "")), x)


def spread(x: Expr, shape: Shape) -> Expr:
    """The array repeated to a shape, its axes being the last ones, or of size 1; a scalar stays as it is."""
    if not x.shape or x.shape == shape:
        return x
    if all(size == 1 for size in x.shape):
        return total(x)
    wanted = "abcdef"[: len(shape)]
    letters = wanted[len(shape) - x.rank :]
    single = [letter for letter, size in zip(letters, x.shape, strict=True) if size == 1]
    kept = "".join(letter for letter in letters if letter not in single)
    inside = einsum(((letters,), kept), x)
    sizes = dict(zip(wanted, shape, strict=True))
    missing = [letter for letter in wanted if letter not in kept]
    return einsum(((kept, *missing), wanted), inside, *(ones((sizes[letter],)) for letter in missing))


def last(x: Expr, shape: Shape) -> Expr:
    """Numbers for the rows of an array, repeated along its last axis."""
    letters = "abcdef"[: len(shape)]
    return einsum(((letters[:-1], letters[-1]), letters), x, ones(shape[-1:])) if x.shape else x


def differential(x: Expr, variable: Expr) -> Expr:
    """d(x) in the direction of a variable, not yet worked out."""
    return Expr("d", (x,), x.shape, variable.value)


def inner(a: Expr, b: Expr) -> Expr:
    """⟨a, b⟩, the sum of the products of all entries: aᵀ b, or tr(Aᵀ B)."""
    if a.rank < b.rank:
        return mul(a, total(b))
    if b.rank < a.rank:
        return mul(b, total(a))
    if a.rank > 2:
        return total(mul(a, b))
    return mul(a, b) if not a.shape else matmul(a, b) if a.rank == 1 else tr(matmul(a.T, b))


BUILD |= {
    "add": add, "mul": mul, "pow": power, "matmul": matmul, "T": transpose, "outer": outer,
    "inv": inv, "diag": diag, "diagonal": diag, "kron": kron, "vec": vec,
    "prod": product, "max": largest, "u1": singular("u1"), "v1": singular("v1"), "polar": polar, "einsum": einsum,
    "spectral": lambda x: norm_of(x, 2), "nuclear": lambda x: norm_of(x, "nuc"),
    "tr": tr, "det": det, "logdet": logdet, "sum": total, "norm": norm, "softmax": softmax, "logsumexp": logsumexp,
    **{op: elementwise(op) for op in ELEMENTWISE},
}  # fmt: skip
