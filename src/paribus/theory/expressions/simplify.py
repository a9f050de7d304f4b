"""Shorter forms of an answer: common factors collected, known functions recognised, symmetric matrices not transposed.

The constructors keep the normal form; here whole sums are looked at. Each rewriting is accepted only if the printed
text gets shorter, so it comes to an end.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from paribus.theory.expressions import products, sums
from paribus.theory.expressions.text import text
from paribus.theory.expressions.tree import BUILD, ONE, Expr, nodes, number, ones, rebuild, replace

WIDEST = 250  # nodes up to which products are multiplied out to see whether something cancels


def simplify(expr: Expr, symmetric: frozenset[str] = frozenset()) -> Expr:
    """The shortest of the forms that are tried; equal to ``expr`` wherever both are defined.

    Args:
        expr: any expression.
        symmetric: names of matrices that equal their transposes.
    """
    expr = with_symmetry(expr, symmetric)
    found = [expr, rewritten(expr)]
    parted = _inverses(expr)
    if parted is not expr:
        found[1] = min(found[1], rewritten(parted), key=cost)
    if expr.count <= WIDEST:
        found.append(rewritten(expand(expr)))
    plain = min(found[:2], key=cost)
    margin = 1.1 if len(found) > 2 and _filled(plain) > _filled(found[2]) else 0.9  # 1 vᵀ is not what people write
    return found[2] if len(found) > 2 and cost(found[2]) < margin * cost(plain) else plain


def _filled(expr: Expr) -> int:
    return sum(node.op == "ones" for node in nodes(expr))


@lru_cache(maxsize=10_000)  # the same sums are compared again and again
def cost(expr: Expr) -> int:
    """How long it is to read; s * (1 - s) reads better than s - s**2, and ones(n) is no part of a good answer."""
    parts = list(nodes(expr))
    powers = sum(sums.exponent_of(node)[1] > 1 for node in parts)
    return len(text(expr)) + 4 * powers + 12 * sum(node.op == "ones" for node in parts)


def with_symmetry(expr: Expr, symmetric: frozenset[str]) -> Expr:
    """A.T as A for symmetric A; an inverse of a symmetric matrix is symmetric too."""
    names = set(expr.names & symmetric)
    return replace(expr, {e.T: e for e in _symmetric_nodes(expr, names)}) if names else expr


def _inverses(expr: Expr) -> Expr:
    """The inverse of a product of square matrices as the product of theirs."""
    chains = [
        node for node in nodes(expr)
        if node.op == "inv" and node.args[0].op == "matmul" and {arg.shape for arg in node.args[0].args} == {node.shape}
    ]  # fmt: skip
    made = {node: products.matmul(*map(products.inv, reversed(node.args[0].args))) for node in chains}
    return replace(expr, made) if made else expr


def _equals_transpose(expr: Expr, names: frozenset[str]) -> bool:
    """Whether a sum or product of symmetric matrices is symmetric by its form."""
    return expr.op != "name" and with_symmetry(expr.T, names).key == with_symmetry(expr, names).key


def _symmetric_nodes(expr: Expr, names: set[str]) -> Iterable[Expr]:
    for node in nodes(expr):
        if node.op == "T":
            inside = node.args[0]
            base = inside.args[0] if inside.op == "inv" else inside
            if (base.op == "name" and base.value in names) or _equals_transpose(base, frozenset(names)):
                yield inside


def known(expr: Expr) -> Expr:
    """The expression with softmax and logsumexp seen in it, where they are written out."""
    found = {}
    for node in nodes(expr):
        inside = node.args[0] if node.op == "log" else node
        z = _sum_of_exp(inside) if node.op == "log" else None
        if z is not None:
            found[node] = BUILD["logsumexp"](z)
        elif node.op == "mul" and any(factor.op == "pow" and _sum_of_exp(factor.args[0]) for factor in node.args):
            found[node] = recognised(node)
    return replace(expr, found) if found else expr


def rewritten(expr: Expr) -> Expr:
    """Bottom-up: operands first, then functions recognised, then common factors collected."""
    done: dict[Expr, Expr] = {}

    def walk(node: Expr) -> Expr:
        if node not in done:
            found = rebuild(node, tuple(map(walk, node.args)))
            found = recognised(found) if found.op == "mul" else found
            done[node] = collected(found)
        return done[node]

    return walk(expr)


def expand(expr: Expr, over: Callable[[Expr], bool] = lambda total: True) -> Expr:
    """Products over sums multiplied out, over those sums only that ``over`` is true of."""
    if not expr.args:
        return expr
    args = [expand(arg, over) for arg in expr.args]
    if expr.op not in ("mul", "matmul", "outer"):
        return rebuild(expr, tuple(args))
    found: list[tuple[Expr, ...]] = [()]
    for terms in (_terms_of(arg, expr.op) if over(arg) else [arg] for arg in args):
        found = [(*head, term) for head in found for term in terms]
        if len(found) > 64:
            return rebuild(expr, tuple(args))
    return sums.add(*(BUILD[expr.op](*factors) for factors in found), 0 * expr)


def _terms_of(factor: Expr, op: str) -> list[Expr]:
    """Terms of a factor; in a product @ a scalar term must be written as the array that it stands for."""
    parts = sums.terms_of(factor)
    return [part if part.shape == factor.shape or op == "mul" else part * ones(factor.shape) for part in parts]


def recognised(expr: Expr) -> Expr:
    """Known functions in a product: exp(u) / (1 + exp(u)) = sigmoid(u), exp(z) / sum(exp(z)) = softmax(z)."""
    factors = list(sums.factors_of(expr))
    for factor in factors:
        base, exponent = sums.exponent_of(factor)
        if exponent != -1:
            continue
        others = [other for other in factors if other is not factor]
        u, z = _one_plus_exp(base), _sum_of_exp(base)
        if u is not None:
            exp = BUILD["exp"](u)
            rest, sign = ([o for o in others if o != exp], 1) if exp in others else (others, -1)
            return recognised(sums.mul(*rest, BUILD["sigmoid"](sign * u)))
        if z is not None and BUILD["exp"](z) in others:
            rest = [other for other in others if other != BUILD["exp"](z)]
            return recognised(sums.mul(*rest, BUILD["softmax"](z)))
    return expr


def _sum_of_exp(base: Expr) -> Expr | None:
    """z of sum(exp(z)) for a vector z."""
    found = base.op == "sum" and base.args[0].op == "exp" and base.args[0].rank == 1
    return base.args[0].args[0] if found else None


def _one_plus_exp(base: Expr) -> Expr | None:
    """u of 1 + exp(u)."""
    if base.op == "add" and len(base.args) == 2 and ONE in base.args:
        other = base.args[1 - base.args.index(ONE)]
        return other.args[0] if other.op == "exp" else None
    return None


@dataclass(frozen=True)
class Handle:
    """A factor that a term could be held by: the term is ``join(rest)``.

    Args:
        key: equal for terms that can be held together.
        rest: what remains of the term.
        join: puts the factor back onto a sum of such rests.
    """

    key: Hashable
    rest: Expr
    join: Callable[[Expr], Expr]


@dataclass(frozen=True)
class Collection:
    """A sum in which some terms are held together: ``join(rest)`` and the others."""

    rest: Expr
    join: Callable[[Expr], Expr]
    others: tuple[Expr, ...]

    def total(self, rest: Expr) -> Expr:
        """The sum, with the rest in whatever form."""
        return sums.add(self.join(rest), *self.others)


def collected(expr: Expr) -> Expr:
    """A sum with common factors taken out, the best first, as long as that makes it shorter."""
    if sums.split(expr)[1].op != "add":
        return expr
    found = {option: option.total(option.rest) for option in _collections(sums.terms_of(expr))}
    if not found:
        return expr
    best = min(found, key=lambda option: (bool(option.others), cost(found[option])))
    if cost(found[best]) >= cost(expr):
        best = min(found, key=lambda option: cost(found[option]))
    if cost(found[best]) >= cost(expr):
        return expr
    return collected(best.total(collected(best.rest)))


def _collections(parts: tuple[Expr, ...]) -> Iterable[Collection]:
    """Every way to take one factor out of all terms that have it."""
    held: dict[Hashable, dict[int, Handle]] = {}
    for place, part in enumerate(parts):
        for handle in handles(part):
            held.setdefault((handle.key, handle.rest.shape), {})[place] = handle
    for group in held.values():
        if len(group) > 1:
            rest = sums.add(*(handle.rest for handle in group.values()))
            others = tuple(part for place, part in enumerate(parts) if place not in group)
            yield Collection(rest, next(iter(group.values())).join, others)


def handles(term: Expr) -> Iterable[Handle]:
    """All factors that a term could be held by."""
    scale, inside = sums.scalars(term) if term.shape else sums.split(term)
    scale = scale if isinstance(scale, Expr) else number(scale)
    if inside.op == "matmul":
        yield from _chain_handles(scale, inside.args)
    if inside.op == "outer":
        yield from _outer_handles(scale, *inside.args)
    if inside.op == "diag":
        yield Handle("diag", scale * inside.args[0], products.diag)
    yield from _factor_handles(term)


def _chain_handles(scale: Expr, chain: tuple[Expr, ...]) -> Iterable[Handle]:
    first, last = chain[0], chain[-1]
    yield Handle(("left", first.key), scale * products.matmul(*chain[1:]), lambda rest: first @ rest)
    yield Handle(("right", last.key), scale * products.matmul(*chain[:-1]), lambda rest: rest @ last)


def _outer_handles(scale: Expr, a: Expr, b: Expr) -> Iterable[Handle]:
    yield Handle(("outer left", a.key), scale * b, lambda rest: products.outer(a, rest))
    yield Handle(("outer right", b.key), scale * a, lambda rest: products.outer(rest, b))
    if a.op == "matmul":
        left, rest = a.args[0], scale * products.outer(products.matmul(*a.args[1:]), b)
        yield Handle(("left", left.key), rest, lambda found: left @ found)
    if b.op == "matmul":
        right, rest = b.args[0].T, scale * products.outer(a, products.matmul(*b.args[1:]))
        yield Handle(("right", right.key), rest, lambda found: found @ right)


def _factor_handles(term: Expr) -> Iterable[Handle]:
    """Scalar and elementwise factors; of powers the smaller one, above or below the line."""
    for factor in sums.factors_of(term):
        if factor.op not in ("number", "ones", "eye"):
            base, exponent = sums.exponent_of(factor)
            unit = base if exponent >= 1 else base**-1 if exponent <= -1 else factor
            for part in dict.fromkeys((unit, factor)):
                yield Handle(("factor", part.key), _without(term, part), _times(part))


def _without(term: Expr, unit: Expr) -> Expr:
    base, exponent = sums.exponent_of(unit)
    return term * base ** number(-exponent)


def _times(unit: Expr) -> Callable[[Expr], Expr]:
    return lambda rest: rest * unit
