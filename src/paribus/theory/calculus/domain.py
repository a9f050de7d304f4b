"""Where an expression is defined and differentiable, said in words: what the derivation uses, and no more."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from types import MappingProxyType

from paribus.theory.expressions.text import text
from paribus.theory.expressions.tree import Expr, nodes

DEFINED: dict[str, str] = {  # what must hold for a value
    "log": "{0} > 0",
    "inv": "{0} is invertible",
    "logdet": "det({0}) > 0",
}
SMOOTH: dict[str, str] = {  # what must hold for a derivative
    "det": "{0} is invertible",
    "norm": "{0} is not zero: the norm has no derivative there",
    "abs": "{0} is nowhere 0: abs has no derivative there",
    "relu": "{0} is nowhere 0: relu has no derivative there",
    "sign": "{0} is nowhere 0",
    "heaviside": "{0} is nowhere 0",
    "max": "the largest entry of {0} stands at one place only",
    "spectral": "the largest singular value of {0} is simple",
    "nuclear": "{0} has full rank",
    "prod": "{0} is nowhere 0",
}
POSITIVE = {"exp", "sigmoid", "softmax", "cosh", "softplus", "size", "constant", "ones"}


def domain(expr: Expr, variables: Iterable[str], structures: Mapping[str, str] = MappingProxyType({})) -> list[str]:
    """One sentence for each condition that is not met by itself, in the order of appearance.

    Args:
        expr: what is differentiated.
        variables: with respect to what; a kink in a constant needs no word.
        structures: names of matrices of a structure; positive definite ones are invertible.
    """
    varying = frozenset(variables)
    squared = {node.args[0] for node in nodes(expr) if _raised(node)}
    elsewhere = {arg for node in nodes(expr) if not _raised(node) for arg in node.args}
    found = [sentence for node in nodes(expr) for sentence in _conditions(node, varying, node in squared - elsewhere)]
    definite = {key for key, structure in structures.items() if structure in ("definite", "orthogonal")}
    met = {words.format(key) for key in definite for words in (*DEFINED.values(), SMOOTH["det"])}
    met |= {
        SMOOTH["det"].format(text(node.args[0]))
        for node in nodes(expr)
        if node.op == "det" and f"{text(node)} > 0" in found
    }
    return [sentence for sentence in dict.fromkeys(found) if sentence not in met]


def _raised(node: Expr) -> bool:
    """A power above 1 of a norm or a relu has a derivative where they have none."""
    return node.op == "pow" and node.args[1].op == "number" and node.args[1].value > 1


def _conditions(node: Expr, varying: frozenset[str], smoothed: bool) -> Iterable[str]:
    if node.op in DEFINED and not sign(node.args[0]) > 0:
        yield DEFINED[node.op].format(text(node.args[0]))
    if node.op in SMOOTH and not smoothed and node.names & varying and not sign(node.args[0]) > 0:
        yield SMOOTH[node.op].format(text(node.args[0]))
    if node.op == "arcsin":
        yield f"{text(node.args[0])} lies between -1 and 1"
    if node.op == "pow":
        base, exponent = node.args
        whole = exponent.op == "number" and exponent.value.denominator == 1
        if sign(base) > 0:
            return
        if not whole and base.op != "number":
            yield f"{text(base)} > 0"
        elif whole and exponent.value < 0:
            yield f"{text(base)} is {'nowhere' if base.shape else 'not'} 0"


def sign(expr: Expr) -> int:
    """1 where all entries are positive by their form, 0 where none is negative, -1 where nothing is known."""
    if expr.op in POSITIVE or (expr.op == "number" and expr.value > 0):
        return 1
    if expr.op in ("norm", "abs", "relu", "spectral", "nuclear", "heaviside") or (
        expr.op == "number" and not expr.value
    ):
        return 0
    if expr.op == "pow":
        exponent = expr.args[1]
        even = exponent.op == "number" and exponent.value % 2 == 0 and exponent.value > 0
        return max(sign(expr.args[0]), 0 if even else -1)
    if expr.op in ("sum", "max"):
        return sign(expr.args[0])
    if expr.op == "mul":
        return min(map(sign, expr.args))
    if expr.op == "add":
        signs = list(map(sign, expr.args))
        return _reaching(expr) if min(signs) < 0 else max(signs)
    if expr.op == "matmul" and not expr.shape and len(expr.args) == 2 and expr.args[0] == expr.args[1]:
        return 0  # xᵀx
    return -1


def _reaching(total: Expr) -> int:
    """The sign of a number less something that stays below it: 1 - sigmoid(x), 1 - tanh(x)²."""
    room = Fraction(0)
    for term in total.args:
        if term.op == "number":
            room += term.value
        elif sign(term) < 0:
            numbers = [factor.value for factor in term.args if factor.op == "number"] if term.op == "mul" else []
            others = [factor for factor in term.args if factor.op != "number"]
            if len(numbers) != 1 or len(others) != 1 or numbers[0] > 0 or not _below_one(others[0]):
                return -1
            room += numbers[0]
    return 1 if room >= 0 else -1


def _below_one(expr: Expr) -> bool:
    """Whether all entries lie below 1 by their form."""
    if expr.op == "pow":
        exponent = expr.args[1]
        return exponent.op == "number" and exponent.value > 0 and expr.args[0].op in ("sigmoid", "tanh")
    return expr.op in ("sigmoid", "tanh")
