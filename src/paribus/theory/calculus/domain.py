"""Where an expression is defined and differentiable, said in words."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction

from paribus.theory.expressions.text import text
from paribus.theory.expressions.tree import Expr, is_zero, nodes

SENTENCES: dict[str, str] = {
    "log": "{0} > 0",
    "inv": "{0} is invertible",
    "det": "{0} is invertible",
    "logdet": "det({0}) > 0",
    "norm": "{0} is not zero: the norm has no derivative there",
    "abs": "{0} is nowhere 0: abs has no derivative there",
    "relu": "{0} is nowhere 0: relu has no derivative there",
    "sign": "{0} is nowhere 0",
    "heaviside": "{0} is nowhere 0",
}


def domain(expr: Expr) -> list[str]:
    """One sentence for each condition, in the order of appearance."""
    return list(dict.fromkeys(sentence for node in nodes(expr) for sentence in _conditions(node)))


def _conditions(node: Expr) -> Iterable[str]:
    if node.op in SENTENCES and not is_zero(node.args[0]):
        yield SENTENCES[node.op].format(text(node.args[0]))
    if node.op == "pow":
        base, exponent = node.args
        whole = exponent.op == "number" and exponent.value.denominator == 1
        if not whole and base.op != "number":
            yield f"{text(base)} > 0"
        elif whole and exponent.value < Fraction(0):
            yield f"{text(base)} is {'nowhere' if base.shape else 'not'} 0"
