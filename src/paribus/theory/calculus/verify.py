"""The proof: every line and every answer at random sizes and values. What fails is never shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from paribus.errors import TheoryError
from paribus.theory.calculus.differential import Line
from paribus.theory.calculus.draws import SAID, Draw, draws
from paribus.theory.calculus.oracles import TINY
from paribus.theory.derivations.record import TOLERANCE
from paribus.theory.expressions.evaluate import OutOfDomain, evaluate
from paribus.theory.expressions.literal import literal
from paribus.theory.expressions.reading import Reading
from paribus.theory.expressions.text import text
from paribus.theory.expressions.tree import Expr, nodes

DRAWS, ATTEMPTS, SEED = 6, 120, 20260
FLOOR = 1e-6  # magnitude below which errors count as absolute: where all cancels, only rounding is left


@dataclass(frozen=True)
class Claim:
    """``found`` is to equal what ``oracle`` gives at a draw; both with the shapes flattened by columns."""

    what: str
    found: Expr
    oracle: Callable[[Reading, Draw], Any]


@dataclass
class Proof:
    """Largest relative error of each line, of the answers and of the normal form, and how the values were drawn."""

    lines: list[float]
    answers: float = 0.0
    normal: float = 0.0  # what was typed against its normal form
    ways: set[str] = field(default_factory=set)

    @property
    def error(self) -> float:
        """The largest of all."""
        return max([self.answers, self.normal, *self.lines])


def prove(reading: Reading, lines: list[Line], claims: list[Claim], symmetric: frozenset[str] = frozenset()) -> Proof:
    """Check all lines and claims at ``DRAWS`` random draws.

    Raises:
        TheoryError: no numbers were found where everything is defined, or something does not hold.
    """
    proof = Proof([0.0] * len(lines))
    rng = np.random.default_rng(SEED)
    for turn in range(DRAWS):
        _check(reading, lines, claims, symmetric, rng, turn, proof)
    for line, error in zip(lines, proof.lines, strict=True):
        _refuse_above(error, line.rule, " = ".join(line.texts))
    _refuse_above(proof.normal, "normal form", f"{reading.text} = {text(reading.expr)}")
    _refuse_above(proof.answers, "answer", ", ".join(f"{claim.what}: {text(claim.found)}" for claim in claims))
    return proof


def relative_error(a: Any, b: Any) -> float:
    """Largest difference over the largest magnitude."""
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.size != b.size:
        return float("inf")
    a, b = np.ravel(a, order="F"), np.ravel(b, order="F")
    return float(np.max(np.abs(a - b)) / max(np.max(np.abs(a)), np.max(np.abs(b)), FLOOR))


def value(expr: Expr, draw: Draw) -> Any:
    """Value at a draw; each d(…) in it by a complex step along all directions at once."""
    known = {node: _differential(node, draw) for node in nodes(expr) if node.op == "d"}
    return evaluate(expr, draw.env, draw.sizes, known)


def _differential(node: Expr, draw: Draw) -> Any:
    """d(u) along the one direction that it is taken in."""
    env = {key: array + 1j * TINY * draw.env[f"d{key}"] for key, array in draw.env.items() if key == node.value}
    return np.imag(evaluate(node.args[0], {**draw.env, **env}, draw.sizes)) / TINY


def _check(
    reading: Reading,
    lines: list[Line],
    claims: list[Claim],
    symmetric: frozenset[str],
    rng: np.random.Generator,
    turn: int,
    proof: Proof,
) -> None:
    """One draw at which everything is defined."""
    reasons = list[str]()
    for _, draw in zip(range(ATTEMPTS), draws(reading, symmetric, rng, turn), strict=False):
        try:
            errors = [relative_error(value(line.before, draw), value(line.after, draw)) for line in lines]
            normal = relative_error(literal(reading, draw.env, draw.sizes), value(reading.expr, draw))
            answers = [relative_error(claim.oracle(reading, draw), value(claim.found, draw)) for claim in claims]
        except (OutOfDomain, np.linalg.LinAlgError) as reason:
            reasons.append(str(reason))
            continue
        proof.lines = [max(pair) for pair in zip(proof.lines, errors, strict=True)]
        proof.answers = max([proof.answers, *answers])
        proof.normal = max(proof.normal, normal)
        proof.ways.add(SAID[draw.way])
        return
    often = max(set(reasons), key=reasons.count)
    raise TheoryError(
        f"no numbers were found at which the expression and its derivative are defined, in {ATTEMPTS} draws",
        got=f"{reading.text}, most often refused by: {often}",
        hint="is a logarithm's or root's argument negative, or a matrix singular, whatever the variables are?",
    )


def _refuse_above(error: float, rule: str, what: str) -> None:
    if not error <= TOLERANCE:  # also refuses NaN
        raise TheoryError(
            f"internal error: the check of '{rule}' failed (relative error {error:.1e}); nothing is shown",
            got=what,
            hint="please report this expression",
        )
