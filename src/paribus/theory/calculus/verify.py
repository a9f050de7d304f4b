"""Every line and every answer at random sizes and values, as both sides of claims."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from paribus.errors import TheoryError
from paribus.theory.calculus.differential import Line
from paribus.theory.calculus.draws import SAID, Draw, draws
from paribus.theory.calculus.oracles import Typed
from paribus.theory.derivations.differences import TINY
from paribus.theory.derivations.proof import Claim, Proof
from paribus.theory.derivations.record import TOLERANCE
from paribus.theory.expressions.evaluate import OutOfDomain, evaluate
from paribus.theory.expressions.reading import Reading
from paribus.theory.expressions.text import text
from paribus.theory.expressions.tree import Expr, nodes

DRAWS, ATTEMPTS, SEED = 6, 120, 20260


@dataclass(frozen=True)
class Verified:
    """Largest relative error of each line, of the reading and of all, and how the values were drawn."""

    lines: list[float]
    reading: float  # what was read against the second reading of the same text
    error: float
    ways: frozenset[str]


Claims = list[Claim[Draw]]


def verify(typed: Typed, lines: list[Line], answers: Claims, structures: Mapping[str, str]) -> Verified:
    """Check the reading first, then all lines and answers, at ``DRAWS`` random draws.

    Raises:
        TheoryError: the text may be read in two ways, no numbers were found where everything is defined, or something
            does not hold.
    """
    proof = Proof([*map(_line, lines), _reading(typed), *answers])
    rng = np.random.default_rng(SEED)
    ways = []
    for turn in range(DRAWS):
        ways.append(_tried(proof, typed.reading, draws(typed.reading, structures, rng, turn)))
        if proof.errors[len(lines)] > TOLERANCE:
            raise two_readings(typed.reading)
    proof.require()
    return Verified(proof.errors[: len(lines)], proof.errors[len(lines)], proof.error, frozenset(ways))


def two_readings(reading: Reading) -> TheoryError:
    """The text means one thing to the reader and another to Python."""
    rule = "the expression may be read in two ways that give different numbers"
    return TheoryError(
        rule, got=f"{reading.text}, read as {text(reading.expr)}", hint="write it with brackets and @ or *"
    )


def answer(key: str, found: Expr, oracle: Callable[[Draw], Any]) -> Claim[Draw]:
    """An oracle's Jacobian has a row for each number of f; a gradient has the shape of its variable."""
    return Claim("answer", f"{key}: {text(found)}", lambda draw: (_flat(value(found, draw)), _flat(oracle(draw))))


def named(key: str, short: Expr, answer: Expr, parts: Mapping[str, Expr]) -> Claim[Draw]:
    """An answer in names for its parts is the answer."""

    def sides(draw: Draw) -> tuple[Any, Any]:
        env = dict(draw.env)
        for letter, part in parts.items():
            env[letter] = evaluate(part, env, draw.sizes)
        return value(short, replace(draw, env=env)), value(answer, draw)

    return Claim("names for its parts", f"{key}: {text(short)}", sides)


def value(expr: Expr, draw: Draw) -> Any:
    """Value at a draw; each d(…) in it by a complex step along all directions at once."""
    draw.values.update({node: _differential(node, draw) for node in _differentials(expr) if node not in draw.values})
    return evaluate(expr, draw.env, draw.sizes, draw.values)


@lru_cache(maxsize=1000)  # the same at every draw
def _differentials(expr: Expr) -> tuple[Expr, ...]:
    return tuple(node for node in nodes(expr) if node.op == "d")


def _differential(node: Expr, draw: Draw) -> Any:
    """d(u) along the one direction that it is taken in."""
    env = {key: array + 1j * TINY * draw.env[f"d{key}"] for key, array in draw.env.items() if key == node.value}
    return np.imag(evaluate(node.args[0], {**draw.env, **env}, draw.sizes)) / TINY


def _line(line: Line) -> Claim[Draw]:
    return Claim(line.rule, " = ".join(line.texts), lambda draw: (value(line.before, draw), value(line.after, draw)))


def _reading(typed: Typed) -> Claim[Draw]:
    reading = typed.reading
    said = f"{reading.text} = {text(reading.expr)}"

    def sides(draw: Draw) -> tuple[Any, Any]:
        return typed.value(draw.env, draw.sizes), value(reading.expr, draw)

    return Claim("reading", said, sides)


def _flat(array: Any) -> Any:
    return np.ravel(array, order="F")


def _tried(proof: Proof[Draw], reading: Reading, drawn: Iterator[Draw]) -> str:
    """One draw at which everything is defined; returns how it was drawn."""
    reasons = list[str]()
    for _, draw in zip(range(ATTEMPTS), drawn, strict=False):
        try:
            proof.at(draw)
        except (OutOfDomain, np.linalg.LinAlgError) as reason:
            reasons.append(str(reason))
        else:
            return SAID[draw.way]
    often = max(set(reasons), key=reasons.count)
    raise TheoryError(
        f"no numbers were found at which the expression and its derivative are defined, in {ATTEMPTS} draws",
        got=f"{reading.text}, most often refused by: {often}",
        hint="is a logarithm's or root's argument negative, or a matrix singular, whatever the variables are?",
    )
