"""The proof of a program: every line tried on random draws, and the finished record of what stood up to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from paribus.theory.derivations.derivation import Derivation
from paribus.theory.derivations.proof import Claim, Proof
from paribus.theory.derivations.record import Formula, Step, Table
from paribus.theory.networks.example import worked
from paribus.theory.networks.program import Line, Program, Trial, Values, evaluate
from paribus.theory.networks.writing import Writer, inlined

ZERO = 1e-8  # where both sides are smaller than this, the error is taken relative to it: rounding of an exact 0
DRAWS = 5
GIVEN = 120  # characters up to which the loss is written as one formula
ORACLE = "the derivative of the forward pass by complex steps"


@dataclass(frozen=True)
class Proved:
    """What came of trying a program: the steps with their errors, the first trial, and the printer of its formulas."""

    steps: tuple[Step, ...]
    trial: Trial
    writer: Writer
    errors: Mapping[str, float]

    @property
    def error(self) -> float:
        """The largest of all errors, of the lines that are not shown too."""
        return max(self.errors.values(), default=0.0)

    def formula(self, name: str) -> Formula:
        """The right-hand side of a line."""
        lines = {line.name: line for line in (*self.trial.program.forward, *self.trial.program.backward)}
        return self.writer.formula(lines[name].text, lines[name].latex)


def prove(program: Program, draws: int = DRAWS, seed: int = 0) -> Proved:
    """Try every line on random draws.

    Raises:
        TheoryError: a line does not hold; then nothing is shown.
    """
    rng = np.random.default_rng(seed)
    lines = (*program.forward, *program.backward)
    trials = [Trial(program, program.draw(rng)) for _ in range(draws)]
    references = [program.reference(trial.inputs) for trial in trials]
    checked = [line for line in lines if line.check is not None or line.name in references[0]]
    proof = Proof([Claim(line.rule, f"{line.name} = {line.text}", partial(_sides, line)) for line in checked], ZERO)
    for draw in zip(trials, references, strict=True):
        proof.at(draw)
    proof.require("values so large that they overflow can cause this; otherwise please report it")
    errors = {line.name: 0.0 for line in lines}
    errors |= {line.name: error for line, error in zip(checked, proof.errors, strict=True)}
    writer = Writer(program.symbols, lambda text: evaluate(text, trials[0].values))
    steps = tuple(_step(line, writer, errors[line.name]) for line in lines if line.shown)
    return Proved(steps, trials[0], writer, errors)


def _sides(line: Line, draw: tuple[Trial, Mapping[str, Any]]) -> tuple[Any, Any]:
    trial, reference = draw
    return trial.values[line.name], reference[line.name] if line.check is None else line.check(trial)


def _step(line: Line, writer: Writer, error: float) -> Step:
    name, _, new = line.name.partition("'")
    left = writer.name(name)
    before = Formula(name, line.left or (f"{{{left}}}^{{\\text{{new}}}}" if new == "new" else left))
    return Step(line.rule, before, writer.formula(line.text, line.latex), error, line.note)


def derivation(
    title: str,
    programs: tuple[Program, ...],
    answers: Mapping[str, str],
    *,
    example: Values | None = None,
    substitute: bool = False,
    given_as: Formula | None = None,
    gradients: bool = True,
    oracle: str = ORACLE,
    layout: str = "each gradient has the shape of its variable",
    shapes: Mapping[str, tuple[int | str, ...]] | None = None,
    assumptions: tuple[str, ...] = (),
    tables: tuple[Table, ...] = (),
    draws: int = DRAWS,
) -> Derivation:
    """The finished record: every program is proved first.

    Args:
        title: what is derived.
        programs: one or several.
        answers: for each variable the line that answers it, looked up in the first program that has it.
        example: numbers with which the first program is worked through in a table.
        substitute: whether that table shows the formulas with the numbers put in.
        given_as: what is given; the forward pass by default.
        gradients: whether the answers are gradients by the variables that they are filed under.
        oracle: against what the lines were checked.
        layout: how the answers are laid out.
        shapes: shape of every name.
        assumptions: what was assumed.
        tables: more tables.
        draws: how many draws stand behind the proofs.
    """
    proofs = tuple(map(prove, programs))
    if example is not None:
        tables = (worked("The example with numbers", programs[0], example, substitute), *tables)
    found = {key: _first(proofs, name).formula(name) for key, name in answers.items()}
    return Derivation(
        title=title,
        given=given_as or given(proofs[0]),
        wrt=tuple(answers) if gradients else (),
        answers=found,
        steps=tuple(step for proof in proofs for step in proof.steps),
        layout=layout,
        shapes=dict(shapes or {}),
        max_relative_error=max(proof.error for proof in proofs),
        draws=draws,
        oracle=oracle,
        assumptions=(*assumptions, "formulas run after: from paribus.theory.networks.notation import *"),
        tables=tables,
    )


def _first(proofs: tuple[Proved, ...], name: str) -> Proved:
    return next(proof for proof in proofs if name in proof.errors)


def given(proof: Proved) -> Formula:
    """The forward pass: as one formula where it is short, else line by line."""
    program = proof.trial.program
    whole = inlined({line.name: line.text for line in program.forward}, program.forward[-1].name)
    if len(whole) <= GIVEN:
        latex = f"{proof.writer.name(program.forward[-1].name)} = {proof.writer.latex(whole)}"
        return Formula(f"{program.forward[-1].name} = {whole}", latex)
    shown = [line for line in program.forward if line.shown]
    text = "; ".join(f"{line.name} = {line.text}" for line in shown)
    rows = r" \\ ".join(
        f"{line.left or proof.writer.name(line.name)} &= {proof.writer.formula(line.text, line.latex).latex}"
        for line in shown
    )
    return Formula(text, rf"\begin{{align*}} {rows} \end{{align*}}")
