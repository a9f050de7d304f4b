"""What a derivation is: formulas, the steps between them, and the error of each. Data only; others write it out."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Self

from paribus.errors import TheoryError

DETAILS = ("brief", "full")
FOLDED = {  # steps of one rule each, which a brief sheet leaves to the reader
    "sum rule", "product rule", "power rule", "constant factors stay", "chain rule, elementwise", "the trace is linear",
    "the sum is linear", "diag is linear", "vec is linear", "differential of a transpose", "a sum over indices",
    "a scalar is its own transpose", "a scalar factor moves out", "a factor changes sides", "transpose", "cyclic trace",
    "transpose in a trace", "a scalar is its own trace", "trace of a Hadamard product", "constant between its jumps",
}  # fmt: skip
FORWARD = {"forward pass"}  # of a network, whose lines name what later ones use, only what stands under "given" goes
TOLERANCE = 1e-6  # largest relative error against the oracle that still counts as verified, in float64


@dataclass(frozen=True)
class Formula:
    """A piece of mathematics, twice: as people type it and as they write it.

    Args:
        text: NumPy notation with ``@ .T * / ** + -``; can be pasted and run.
        latex: the same for print.
    """

    text: str
    latex: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True)
class Step:
    """One line: ``before`` becomes ``after`` by a named rule.

    Args:
        rule: name of the rule as a lecturer says it: "product rule", "cyclic trace".
        before: what stood there, or the name of what is computed, such as dL/dz.
        after: what it becomes.
        max_relative_error: largest relative difference between both sides, or to the oracle, over all draws.
        note: one more sentence for the reader, where one helps.
    """

    rule: str
    before: Formula
    after: Formula
    max_relative_error: float
    note: str = ""


@dataclass(frozen=True)
class Table:
    """Numbers worked through: a title, column heads, and rows of ready text or numbers."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]

    def __str__(self) -> str:
        cells = [list(map(cell_text, row)) for row in self.rows]
        widths = [max(map(len, column)) for column in zip(self.heads, *cells, strict=True)]
        words = [bool(self.rows) and isinstance(cell, str) for cell in (self.rows or [()])[0]]  # to the left
        lines = [
            "  ".join(
                f"{cell:{'<' if left else '>'}{width}}" for cell, width, left in zip(row, widths, words, strict=True)
            )
            for row in (self.heads, *cells)
        ]
        return "\n".join(line.rstrip() for line in (self.title, *lines))


def cell_text(value: Any) -> str:
    """A number with six digits, anything else as it is."""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class Record:
    """A derivation with its proof. Nothing in it was left unverified.

    Args:
        title: what is derived, in a few words.
        given: the function that is differentiated, or the network's definition.
        wrt: the variables, in the order of the answers.
        answers: for each variable (or pair, for a Hessian) what was asked for.
        steps: the lines between ``given`` and ``answers``.
        layout: how the answer is laid out: "gradient has the shape of W (3, 2)", "J[i, j] = dy_i/dx_j".
        shapes: shape of every name, with letters where a size was left open: ``{"A": ("n", "n")}``.
        assumptions: what the derivation uses, one sentence each ("det(A) > 0").
        tables: numeric examples.
        max_relative_error: largest relative error of any step and of the answers, over all draws.
        draws: how many random draws (of sizes and values) stand behind that.
        oracle: against what the answers were checked: "torch autograd", "central differences".
        read: what each name was read as: "x vector n", "A matrix m × n".
        doubts: what might have been meant otherwise, one sentence each with the switch that changes it.
        value: the function in NumPy notation, whatever notation it was typed in.
        second: how the reading was checked by another one.
        lets: names for what the answers hold again and again, with what they stand for.
        short: the answers in these names, where they have any.
        known: of those names that have one, what people call them: the responsibilities of a mixture.
        structures: names of matrices that are symmetric, definite, diagonal, lower or orthogonal.
    """

    title: str
    given: Formula
    wrt: tuple[str, ...]
    answers: dict[str, Formula]
    steps: tuple[Step, ...]
    layout: str
    shapes: dict[str, tuple[int | str, ...]]
    max_relative_error: float
    draws: int
    oracle: str
    assumptions: tuple[str, ...] = ()
    tables: tuple[Table, ...] = field(default=())
    read: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    value: str = ""
    second: str = ""
    lets: dict[str, Formula] = field(default_factory=dict)
    short: dict[str, Formula] = field(default_factory=dict)
    known: dict[str, str] = field(default_factory=dict)
    structures: dict[str, str] = field(default_factory=dict)

    @property
    def verified(self) -> bool:
        """Whether every step and every answer passed its check."""
        return self.max_relative_error <= TOLERANCE

    def folded(self, detail: str) -> Self:
        """The same with all steps (full) or the turning points only (brief); brief also leaves out numeric examples.

        Raises:
            TheoryError: there is no such detail.
        """
        if detail not in DETAILS:
            raise TheoryError("a sheet is brief or full", got=detail)
        if detail == "full":
            return self
        network = any(step.rule in FORWARD for step in self.steps)
        kept = (step for step in self.steps if not (self._stands_above(step) if network else step.rule in FOLDED))
        return replace(self, steps=tuple(kept), tables=())

    def _stands_above(self, step: Step) -> bool:
        """Whether a line of a forward pass is one of those that are given."""
        return step.rule in FORWARD and f"{step.before.text} = {step.after.text}" in self.given.text.split("; ")

    @property
    def called(self) -> str:
        """The letter of what is differentiated: L where a loss is given, else f."""
        return "L" if any(part.startswith("L = ") for part in self.given.text.split("; ")) else "f"

    @property
    def gradient(self) -> str | dict[str, str]:
        """The answer in NumPy notation; where there are several, all of them by variable."""
        answers = {key: formula.text for key, formula in self.answers.items()}
        return next(iter(answers.values())) if len(answers) == 1 else answers
