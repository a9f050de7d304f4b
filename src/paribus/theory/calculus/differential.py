"""From f to df: one rule at a time, from the outside in."""

from __future__ import annotations

from dataclasses import dataclass

from paribus.theory.calculus.rules import RULES, Rule
from paribus.theory.expressions.functions import differential
from paribus.theory.expressions.text import text
from paribus.theory.expressions.tree import Expr, name, zeros


@dataclass(frozen=True)
class Line:
    """``before = after`` by a named rule, both sides still expressions."""

    rule: str
    before: Expr
    after: Expr
    note: str = ""

    @property
    def texts(self) -> tuple[str, str]:
        """Both sides as text."""
        return text(self.before), text(self.after)


def direction(variable: Expr) -> Expr:
    """dX, the small change of X."""
    return name(f"d{variable.value}", variable.shape)


def total_differential(f: Expr, variable: Expr, rules: dict[str, Rule] = RULES) -> tuple[Expr, list[Line]]:
    """df, linear in dX and in nothing else, with the rule that each part took.

    Args:
        f: what is differentiated.
        variable: X, a name; all other names are constant.
        rules: the table of rules.
    """
    lines: dict[Expr, Line] = {}

    def shown(e: Expr) -> Expr:
        """The differential of an operand, as it is written before it is worked out."""
        if e == variable:
            return direction(variable)
        return differential(e, variable) if variable.value in e.names else zeros(e.shape)

    waiting, done = [f], dict[Expr, Expr]()
    while waiting:
        e = waiting.pop(0)
        if e in lines or e == variable or variable.value not in e.names:
            continue
        rule = rules[e.op]
        lines[e] = Line(_name(rule, e, variable), differential(e, variable), rule.apply(e, shown))
        waiting += e.args

    def worked_out(e: Expr) -> Expr:
        if e == variable or variable.value not in e.names:
            return shown(e)
        if e not in done:
            done[e] = rules[e.op].apply(e, worked_out)
        return done[e]

    return worked_out(f), list(lines.values())


def _name(rule: Rule, e: Expr, variable: Expr) -> str:
    """The rule's name; a product with one factor that varies needs no product rule."""
    varying = [arg for arg in e.args if variable.value in arg.names]
    return "constant factors stay" if rule.name == "product rule" and len(varying) == 1 else rule.name
