"""A derivation as LaTeX."""

from __future__ import annotations

import re

from paribus.theory.derivations.record import Record
from paribus.theory.expressions.symbols import escape, symbol

WIDTH = 55  # signs of a formula that fit on a printed line beside the name of a rule


def as_latex(derivation: Record) -> str:
    r"""Names, steps and answers, an ``align*`` environment each (packages amsmath, amssymb, mathtools).

    Long sheets need ``\allowdisplaybreaks`` in the preamble, to go on over the next page.
    """
    lines = [
        _line(step.before.latex, step.after.latex, rf" && \text{{{escape(step.rule)}}}") for step in derivation.steps
    ]
    known = {key: rf" && \text{{{escape(words.partition(':')[0])}}}" for key, words in derivation.known.items()}
    lets = [_line(symbol(key), found.latex, known.get(key, "")) for key, found in derivation.lets.items()]
    answers = {**derivation.answers, **derivation.short}
    ends = [_line(answer_label(derivation, key), found.latex) for key, found in answers.items()]
    return "\n".join(_align(block) for block in (lets, lines, ends) if block)


def _line(before: str, after: str, rule: str = "") -> str:
    """``before = after``, broken before its signs where it is long."""
    if _signs(before) < WIDTH // 3:
        first, *more = broken(after, WIDTH - _signs(before))
        rows = [f"{before} &= {first}{rule}"]
    else:
        start, *rest = broken(before, WIDTH)
        first, *more = broken(after, WIDTH)
        rows = [f"& {start}{rule}", *(rf"&\quad {part}" for part in rest), f"&= {first}"]
    return " \\\\\n".join(f"  {row}" for row in [*rows, *(rf"&\quad {part}" for part in more)])


def _signs(latex: str) -> int:
    """About how wide a formula is."""
    bare = re.sub(r"\\(?:mathbf|boldsymbol|mathrm|left|right|[bB]ig[lr]|operatorname|frac|mathit|top|,|;)", "", latex)
    return len(re.sub(r"[{}^_\s]", "", re.sub(r"\\[A-Za-z]+", "x", bare)))


def broken(latex: str, width: int) -> list[str]:
    """The formula in pieces that fit: cut before signs outside of all brackets, else within, else between factors."""
    if _signs(latex) <= width:
        return [latex]
    pieces = _joined(_cut(latex, r" [+-] ", outside=True), width)
    if max(map(_signs, pieces)) > width:
        rigid = re.sub(r"\\(left|right)(?![A-Za-z])", lambda m: r"\bigl" if m[1] == "left" else r"\bigr", latex)
        pieces = _joined(_cut(rigid, r" [+-] | \\odot "), width)
        if max(map(_signs, pieces)) > 1.1 * width:
            pieces = _joined(_cut(rigid, r" [+-] | \\odot | \\, "), width)
    return [piece if place == 0 else f"{{}}{piece}" for place, piece in enumerate(pieces)]


def _cut(latex: str, signs: str, outside: bool = False) -> list[str]:
    """The formula cut before all signs that stand in no braces, and, ``outside``, in no brackets."""
    depth, brackets, cuts = 0, 0, [0]
    for found in re.finditer(rf"\\left(?![A-Za-z])|\\right(?![A-Za-z])|[{{}}]|{signs}", latex):
        depth += {"{": 1, "}": -1}.get(found[0], 0)
        brackets += {"\\left": 1, "\\right": -1}.get(found[0], 0)
        if not depth and re.fullmatch(signs, found[0]) and not (outside and brackets):
            cuts.append(found.start())
    return [latex[start:stop] for start, stop in zip(cuts, [*cuts[1:], len(latex)], strict=True)]


def _joined(terms: list[str], width: int) -> list[str]:
    """Neighbours together as long as they fit."""
    pieces = [terms[0]]
    for term in terms[1:]:
        if _signs(pieces[-1] + term) > width:
            pieces.append(term)
        else:
            pieces[-1] += term
    return pieces


def answer_label(derivation: Record, key: str) -> str:
    """LaTeX for what an answer answers: ``∂f/∂x`` for a variable, its own words for anything else."""
    within, _, form = key.partition(" (")
    if form and within in derivation.structures:
        return rf"{answer_label(derivation, within)}\text{{ ({escape(form)}}}"
    first, _, second = key.partition(", ")
    if first in derivation.wrt and second in derivation.wrt:
        names = [symbol(name, len(derivation.shapes.get(name, ()))) for name in (first, second)]
        return rf"\frac{{\partial^2 {derivation.called}}}{{\partial {names[0]} \, \partial {names[1]}}}"
    if key not in derivation.wrt:
        return rf"\text{{{escape(key)}}}"
    return rf"\frac{{\partial {derivation.called}}}{{\partial {symbol(key, len(derivation.shapes.get(key, ())))}}}"


def _align(lines: list[str]) -> str:
    body = " \\\\\n".join(lines)
    return f"\\begin{{align*}}\n{body}\n\\end{{align*}}"
