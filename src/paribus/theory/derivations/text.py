"""A derivation as text for the terminal."""

from __future__ import annotations

from itertools import pairwise

from paribus.theory.derivations.record import Formula, Record, Step, Table, cell_text

WIDTH = 110  # of a terminal; a longer equation is broken before its sign


def as_text(derivation: Record) -> str:
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


def _facts(derivation: Record) -> list[str]:
    shapes = ", ".join(f"{name} {shape_text(shape)}" for name, shape in derivation.shapes.items())
    what = ("read", ", ".join(derivation.read)) if derivation.read else ("shapes", shapes)
    whole = derivation.given.text
    lines = _listed("given", tuple(whole.split("; ")) if len(whole) > WIDTH else (whole,))
    lines += [f"{what[0]:<8}{what[1]}"] if what[1] else []
    lines += _listed("doubt", derivation.doubts)
    lines += [f"{'layout':<8}{derivation.layout}"] if derivation.layout else []
    lines += _listed("assumed", derivation.assumptions)
    named = (f"{key} = {formula.text}{_known(derivation, key)}" for key, formula in derivation.lets.items())
    return lines + _listed("let", tuple(named))


def _listed(head: str, sentences: tuple[str, ...]) -> list[str]:
    heads = [head, *[""] * len(sentences)]
    return [f"{head:<8}{sentence}" for head, sentence in zip(heads, sentences, strict=False)]


def _steps(steps: tuple[Step, ...]) -> list[str]:
    rules = [f"{number:>2}  {step.rule}" for number, step in enumerate(steps, 1)]
    wide = max((len(rule) for rule in rules), default=0)
    lines = []
    for rule, step in zip(rules, steps, strict=True):
        lines.append(f"{rule:<{wide}}  {error_text(step.max_relative_error):>11}  {step.note}".rstrip())
        lines += [f"      {line}" for line in _equation(step.before.text, step.after)]
    return lines


def _equation(left: str, right: Formula) -> list[str]:
    """``left = right`` on one line, or on several where it is long."""
    whole = f"{left} = {right.text}"
    return [whole] if len(whole) <= WIDTH else [*_broken(left), *_broken(f"  = {right.text}")]


def _broken(line: str) -> list[str]:
    """A line in pieces that fit: cut before signs outside of brackets, else between factors, else within brackets."""
    if len(line) <= WIDTH:
        return [line]
    depth, cuts = 0, dict[tuple[int, bool], list[int]]()
    for place, sign in enumerate(line):
        depth += (sign in "([") - (sign in ")]")
        if line[place : place + 3] in (" + ", " - ", " * ", " / ", " @ ") and line[:place].strip(" ="):
            cuts.setdefault((depth, line[place + 1] not in "+-"), []).append(place)
    for _, places in sorted(cuts.items()):
        pieces = [""]
        for start, stop in pairwise([0, *places, len(line)]):
            if pieces[-1].strip() and len(pieces[-1]) + stop - start > WIDTH:
                pieces.append("     ")
            pieces[-1] += line[start:stop]
        if len(pieces) > 1:
            return [part for piece in pieces for part in _broken(piece)]
    return [line]


def _answers(derivation: Record) -> list[str]:
    labels = {key: _label(derivation, key) for key in derivation.answers}
    wide = max(map(len, labels.values()), default=0)
    answers = {**derivation.answers, **derivation.short}
    return [f"{labels[key]:<{wide}} = {formula.text}" for key, formula in answers.items()]


def _known(derivation: Record, key: str) -> str:
    return f"  ({derivation.known[key]})" if key in derivation.known else ""


def _label(derivation: Record, key: str) -> str:
    """``∂f/∂x`` for a variable, ``∂²f/∂x∂y`` for a pair, its own words for anything else."""
    f = derivation.called
    within, _, form = key.partition(" (")
    if within in derivation.structures:
        return f"∂{f}/∂{within} ({form}" if form else f"∂{f}/∂{within}"
    first, _, second = key.partition(", ")
    if first not in derivation.wrt or (second and second not in derivation.wrt):
        return key
    return f"∂²{f}/∂{first}∂{second}" if second else f"∂{f}/∂{first}"


def _proof(derivation: Record) -> list[str]:
    """The sentence that every derivation ends with."""
    verdict = "verified" if derivation.verified else "NOT VERIFIED"
    return [
        f"{verdict}: {derivation.draws} random draws of sizes and values, every step and the answers; against "
        f"{derivation.oracle}; largest relative error {derivation.max_relative_error:.1e}",
        *([derivation.second] if derivation.second else []),
    ]


def _table(table: Table) -> list[str]:
    rows = [tuple(map(cell_text, row)) for row in (table.heads, *table.rows)]
    wide = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(f"{cell:>{w}}" for cell, w in zip(row, wide, strict=True)) for row in rows]
    return [table.title, *(f"  {line}" for line in lines)]


def shape_text(shape: tuple[int | str, ...]) -> str:
    """``(m, n)`` for a matrix, ``(n,)`` for a vector as in NumPy, ``scalar`` for one number."""
    return "scalar" if not shape else f"({shape[0]},)" if len(shape) == 1 else f"({', '.join(map(str, shape))})"


def error_text(error: float) -> str:
    """An error for the margin of a step."""
    return "exact" if error == 0 else f"± {error:.0e}"
