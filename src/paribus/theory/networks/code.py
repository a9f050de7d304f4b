"""A derivation as a module that runs: the printed lines, the example's numbers, and a test against differences."""

from __future__ import annotations

import ast

from paribus.errors import TheoryError
from paribus.theory.derivations.derivation import Derivation

MODULE = '''"""{title}, worked out with numbers."""

import numpy as np

from paribus.theory.networks.notation import *

GIVEN = {{
{given}
}}


def loss({names}):
    """The forward pass."""
{forward}
    return L


def gradients({names}):
    """∂L by each variable, line by line as derived."""
{backward}
    return {{
{answers}
    }}


def test(h=1e-6):
    """The gradients equal central differences of the loss."""
    for name, gradient in gradients(**GIVEN).items():
        for place in np.ndindex(np.shape(gradient)):
            step = np.zeros(np.shape(gradient))
            step[place] = h
            up, down = (loss(**{{**GIVEN, name: GIVEN[name] + s}}) for s in (step, -step))
            np.testing.assert_allclose(gradient[place], (up - down) / (2 * h), rtol=1e-5, atol=1e-8)
        print(f"∂L/∂{{name}}: equal to central differences")


if __name__ == "__main__":
    test()
'''


def as_code(derivation: Derivation) -> str:
    """A module with the loss, its gradients, the example's numbers and a test: ``python file.py`` runs it.

    Raises:
        TheoryError: there is no gradient, or the example is too large to be written out.
    """
    if not derivation.wrt:
        raise TheoryError("code is written for gradients, and here there are none", got=derivation.title)
    given = _given(derivation)
    lines = _first_definitions(derivation, set(given))
    answers = {key: formula.text for key, formula in derivation.answers.items()}
    needed = [name for text in answers.values() for name in _reads(text)]
    return MODULE.format(
        title=derivation.title,
        given="\n".join(f'    "{name}": np.array({value}, float),' for name, value in given.items()),
        names=", ".join(given),
        forward=_body(lines, ["L"]),
        backward=_body(lines, needed),
        answers="\n".join(f'        "{key}": {text},' for key, text in answers.items()),
    )


def _given(derivation: Derivation) -> dict[str, str]:
    """The example's numbers, as they stand in its table."""
    found = {row[0]: row[2] for row in derivation.tables[0].rows if row[1] == "given" and row[0] != "eta"}
    if large := [name for name, value in found.items() if value.startswith("shape")]:
        raise TheoryError("the example is too large to be written out", got=large[0], hint="give smaller numbers")
    return found


def _first_definitions(derivation: Derivation, known: set[str]) -> dict[str, str]:
    """What each name is computed from, of the lines that the given numbers suffice for."""
    lines: dict[str, str] = {}
    for step in derivation.steps:
        name, text = step.before.text, step.after.text
        if name not in known | set(lines) and _reads(text) <= known | set(lines):
            lines[name] = text
    return lines


def _body(lines: dict[str, str], names: list[str]) -> str:
    """The lines that lead to ``names``, in order."""
    needed, waiting = set(), [name for name in names if name in lines]
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting += [read for read in _reads(lines[name]) if read in lines]
    return "\n".join(f"    {name} = {text}" for name, text in lines.items() if name in needed)


def _reads(text: str) -> set[str]:
    """The variables in a formula, without the words of the notation."""
    from paribus.theory.networks.notation import WORDS

    return {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)} - set(WORDS)
