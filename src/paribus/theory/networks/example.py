"""A program worked through with numbers."""

from __future__ import annotations

import numpy as np

from paribus.errors import TheoryError
from paribus.theory.derivations.record import Table
from paribus.theory.networks.numbers import shown
from paribus.theory.networks.program import Line, Program, Values, run
from paribus.theory.networks.writing import substituted

LONG = 72  # characters of a calculation that still help


def worked(title: str, program: Program, inputs: Values, substitute: bool = False) -> Table:
    """Every line with its value, after the inputs; ``substitute`` shows the formulas with the numbers put in."""
    lines = (*program.forward, *program.backward)
    values = run(lines, inputs)
    if not all(np.isfinite(values[line.name]).all() for line in (program.forward[-1], *program.backward)):
        raise TheoryError(
            "with these numbers the calculation overflows", got=program.forward[-1].text, hint="scale them"
        )
    rows = [
        (line.name.replace("'new", " new"), _how(line, values, substitute), shown(values[line.name])) for line in lines
    ]
    used = {name for name in inputs if any(_reads(line, name) for line in lines)}
    start = [(name, "given", shown(value)) for name, value in inputs.items() if name in used]
    return Table(title, ("quantity", "calculation", "value"), tuple(start + [row for row in rows if "'" not in row[0]]))


def _how(line: Line, values: Values, substitute: bool) -> str:
    if not substitute:
        return line.text
    name, _, new = line.name.partition("'")
    if new and f"d{name}" in values:
        return substituted(f"{name} - eta * d{name}", values)
    written = substituted(line.text, {name: value for name, value in values.items() if np.ndim(value) == 0})
    return written if len(written) <= LONG else line.text


def _reads(line: Line, name: str) -> bool:
    return name in compile(line.text, "<formula>", "eval").co_names
