"""Powers of square matrices: Xᵏ with a number or a letter k, and what Xᵏ becomes when X varies.

Source: K. B. Petersen, M. S. Pedersen, The Matrix Cookbook (2012), equations 90, 121 and 122.
"""

from __future__ import annotations

from paribus.theory.expressions.products import inv, matmul, transpose
from paribus.theory.expressions.sums import add, mul, scalars
from paribus.theory.expressions.tree import BUILD, ONE, Expr, eye, is_zero, nodes, number, zeros

MEANS = "powers(X, k, H) is the sum of X^r H X^(k-1-r) over r = 0, …, k - 1"
LARGEST = 8  # exponents up to here are written out as products


def matrix_power(x: Expr, exponent: Expr) -> Expr:
    """X ... X, as often as the exponent says; of a letter a node of its own."""
    if exponent.op == "number" and abs(exponent.value) <= LARGEST:
        times = exponent.value.numerator
        return matmul(*[x if times > 0 else inv(x)] * abs(times)) if times else eye(x.shape[0])
    scale, base = scalars(x)
    if scale != ONE:
        return BUILD["pow"](scale, exponent) * matrix_power(base, exponent)
    if base.op == "eye":
        return base
    if base.op == "T":
        return transpose(matrix_power(base.args[0], exponent))
    return Expr("matrix_power", (base, exponent), base.shape)


def powers(x: Expr, exponent: Expr, between: Expr) -> Expr:
    """Σᵣ Xʳ H Xᵏ⁻¹⁻ʳ over r = 0 … k - 1, which is the differential of Xᵏ for H = dX."""
    scale, inside = scalars(between)
    if is_zero(between):
        return zeros(between.shape)
    if scale != ONE:
        return scale * powers(x, exponent, inside)
    if x.op == "T":
        return transpose(powers(x.args[0], exponent, transpose(between)))
    if inside.op == "add":
        return add(*(powers(x, exponent, term) for term in inside.args))
    if inside.op == "eye":  # where H commutes with X all terms are the same
        return mul(exponent, matrix_power(x, add(exponent, number(-1))))
    return Expr("powers", (x, exponent, between), x.shape)


def exponents(expr: Expr) -> frozenset[str]:
    """Names that are exponents of matrices, and stand for whole numbers."""
    return frozenset[str]().union(
        *(node.args[1].names for node in nodes(expr) if node.op in ("matrix_power", "powers"))
    )


BUILD |= {"matrix_power": matrix_power, "powers": powers}
