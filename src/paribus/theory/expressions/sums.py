"""Sums, elementwise products and powers in normal form: like terms collected, numbers folded, equal bases joined."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from fractions import Fraction

from paribus.errors import TheoryError
from paribus.theory.expressions.tree import ONE, Expr, Shape, broadcast, is_zero, number, ones, zeros

LONGEST = 4096  # binary digits of a number in a result

Term = tuple[Fraction, Expr]  # coefficient and the rest


def add(*terms: Expr) -> Expr:
    """The sum; a scalar term is added to every entry."""
    shape = broadcast(*(term.shape for term in terms))
    found: dict[Hashable, Term] = {}
    for term in terms:
        for coefficient, rest in _terms(term, Fraction(1)):
            before = found[rest.key][0] if rest.key in found else Fraction(0)
            found[rest.key] = (before + coefficient, found[rest.key][1] if rest.key in found else rest)
    return _sum([(c, rest) for c, rest in found.values() if c and not is_zero(rest)], shape)


def mul(*factors: Expr) -> Expr:
    """The elementwise product, scalars included."""
    shape = broadcast(*(factor.shape for factor in factors))
    coefficient, bases = Fraction(1), dict[Hashable, tuple[Expr, Fraction]]()
    for base, exponent in _factors(factors):
        if base.op == "number" and exponent.denominator == 1 and (base.value or exponent > 0):
            coefficient *= _power_of(base.value, exponent.numerator)
        elif base.op == "zeros":
            return zeros(shape)
        elif base.op != "ones":
            before = bases[base.key][1] if base.key in bases else Fraction(0)
            bases[base.key] = (base, before + exponent)
    _signs(bases)
    kept = _outers([_raised(base, exponent) for base, exponent in bases.values() if exponent])
    return _product(coefficient, sorted(kept, key=lambda factor: factor.rank > 0), shape)


def _signs(bases: dict[Hashable, tuple[Expr, Fraction]]) -> None:
    """sign(u) / |u| = 1 / u, sign(u) |u| = u and sign(u) u = |u|."""
    for base, exponent in list(bases.values()):
        if base.op != "sign" or exponent != 1:
            continue
        inside = base.args[0]
        size = Expr("abs", (inside,), inside.shape)
        for one, other in ((size, inside), (inside, size)):
            found = bases.get(one.key)
            if found and found[1] in (1, -1) and (one is size or found[1] == 1) and other.key not in bases:
                del bases[base.key], bases[one.key]
                bases[other.key] = (other, found[1])
                break


def _outers(factors: list[Expr]) -> list[Expr]:
    """(a bᵀ) ∘ (c dᵀ) = (a ∘ c)(b ∘ d)ᵀ."""
    outers = [factor for factor in factors if factor.op == "outer"]
    if len(outers) < 2:
        return factors
    left, right = (mul(*(outer.args[side] for outer in outers)) for side in (0, 1))
    return [factor for factor in factors if factor.op != "outer"] + [Expr("outer", (left, right), outers[0].shape)]


def _power_of(base: Fraction, exponent: int) -> Fraction:
    """``base ** exponent`` exactly, unless it has more digits than anybody reads."""
    digits = max(base.numerator.bit_length(), base.denominator.bit_length()) * abs(exponent)
    if digits > LONGEST:
        rule = f"numbers have at most {LONGEST} binary digits"
        raise TheoryError(rule, got=f"({base})**({exponent})", hint="write a smaller power, or a name for the number")
    return base**exponent


def power(base: Expr, exponent: Expr) -> Expr:
    """``base ** exponent``, entry by entry."""
    if exponent.op != "number":
        return Expr("pow", (base, exponent), broadcast(base.shape, exponent.shape))
    n: Fraction = exponent.value
    if base.op == "exp":
        return Expr("exp", (mul(exponent, base.args[0]),), base.shape)
    if base.op == "pow" and base.args[1].op == "number" and n.denominator == 1:
        return power(base.args[0], number(base.args[1].value * n))
    return mul(_raised(base, n)) if n else ones(base.shape)


def split(expr: Expr) -> Term:
    """Numeric coefficient and what it multiplies."""
    if expr.op == "number":
        return expr.value, ONE
    if expr.op == "mul" and expr.args[0].op == "number":
        rest = expr.args[1:]
        return expr.args[0].value, rest[0] if len(rest) == 1 else Expr("mul", rest, expr.shape)
    return Fraction(1), expr


def scalars(expr: Expr) -> tuple[Expr, Expr]:
    """The scalar factors of a vector or matrix, and the rest: what can be pulled out of a product ``@``."""
    if expr.op != "mul" or not expr.shape:
        return ONE, expr
    inside = [factor for factor in expr.args if factor.shape]
    outside = [factor for factor in expr.args if not factor.shape]
    return mul(*outside) if outside else ONE, mul(*inside) if inside else ones(expr.shape)


def factors_of(expr: Expr) -> tuple[Expr, ...]:
    """The factors of an elementwise product, or the expression alone."""
    return expr.args if expr.op == "mul" else (expr,)


def terms_of(expr: Expr) -> tuple[Expr, ...]:
    """The terms of a sum with their signs, or the expression alone."""
    coefficient, rest = split(expr)
    if rest.op != "add":
        return (expr,)
    return tuple(mul(number(coefficient), term) for term in rest.args)


def exponent_of(expr: Expr) -> tuple[Expr, Fraction]:
    """Base and numeric exponent; 1 for what is no power."""
    if expr.op == "pow" and expr.args[1].op == "number":
        return expr.args[0], expr.args[1].value
    return expr, Fraction(1)


def _terms(expr: Expr, scale: Fraction) -> Iterable[Term]:
    """The terms of nested sums, with numbers multiplied in."""
    coefficient, rest = split(expr)
    if rest.op != "add":
        return [(scale * coefficient, rest)]
    return [term for arg in rest.args for term in _terms(arg, scale * coefficient)]


def _sum(terms: list[Term], shape: Shape) -> Expr:
    """The sum of distinct terms: a number common to all is pulled out, what is positive comes first."""
    if not terms:
        return zeros(shape)
    if shape and not any(rest.shape for _, rest in terms):
        return mul(_sum(terms, ()), ones(shape))
    if len(terms) == 1:
        return _scaled(*terms[0])
    common = terms[0][0] if len({abs(c) for c, _ in terms}) == 1 else Fraction(1)
    common = abs(common) if any(c > 0 for c, _ in terms) else -abs(common)
    terms = sorted(terms, key=lambda term: term[1].op == "T")  # A + A.T
    positive = next((i for i, (c, _) in enumerate(terms) if c / common > 0), 0)
    ordered = [terms[positive], *terms[:positive], *terms[positive + 1 :]]
    total = Expr("add", tuple(_scaled(c / common, rest) for c, rest in ordered), shape)
    return _scaled(common, total)


def _scaled(coefficient: Fraction, rest: Expr) -> Expr:
    """``coefficient * rest`` for a rest that has no number in front."""
    if coefficient == 1:
        return rest
    if rest == ONE:
        return number(coefficient)
    return Expr("mul", (number(coefficient), *factors_of(rest)), rest.shape)


def _factors(factors: Iterable[Expr]) -> Iterable[tuple[Expr, Fraction]]:
    """Bases and numeric exponents of nested products."""
    for factor in factors:
        base, exponent = exponent_of(factor)
        if base.op == "mul" and exponent.denominator == 1:
            yield from ((b, e * exponent) for b, e in _factors(base.args))
        else:
            yield base, exponent


def _raised(base: Expr, exponent: Fraction) -> Expr:
    if base.op == "abs" and exponent.denominator == 1 and exponent % 2 == 0:
        base = base.args[0]
    return base if exponent == 1 else Expr("pow", (base, number(exponent)), base.shape)


def _product(coefficient: Fraction, factors: list[Expr], shape: Shape) -> Expr:
    if not coefficient:
        return zeros(shape)
    if shape and not any(factor.shape for factor in factors):
        factors = [*factors, ones(shape)]
    if len(factors) == 1 and factors[0].op in ("add", "mul"):
        return _distributed(coefficient, factors[0])
    if not factors:
        return number(coefficient)
    if coefficient == 1:
        return factors[0] if len(factors) == 1 else Expr("mul", tuple(factors), shape)
    return Expr("mul", (number(coefficient), *factors), shape)


def _distributed(coefficient: Fraction, total: Expr) -> Expr:
    """A number times a sum: multiplied in where that takes the minus away, -(a - b) = b - a, else left in front."""
    if total.op == "mul":
        return mul(number(coefficient), *total.args)
    if coefficient < 0 and any(split(term)[0] < 0 for term in total.args):
        flipped = _sum([(-c, rest) for c, rest in map(split, total.args)], total.shape)
        return _product(-coefficient, [flipped], total.shape)
    return _scaled(coefficient, total)
