"""No wrong step gets by: wrong rules, wrong answers and wrong normal forms are refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from paribus.errors import TheoryError
from paribus.theory.calculus import steps
from paribus.theory.calculus.rules import RULES, Rule
from paribus.theory.derive import derive
from paribus.theory.expressions.tree import BUILD

WRONG = {
    "inv": lambda e, d: e @ d(e.args[0]) @ e,  # the sign
    "det": lambda e, d: e * BUILD["tr"](BUILD["inv"](e.args[0]).T @ d(e.args[0])),  # a transpose
    "tanh": lambda e, d: (1 - e) * d(e.args[0]),  # the square
    "norm": lambda e, d: RULES["norm"].apply(e, d) * 2,  # a factor
}


@pytest.mark.parametrize(
    ("op", "text"), [("inv", "tr(inv(X))"), ("det", "det(X)"), ("tanh", "sum(tanh(X))"), ("norm", "norm(X)")]
)
def test_H1_a_wrong_rule_is_refused_never_shown(monkeypatch, op, text):
    monkeypatch.setattr(steps, "RULES", {**RULES, op: replace(RULES[op], apply=WRONG[op])})
    with pytest.raises(TheoryError, match="internal error: the check of") as error:
        derive(text, "X")
    assert "nothing is shown" in error.value.rule
    assert isinstance(RULES[op], Rule)


def test_H1_a_wrong_answer_of_the_simplifier_is_refused(monkeypatch):
    monkeypatch.setattr(steps, "simplify", lambda expr, symmetric: 2 * expr)
    with pytest.raises(TheoryError, match="internal error: the check of 'simplify' failed"):
        derive("tr(A @ X)", "X")


def test_H1_a_wrong_reading_is_refused(monkeypatch):
    monkeypatch.setattr("paribus.theory.expressions.products.TRANSPOSES", {**{}, "add": lambda e: e.args[0]})
    with pytest.raises(TheoryError, match="two ways that give different numbers"):
        derive("tr((A + B).T @ X @ (A + B))", "X", {"A": "n,n", "B": "n,n"})
