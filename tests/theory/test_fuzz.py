"""Whatever is typed is read, or refused by one clear message: never a crash, never a long wait."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest
from tests.theory.textbook import REFUSED, ROWS

from paribus.errors import TheoryError
from paribus.theory.derive import derive
from paribus.theory.expressions.reading import read

TYPED = [(spelling if isinstance(spelling, str) else spelling[0], row[1]) for row in ROWS for spelling in row[4]]
TYPED += [(typed, wrt) for typed, wrt, _ in REFUSED]
PIECES = [
    *"xyzAXWbnmk0123 ()[]{}+-*/@^.,|'=<>:_ᵀ‖²⁻₁ᵢΣλμσθ·⊙½√π∑∞−I𝟏", "**", ".T", "sum(", "log ", "det ", "tr(",
    "softmax(", "\\frac{", "\\", "norm(", ", axis=0", ", 2)", "inv(", "exp(", "np.", "einsum('ij->i', ", "[:, None]",
    ".sum()", "e^", "Σᵢ ", "x_i", "logdet(", "_{i=1}^n",
]  # fmt: skip


def mutated(chance: random.Random) -> tuple[str, str]:
    """A textbook expression after some slips of the finger, or two of them run together, or noise."""
    text, wrt = chance.choice(TYPED)
    if chance.random() < 0.1:
        return "".join(chance.choices(PIECES, k=chance.randint(1, 14))), wrt
    if chance.random() < 0.15:
        text += chance.choice([" + ", " * ", " @ ", "", "/"]) + chance.choice(TYPED)[0]
    letters = list(text)
    for _ in range(chance.randint(1, 3)):
        place = chance.randrange(len(letters) + 1)
        action = chance.randrange(4)
        if action == 0:
            letters.insert(place, chance.choice(PIECES))
        elif action == 1 and letters:
            del letters[min(place, len(letters) - 1)]
        elif action == 2 and letters:
            letters[min(place, len(letters) - 1)] = chance.choice(PIECES)
        elif len(letters) > 2:
            start = chance.randrange(len(letters) - 1)
            letters[start], letters[start + 1] = letters[start + 1], letters[start]
    return "".join(letters), wrt


@pytest.mark.parametrize("seed", range(6))
def test_nothing_that_is_typed_is_a_crash_for_the_reader(seed):
    chance = random.Random(seed)
    refused = 0
    for _ in range(400):
        text, wrt = mutated(chance)
        with suppress(TheoryError):
            read(text, wrt=[wrt])
            refused -= 1
        refused += 1
    assert 40 < refused < 400  # both happen


def test_nothing_that_is_typed_is_a_crash_for_the_derivation():
    chance = random.Random(99)
    for _ in range(60):
        text, wrt = mutated(chance)
        with suppress(TheoryError):
            assert derive(text, wrt).verified
