"""A derivation as LaTeX."""

from __future__ import annotations

from paribus.theory.derivations.record import Record
from paribus.theory.expressions.symbols import escape, symbol


def as_latex(derivation: Record) -> str:
    r"""The steps as one ``align*`` environment (packages amsmath, amssymb, mathtools), and the answers as another."""
    lines = [
        rf"  {step.before.latex} &= {step.after.latex} && \text{{{escape(step.rule)}}}" for step in derivation.steps
    ]
    answers = [f"  {answer_label(derivation, key)} &= {found.latex}" for key, found in derivation.answers.items()]
    return "\n".join(_align(block) for block in (lines, answers) if block)


def answer_label(derivation: Record, key: str) -> str:
    """LaTeX for what an answer answers: ``∂/∂x`` for a variable, its own words for anything else."""
    first, _, second = key.partition(", ")
    if first in derivation.wrt and second in derivation.wrt:
        names = [symbol(name, len(derivation.shapes.get(name, ()))) for name in (first, second)]
        return rf"\frac{{\partial^2}}{{\partial {names[0]} \, \partial {names[1]}}}"
    if key not in derivation.wrt:
        return rf"\text{{{escape(key)}}}"
    return rf"\frac{{\partial}}{{\partial {symbol(key, len(derivation.shapes.get(key, ())))}}}"


def _align(lines: list[str]) -> str:
    body = " \\\\\n".join(lines)
    return f"\\begin{{align*}}\n{body}\n\\end{{align*}}"
