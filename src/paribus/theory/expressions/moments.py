"""Means and standard deviations, which are sums in normal form, seen again where they are written."""

from __future__ import annotations

from fractions import Fraction

from paribus.theory.expressions.tree import BUILD, Expr, length, number


def mean_of(expr: Expr) -> tuple[Expr, Expr] | None:
    """x and what is left of a product that holds sum(x) / n for all n entries of x, or X @ 1 / n for its rows."""
    if expr.op != "mul":
        return None
    for factor in expr.args:
        summed = factor.op == "matmul" and factor.args[-1].op == "ones" and factor.rank == factor.args[-1].rank == 1
        if factor.op == "sum" or summed:
            inside = factor if summed else factor.args[0]
            over = factor.args[-1].shape if summed else inside.shape
            sizes = [BUILD["pow"](length(size), number(-1)) for size in over]
            rest = [other for other in expr.args if other is not factor]
            if all(size.op == "pow" and size in rest for size in sizes):
                for size in sizes:
                    rest.remove(size)
                return inside, BUILD["mul"](*rest) if rest else number(1)
    return None


def deviation_of(expr: Expr) -> tuple[Expr, Fraction] | None:
    """x and k of the k-th power of the standard deviation of x, k odd."""
    if expr.op != "pow" or expr.args[1].op != "number" or (2 * expr.args[1].value) % 2 != 1:
        return None
    found = mean_of(expr.args[0])
    if found is None or found[1] != number(1):
        return None
    squared, _ = found
    if squared.op != "pow" or squared.args[1] != number(2) or squared.args[0].op != "add":
        return None
    for term in squared.args[0].args:
        if term.shape and squared.args[0] == term - BUILD["sum"](term) / _count(term):
            return term, 2 * expr.args[1].value
    return None


def _count(x: Expr) -> Expr:
    return BUILD["mul"](*map(length, x.shape))
