"""Expressions as LaTeX, as they are typeset: vectors and matrices bold, factors side by side."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from paribus.theory.expressions.moments import deviation_of, mean_of
from paribus.theory.expressions.sums import split
from paribus.theory.expressions.symbols import symbol
from paribus.theory.expressions.text import fraction
from paribus.theory.expressions.tree import BUILD, Expr, Size, number

SUM, PRODUCT, POWER, ATOM = range(4)
LONGEST = 160  # signs of LaTeX above the line of a fraction


def latex(expr: Expr) -> str:
    """The expression for print; needs amsmath."""
    return _write(expr)[0]


def _write(expr: Expr) -> tuple[str, int]:
    if expr.op in WRITERS:
        return WRITERS[expr.op](expr)
    return _call(NAMES.get(expr.op, rf"\operatorname{{{expr.op}}}"), expr), POWER


def _within(expr: Expr, least: int) -> str:
    written, binding = _write(expr)
    return written if binding >= least else _brackets(written)


def _brackets(inside: str) -> str:
    return rf"\left({inside}\right)"


def _call(function: str, expr: Expr) -> str:
    return function + _brackets(", ".join(map(latex, expr.args)))


def _number(value: Fraction) -> str:
    if value.denominator == 1:
        return str(value.numerator)
    sign = "-" if value < 0 else ""
    return rf"{sign}\frac{{{abs(value.numerator)}}}{{{value.denominator}}}"


def _sum(expr: Expr) -> tuple[str, int]:
    written = _within(expr.args[0], SUM)
    for term in expr.args[1:]:
        minus = split(term)[0] < 0
        written += f" - {_within(-term, PRODUCT)}" if minus else f" + {_within(term, PRODUCT)}"
    return written, SUM


def _product(expr: Expr) -> tuple[str, int]:
    averaged = mean_of(expr)
    if averaged is not None:
        argument, rest = averaged
        mean = Expr("mean", (argument,), argument.shape if expr.shape and argument.op == "matmul" else ())
        return _product(rest * mean) if rest != number(1) else _write(mean)
    coefficient, rest = split(expr)
    above, below = fraction(rest)
    sign = "-" if coefficient < 0 else ""
    number_ = _number(abs(coefficient))
    top = [] if number_ == "1" and above else [number_]
    if not below:
        return sign + _joined(top, above), PRODUCT
    outside = [factor for factor in above if factor.shape] if not any(factor.shape for factor in below) else []
    inside = [factor for factor in above if factor not in outside]
    bottom = _joined([], below)
    up, down = abs(coefficient.numerator), coefficient.denominator
    upper = _joined([str(up)] if up != 1 or not inside else [], inside)
    under = bottom if down == 1 else f"{down} {bottom}"
    if len(upper) > LONGEST:  # what stands above a line cannot be broken
        return rf"{sign}\frac{{1}}{{{under}}} \, {_joined([str(up)] if up != 1 else [], [*inside, *outside])}", PRODUCT
    line = rf"\frac{{{upper}}}{{{under}}}"
    return sign + _joined([line], outside), PRODUCT


def _joined(front: list[str], factors: list[Expr]) -> str:
    """Scalars stand side by side; ⊙ between what is multiplied entry by entry."""
    alone = len(factors) + len(front) == 1
    numbers = front + [
        _within(f, SUM if alone else POWER if f.op == "matmul" else PRODUCT) for f in factors if not f.shape
    ]
    arrays = [f for f in factors if f.shape]
    least = SUM if alone else PRODUCT if len(arrays) == 1 else POWER
    product = r" \odot ".join(_within(factor, least) for factor in arrays)
    return r" \, ".join(numbers + ([product] if product else []))


def _chain(expr: Expr) -> tuple[str, int]:
    factors = [_within(factor, POWER) for factor in expr.args]
    if expr.args[0].rank == 1:
        factors[0] = _within(expr.args[0], ATOM) + r"^{\top}"
    return r" \, ".join(factors), PRODUCT


def _power(expr: Expr) -> tuple[str, int]:
    base, exponent = expr.args
    deviation = deviation_of(expr)
    if deviation is not None:
        inside, power = deviation
        std = Expr("std", (inside,))
        return _write(std if power == 1 else Expr("pow", (std, number(power))))
    plain = exponent.op == "number"
    if plain and exponent.value == Fraction(1, 2):
        return rf"\sqrt{{{latex(base)}}}", ATOM
    if plain and exponent.value < 0:
        return rf"\frac{{1}}{{{latex(base**-exponent)}}}", PRODUCT
    dotted = r"\odot " if base.shape else ""  # entry by entry, not the power of a matrix
    return rf"{_within(base, ATOM)}^{{{dotted}{latex(exponent)}}}", POWER


def _powers(expr: Expr) -> tuple[str, int]:
    x, exponent, between = expr.args
    base = _within(x, ATOM)
    last = latex(BUILD["add"](exponent, number(-1)))
    return rf"\sum_{{r=0}}^{{{last}}} {base}^{{r}} \, {_within(between, POWER)} \, {base}^{{{last}-r}}", PRODUCT


def _outer(expr: Expr) -> tuple[str, int]:
    left, right = expr.args
    return rf"{_within(left, POWER)} \, {_within(right, ATOM)}^{{\top}}", PRODUCT


def _kronecker(expr: Expr) -> tuple[str, int]:
    row = r"^{\top}" if expr.args[0].rank == 1 else ""
    return rf"{_within(expr.args[0], ATOM)}{row} \otimes {_within(expr.args[1], ATOM)}", SUM


def _differential(expr: Expr) -> tuple[str, int]:
    return rf"\mathrm{{d}}{_brackets(latex(expr.args[0]))}", POWER


def _inverse(expr: Expr) -> tuple[str, int]:
    return rf"{_within(expr.args[0], ATOM)}^{{-1}}", POWER


def _transposed(expr: Expr) -> tuple[str, int]:
    inside = expr.args[0]
    if inside.op == "inv":
        return rf"{_within(inside.args[0], ATOM)}^{{-\top}}", POWER
    return rf"{_within(inside, ATOM)}^{{\top}}", POWER


def _size(size: Size) -> str:
    return " ".join(str(size).split("*"))


def _filled(digit: str) -> Callable[[Expr], tuple[str, int]]:
    return lambda expr: (rf"\mathbf{{{digit}}}_{{" + r" \times ".join(map(_size, expr.shape)) + "}", ATOM)


NAMES = {
    "exp": r"\exp", "log": r"\log", "sin": r"\sin", "cos": r"\cos", "tanh": r"\tanh", "sigmoid": r"\sigma",
    "det": r"\det", "logdet": r"\log\det", "sum": r"\operatorname{sum}", "diagonal": r"\operatorname{diag}",
    "heaviside": r"\operatorname{step}",
    "cosh": r"\cosh", "sinh": r"\sinh", "arctan": r"\arctan", "arcsin": r"\arcsin", "max": r"\max",
}  # fmt: skip


def _indexed(expr: Expr) -> tuple[str, int]:
    """A sum over indices: a sign of summation before the entries."""
    parts, output = expr.value
    summed = "".join(sorted({letter for part in parts for letter in part} - set(output)))
    entries = r" \, ".join(rf"{_within(arg, ATOM)}_{{{part}}}" for part, arg in zip(parts, expr.args, strict=True))
    whole = rf"\sum_{{{summed}}} {entries}" if summed else entries
    return rf"\left[{whole}\right]_{{{output}}}" if output else whole, PRODUCT


def _side(letter: str) -> Callable[[Expr], tuple[str, int]]:
    return lambda expr: (rf"\mathbf{{{letter}}}_{{1}}{_brackets(latex(expr.args[0]))}", ATOM)


def _normed(index: str) -> Callable[[Expr], tuple[str, int]]:
    return lambda expr: (rf"\left\lVert {latex(expr.args[0])} \right\rVert_{{{index}}}", ATOM)


def _mean(expr: Expr) -> tuple[str, int]:
    """The mean of all entries, or of each row: X 1 / n."""
    inside = expr.args[0]
    if not expr.rank:
        return _call(r"\operatorname{mean}", expr), POWER
    return rf"\frac{{1}}{{{_size(inside.args[-1].shape[0])}}} {_within(inside, POWER)}", PRODUCT


WRITERS: dict[str, Callable[[Expr], tuple[str, int]]] = {
    "name": lambda e: (symbol(e.value, e.rank), ATOM),
    "number": lambda e: (_number(e.value), ATOM if e.value >= 0 and e.value.denominator == 1 else PRODUCT),
    "size": lambda e: (_size(e.value), ATOM),
    "add": _sum,
    "mul": _product,
    "pow": _power,
    "matmul": _chain,
    "matrix_power": lambda e: (rf"{_within(e.args[0], ATOM)}^{{{latex(e.args[1])}}}", POWER),
    "powers": _powers,
    "outer": _outer,
    "d": _differential,
    "inv": _inverse,
    "T": _transposed,
    "norm": lambda e: (rf"\left\lVert {latex(e.args[0])} \right\rVert", ATOM),
    "abs": lambda e: (rf"\left\lvert {latex(e.args[0])} \right\rvert", ATOM),
    "kron": _kronecker,
    "einsum": _indexed,
    "mean": _mean,
    "spectral": _normed("2"),
    "nuclear": _normed("*"),
    "u1": _side("u"),
    "v1": _side("v"),
    "constant": lambda e: (rf"\{e.value}" if e.value == "pi" else "e", ATOM),
    "tril": lambda e: (rf"\mathbf{{L}}_{{{_size(e.shape[0])}}}", ATOM),
    "touch": lambda e: (rf"\mathbf{{1}}_{{\geq 0}}{_brackets(latex(e.args[0]))}", POWER),
    "ones": _filled("1"),
    "zeros": _filled("0"),
    "eye": lambda e: (rf"\mathbf{{I}}_{{{_size(e.shape[0])}}}", ATOM),
    "commutation": lambda e: (rf"\mathbf{{K}}_{{{', '.join(map(_size, e.value))}}}", ATOM),
}
