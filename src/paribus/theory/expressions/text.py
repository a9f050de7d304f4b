"""Expressions as NumPy text, with no more parentheses than are needed."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache

from paribus.theory.expressions.moments import deviation_of, mean_of
from paribus.theory.expressions.sums import exponent_of, split
from paribus.theory.expressions.tree import Expr, Shape, Size, number

SUM, PRODUCT, MINUS, POWER, ATOM = range(5)  # how strongly the outermost operation binds

CALLED = {"diagonal": "diag", "trace": "tr"}


def text(expr: Expr) -> str:
    """The expression in the notation of the parser: ``parse(text(e)) == e``."""
    return _write(expr)[0]


def decimal(value: Fraction) -> str | None:
    """A short decimal number that is exactly ``value``, if there is one."""
    for digits in range(7):
        scaled = value * 10**digits
        if scaled.denominator == 1:
            return f"{float(value):.{digits}f}" if digits else str(value.numerator)
    return None


def call(function: str, *arguments: str) -> str:
    """``function(arguments)``."""
    return f"{function}({', '.join(arguments)})"


@lru_cache(maxsize=10_000)  # the simplifier asks again and again for the same parts
def _write(expr: Expr) -> tuple[str, int]:
    """Text, and how strongly it binds."""
    writer = WRITERS.get(expr.op)
    if writer:
        return writer(expr)
    return call(CALLED.get(expr.op, expr.op), *map(text, expr.args)), ATOM


def within(expr: Expr, least: int) -> str:
    """The text, in parentheses if it binds more weakly than ``least``."""
    written, binding = _write(expr)
    return written if binding >= least else f"({written})"


def _number(expr: Expr) -> tuple[str, int]:
    value: Fraction = expr.value
    short = decimal(value)
    if short is None:
        return f"{value.numerator} / {value.denominator}", MINUS if value < 0 else PRODUCT
    return short, MINUS if value < 0 else ATOM


def _sum(expr: Expr) -> tuple[str, int]:
    first, *rest = expr.args
    parts = [within(first, SUM)]
    for term in rest:
        coefficient, _ = split(term)
        parts += [" - ", within(-term, PRODUCT)] if coefficient < 0 else [" + ", within(term, PRODUCT)]
    return "".join(parts), SUM


def _product(expr: Expr) -> tuple[str, int]:
    found = mean_of(expr)
    if found is not None:
        inside, rest = found
        mean = Expr("mean", (inside,), inside.shape if expr.shape and inside.op == "matmul" else ())
        return _product(rest * mean) if rest != number(1) else _write(mean)
    coefficient, rest = split(expr)
    above, below = fraction(rest)
    top, bottom = str(abs(coefficient.numerator)), coefficient.denominator
    short = decimal(abs(coefficient))
    if short is not None:
        top, bottom = short, 1
    factors = ([] if top == "1" and above else [top]) + _factors(above, below)
    denominators = ([str(bottom)] if bottom != 1 else []) + [within(factor, POWER) for factor in below]
    if len(denominators) > 1:
        denominators = [f"({' * '.join(denominators)})"]
    written = " / ".join([" * ".join(factors), *denominators])
    return ("-" + written, PRODUCT) if coefficient < 0 else (written, PRODUCT)


def fraction(expr: Expr) -> tuple[list[Expr], list[Expr]]:
    """Factors above and below the line of a product."""
    above, below = list[Expr](), list[Expr]()
    for factor in expr.args if expr.op == "mul" else (expr,):
        base, exponent = exponent_of(factor)
        if exponent < 0:
            below.append(base ** number(-exponent))
        else:
            above.append(factor)
    return above, below


def _factors(above: list[Expr], below: list[Expr]) -> list[str]:
    """Factors of an elementwise product; a chain ``@`` stands free only where its scalars can be read into it."""
    arrays = sum(bool(factor.shape) for factor in above)
    scalar_below = not any(factor.shape for factor in below)
    return [
        within(factor, PRODUCT if _free(factor, place, above, below) and arrays <= 1 and scalar_below else POWER)
        for place, factor in enumerate(above)
    ]


def _free(factor: Expr, place: int, above: list[Expr], below: list[Expr]) -> bool:
    """2 * s * A @ x / t needs no parentheses; (x.T @ y) * s and (x.T @ y) / t are clearer with them."""
    last = place == len(above) - 1
    return factor.op == "matmul" and last and (factor.rank > 0 or (len(above) == 1 and not below))


def _chain(expr: Expr) -> tuple[str, int]:
    if expr.args[-1].op == "ones" and expr.rank == expr.args[-1].rank == 1:
        return _along("sum", expr)
    factors = [within(factor, POWER) for factor in expr.args]
    if expr.args[0].rank == 1:
        factors[0] = within(expr.args[0], ATOM) + ".T"  # harmless in NumPy, and as it is written on the board
    return " @ ".join(factors), PRODUCT


def _along(function: str, expr: Expr) -> tuple[str, int]:
    """A @ 1 is the sum of the rows of A, A.T @ 1 that of its columns."""
    *before, last = expr.args
    inside = before[0] if len(before) == 1 else Expr("matmul", tuple(before), (*expr.shape, *last.shape))
    turned = _lighter(inside.T, inside)
    return call(function, text(inside.T if turned else inside), f"axis={0 if turned else 1}"), ATOM


def _lighter(one: Expr, other: Expr) -> bool:
    """Whether it is written with fewer transposes."""
    return text(one).count(".T") < text(other).count(".T")


def _power(expr: Expr) -> tuple[str, int]:
    base, exponent = expr.args
    deviation = deviation_of(expr)
    if deviation is not None:
        inside, power = deviation
        std = Expr("std", (inside,))
        return _write(std if power == 1 else Expr("pow", (std, number(power))))
    if exponent.op == "number" and exponent.value < 0:
        return f"1 / {within(base**-exponent, POWER)}", PRODUCT
    if exponent.op == "number" and exponent.value == Fraction(1, 2):
        return call("sqrt", text(base)), ATOM
    written = within(exponent, ATOM)
    if exponent.op == "number" and decimal(exponent.value) is None:
        written = f"({text(exponent)})"
    return f"{within(base, ATOM)}**{written}", POWER


def _filled(expr: Expr) -> tuple[str, int]:
    shape = ", ".join(map(size_text, expr.shape))
    return call(expr.op, f"({shape})" if expr.rank > 1 else shape), ATOM


def size_text(size: Size) -> str:
    """``m * n`` for the size ``"m*n"``."""
    return " * ".join(str(size).split("*"))


def shape_text(shape: Shape) -> str:
    """``(m, n)`` or ``(n,)``; ``()`` for a scalar."""
    inside = ", ".join(map(size_text, shape))
    return f"({inside},)" if len(shape) == 1 else f"({inside})"


def _einsum(expr: Expr) -> tuple[str, int]:
    parts, output = expr.value
    return call("einsum", f"'{','.join(parts)}->{output}'", *map(text, expr.args)), ATOM


def _last_axis(expr: Expr) -> tuple[str, int]:
    """Along rows, which is said where there are columns, too."""
    inside = expr.args[0]
    return call(expr.op, text(inside), *(["axis=-1"] if inside.rank > 1 else [])), ATOM


def _mean(expr: Expr) -> tuple[str, int]:
    inside = expr.args[0]
    return _along("mean", inside) if inside.op == "matmul" and expr.rank else (call("mean", text(inside)), ATOM)


WRITERS: dict[str, Callable[[Expr], tuple[str, int]]] = {
    "name": lambda e: (e.value, ATOM),
    "number": _number,
    "size": lambda e: (size_text(e.value), PRODUCT if "*" in e.value else ATOM),
    "add": _sum,
    "mul": _product,
    "pow": _power,
    "matmul": _chain,
    "T": lambda e: (within(e.args[0], ATOM) + ".T", ATOM),
    "ones": _filled,
    "zeros": _filled,
    "eye": lambda e: (call("eye", size_text(e.shape[0])), ATOM),
    "commutation": lambda e: (call("K", *map(size_text, e.value)), ATOM),
    "einsum": _einsum,
    "mean": _mean,
    "softmax": _last_axis,
    "logsumexp": _last_axis,
    "constant": lambda e: (e.value, ATOM),
    "tril": lambda e: (f"tril(ones(({size_text(e.shape[0])}, {size_text(e.shape[1])})))", ATOM),
    "spectral": lambda e: (call("norm", text(e.args[0]), "2"), ATOM),
    "nuclear": lambda e: (call("norm", text(e.args[0]), "'nuc'"), ATOM),
    "touch": lambda e: (call("heaviside", text(e.args[0]), "1"), ATOM),
    "heaviside": lambda e: (call("heaviside", text(e.args[0]), "0"), ATOM),
}
