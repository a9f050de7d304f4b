"""A derivation as text for the terminal, as LaTeX, and as plain data."""

from __future__ import annotations

from typing import Any

from paribus.theory.derivations.page import as_html
from paribus.theory.derivations.record import Derivation, Formula, Step, Table
from paribus.theory.derivations.words import answer_label, cell_text, error_text, shape_text
from paribus.theory.expressions.symbols import escape

__all__ = ["as_dict", "as_html", "as_latex", "as_text"]

WIDTH = 110  # of a terminal; a longer equation is broken before its sign


def as_text(derivation: Derivation) -> str:
    """The derivation for the terminal: what is given, the steps with their errors, the answers, the proof."""
    blocks = [
        [derivation.title, "─" * len(derivation.title)],
        _facts(derivation),
        _steps(derivation.steps),
        *(_table(table) for table in derivation.tables),
        _answers(derivation),
        _proof(derivation),
    ]
    return "\n\n".join("\n".join(block) for block in blocks if block)


def as_latex(derivation: Derivation) -> str:
    r"""The steps as one ``align*`` environment (packages amsmath, amssymb, mathtools), and the answers as another."""
    lines = [
        rf"  {step.before.latex} &= {step.after.latex} && \text{{{escape(step.rule)}}}" for step in derivation.steps
    ]
    answers = [f"  {answer_label(derivation, key)} &= {found.latex}" for key, found in derivation.answers.items()]
    return "\n".join(_align(block) for block in (lines, answers) if block)


def as_dict(derivation: Derivation) -> dict[str, Any]:
    """The derivation as data that JSON can hold."""
    return {
        "title": derivation.title,
        "given": derivation.given.text,
        "wrt": list(derivation.wrt),
        "gradient": derivation.gradient,
        "steps": [_step_dict(step) for step in derivation.steps],
        "verified": derivation.verified,
        "max_relative_error": derivation.max_relative_error,
        "draws": derivation.draws,
        "oracle": derivation.oracle,
        "layout": derivation.layout,
        "shapes": {name: list(shape) for name, shape in derivation.shapes.items()},
        "assumptions": list(derivation.assumptions),
        "tables": [_table_dict(table) for table in derivation.tables],
        "latex": as_latex(derivation),
    }


def _facts(derivation: Derivation) -> list[str]:
    shapes = ", ".join(f"{name} {shape_text(shape)}" for name, shape in derivation.shapes.items())
    facts = [("given", derivation.given.text), ("shapes", shapes), ("layout", derivation.layout)]
    lines = [f"{name:<8}{value}" for name, value in facts if value]
    heads = ["assumed", *[""] * len(derivation.assumptions)]
    return lines + [f"{head:<8}{sentence}" for head, sentence in zip(heads, derivation.assumptions, strict=False)]


def _steps(steps: tuple[Step, ...]) -> list[str]:
    rules = [f"{number:>2}  {step.rule}" for number, step in enumerate(steps, 1)]
    wide = max((len(rule) for rule in rules), default=0)
    lines = []
    for rule, step in zip(rules, steps, strict=True):
        lines.append(f"{rule:<{wide}}  {error_text(step.max_relative_error):>11}  {step.note}".rstrip())
        lines += [f"      {line}" for line in _equation(step.before.text, step.after)]
    return lines


def _equation(left: str, right: Formula) -> list[str]:
    """``left = right`` on one line, or on two where it is long."""
    whole = f"{left} = {right.text}"
    return [whole] if len(whole) <= WIDTH else [left, f"  = {right.text}"]


def _answers(derivation: Derivation) -> list[str]:
    labels = {key: _label(derivation, key) for key in derivation.answers}
    wide = max(map(len, labels.values()), default=0)
    return [f"{labels[key]:<{wide}} = {formula.text}" for key, formula in derivation.answers.items()]


def _label(derivation: Derivation, key: str) -> str:
    """``∂/∂x`` for a variable, ``∂²/∂x∂y`` for a pair, its own words for anything else."""
    first, _, second = key.partition(", ")
    if first not in derivation.wrt or (second and second not in derivation.wrt):
        return key
    return f"∂²/∂{first}∂{second}" if second else f"∂/∂{first}"


def _proof(derivation: Derivation) -> list[str]:
    """The sentence that every derivation ends with."""
    verdict = "verified" if derivation.verified else "NOT VERIFIED"
    return [
        f"{verdict}: {derivation.draws} random draws of sizes and values, every step and the answers; against "
        f"{derivation.oracle}; largest relative error {derivation.max_relative_error:.1e}"
    ]


def _table(table: Table) -> list[str]:
    rows = [tuple(map(cell_text, row)) for row in (table.heads, *table.rows)]
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(f"{cell:>{w}}" for cell, w in zip(row, wide, strict=True)) for row in rows]
    return [table.title, *(f"  {line}" for line in lines)]


def _align(lines: list[str]) -> str:
    body = " \\\\\n".join(lines)
    return f"\\begin{{align*}}\n{body}\n\\end{{align*}}"


def _step_dict(step: Step) -> dict[str, Any]:
    return {
        "rule": step.rule,
        "before": step.before.text,
        "after": step.after.text,
        "max_relative_error": step.max_relative_error,
        "note": step.note,
    }


def _table_dict(table: Table) -> dict[str, Any]:
    return {"title": table.title, "heads": list(table.heads), "rows": [list(row) for row in table.rows]}
