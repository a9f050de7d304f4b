"""Random sizes and values at which a derivation is checked."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from paribus.theory.calculus.structures import STRUCTURES, positive_definite
from paribus.theory.expressions.evaluate import shape_of
from paribus.theory.expressions.powers import exponents
from paribus.theory.expressions.reading import Reading, size_letters
from paribus.theory.expressions.tree import Expr, Size

LARGEST = 6
WAYS = ("normal", "positive", "definite", "small")  # how values are drawn, in the order in which it is tried
SAID = {
    "normal": "",
    "positive": "checked where all variables are positive",
    "definite": "checked where square matrices are positive definite and vectors positive",
    "small": "checked at small values",
}


@dataclass(frozen=True)
class Draw:
    """One draw.

    Args:
        sizes: number for each size letter.
        env: values of the variables, and of the directions dX.
        way: how the values were drawn.
        values: what expressions come to at this draw, as far as they were asked for.
    """

    sizes: dict[str, int]
    env: dict[str, Any]
    way: str
    values: dict[Expr, Any] = field(init=False, default_factory=dict, compare=False, repr=False)


def draws(reading: Reading, structures: Mapping[str, str], rng: np.random.Generator, turn: int) -> Iterator[Draw]:
    """Draws without end, the plainest first; even turns have sizes that differ from each other."""
    letters, whole = size_letters(reading), exponents(reading.expr)
    raised = reading.board and "^" in reading.text  # X^2 of a matrix that is not square is one of its entries
    while True:
        for way in WAYS:
            sizes = _sizes(letters, rng, differ=turn % 2 == 0 or raised)
            env = {
                key: _value(shape_of(shape, sizes), len(set(shape)) < len(shape), way, structures.get(key, ""), rng)
                for key, shape in reading.shapes.items()
            }
            env |= {key: float(rng.integers(2, 6)) for key in sorted(whole)}
            env |= {f"d{key}": rng.normal(size=np.shape(value)) for key, value in env.items()}
            yield Draw(sizes, env, way)


def _sizes(letters: list[Size], rng: np.random.Generator, differ: bool) -> dict[str, int]:
    if differ:
        pool = rng.permutation(np.arange(2, max(LARGEST, len(letters) + 1) + 1))
    else:
        pool = rng.integers(1, LARGEST + 1, size=len(letters))
    return {str(letter): int(size) for letter, size in zip(letters, pool, strict=False)}


def _value(numbers: tuple[int, ...], square: bool, way: str, structure: str, rng: Any) -> Any:
    if structure:
        return STRUCTURES[structure].drawn(rng.normal(size=numbers))
    if way == "definite" and square and len(numbers) == 2:
        return positive_definite(rng.normal(size=numbers)) + 0.1 * rng.normal(size=numbers)
    if way in ("positive", "definite"):
        return rng.uniform(0.4, 1.6, size=numbers)
    return rng.normal(size=numbers) * (0.2 if way == "small" else 1.0)
