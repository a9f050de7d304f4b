"""Responsibilities of a mixture, seen in a product: r = w * exp(z) / sum(w * exp(z)), entries above 0 that sum to 1."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from fractions import Fraction

from paribus.theory.expressions.products import diag, outer
from paribus.theory.expressions.sums import add, exponent_of, factors_of, mul, split, terms_of
from paribus.theory.expressions.tree import BUILD, Expr, nodes, number

SAID = "responsibilities: the share of each component in the total"


def responsibility(exprs: Iterable[Expr]) -> Expr | None:
    """The first share of a component in a total of several that occurs as a factor."""
    products = (product for expr in exprs for node in nodes(expr) for product, _ in _views(node))
    return next((share for product in products for share in _shares(product)), None)


def with_share(expr: Expr, share: Expr, letter: Expr) -> Expr:
    """The expression with the letter in every product that holds the share, as often as it does; all else as it is."""
    for product, back in _views(expr):
        if share in _shares(product):
            return with_share(back(letter * _rest(product, share)), share, letter)
    return Expr(expr.op, tuple(with_share(arg, share, letter) for arg in expr.args), expr.shape, expr.value)


def _views(node: Expr) -> Iterable[tuple[Expr, Callable[[Expr], Expr]]]:
    """Products that may hold a share, with what puts another in their place: c diag(v) is diag(c v)."""
    if node.op != "mul":
        return
    yield node, lambda found: found
    arrays = [factor for factor in node.args if factor.shape]
    if len(arrays) == 1 and arrays[0].op in ("diag", "outer"):
        times, scale = split(mul(*(factor for factor in node.args if not factor.shape)))
        first, last = arrays[0].args[0], arrays[0].args[-1]
        if arrays[0].op == "diag":
            yield scale * first, lambda found: number(times) * diag(found)
        else:
            yield scale * first, lambda found: number(times) * outer(found, last)
            yield scale * last, lambda found: number(times) * outer(first, found)


def _shares(node: Expr) -> Iterable[Expr]:
    """Components that a product holds and divides by their total."""
    if node.op != "mul":
        return
    for base, exponent in map(exponent_of, node.args):
        if exponent < 0 and exponent.denominator == 1:
            found = (part / base for part in _components(base) if part.shape == node.shape)
            yield from (share for share in found if _held(node, share))


def _components(total: Expr) -> Iterable[Expr]:
    """What a total adds up, where all of it are weighted exponentials: w * exp(z) of w @ exp(z)."""
    if total.op == "sum":
        parts = [total.args[0]]
    elif total.op == "matmul" and [arg.rank for arg in total.args] == [1, 1]:
        parts = [mul(*total.args)]
    else:
        parts = list(terms_of(total)) if total.op == "add" else []
    above = all(split(part)[0] > 0 and any(one.op == "exp" for one in factors_of(part)) for part in parts)
    return parts if above else ()


def _held(node: Expr, share: Expr) -> tuple[Expr, ...]:
    """The product, or the terms that it is when its sum is multiplied out, if the share is a factor of each."""
    inner = next((factor for factor in node.args if factor.op == "add"), None)
    spread = tuple(mul(*(f for f in node.args if f is not inner), term) for term in terms_of(inner)) if inner else ()
    need = _powers(share)
    for parts in ((node,), spread):
        if parts and all(_has(_powers(part), need) for part in parts):
            return parts
    return ()


def _powers(product: Expr) -> dict[Expr, Fraction]:
    """How far each factor is raised, numbers aside; exp(2 z) is the square of exp(z)."""
    return dict(map(_raised, factors_of(split(product)[1])))


def _raised(factor: Expr) -> tuple[Expr, Fraction]:
    base, exponent = exponent_of(factor)
    if base.op != "exp":
        return base, exponent
    times, inside = split(base.args[0])
    return BUILD["exp"](inside), times * exponent


def _has(have: dict[Expr, Fraction], need: dict[Expr, Fraction]) -> bool:
    return all(base in have and have[base] / exponent >= 1 for base, exponent in need.items())


def _rest(node: Expr, share: Expr) -> Expr:
    """What is left of a product without the share."""
    return add(*(_without(part, share) for part in _held(node, share)))


def _without(part: Expr, share: Expr) -> Expr:
    need, scale = _powers(share), number(split(part)[0] / split(share)[0])
    left = {base: exponent - need.get(base, 0) for base, exponent in _powers(part).items()}
    return mul(scale, *(base ** number(exponent) for base, exponent in left.items() if exponent))
