"""A generated text of which the entropy is known."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from paribus.data.dataset import Dataset
from paribus.data.deliver.passages import Length, Passages
from paribus.data.metadata import TextInfo
from paribus.data.origin import origin
from paribus.data.sources.text.tokens import number, write
from paribus.data.write.writer import Writer

LETTERS = "abcdefghijklmnopqrstuvwxyz"


@origin("generated")
class Markov:
    """Letters of which each depends on the one before: no model's expected perplexity is below exp(entropy).

    The chance P(j | i) that letter j follows letter i is drawn once: each row is a Dirichlet variable. The entropy of
    a letter that follows is H = −Σᵢ πᵢ Σⱼ P(j | i)·log P(j | i) nats, with πP = π (Shannon, 1948, section 7).

    Args:
        tokens: how many letters.
        letters: how many different ones.
        spread: of the chances; the smaller, the more predictable is the text.
        seed: of the chances and of the text.
        length: letters through which the gradient flows back.
    """

    def __init__(
        self,
        tokens: Annotated[int, Field(ge=100)] = 50_000,
        letters: Annotated[int, Field(ge=2, le=26)] = 8,
        spread: Annotated[float, Field(gt=0)] = 0.3,
        seed: int = 0,
        length: Length = 32,
    ) -> None:
        self.tokens, self.letters, self.spread, self.seed, self.length = tokens, letters, spread, seed, length

    @property
    def decoding(self) -> Mapping[str, Any]:
        """How other texts are read."""
        return {"unit": "characters"}

    def key(self) -> Mapping[str, Any]:
        """All that the text depends on."""
        names = ("tokens", "letters", "spread", "seed")
        return {name: getattr(self, name) for name in names}

    def write(self, cache: Writer) -> None:
        """Generate the text."""
        generator = np.random.default_rng(self.seed)
        chances = generator.dirichlet(np.full(self.letters, self.spread), self.letters)  # (i, j)
        text = walk(chances, generator.random(self.tokens))
        numbers, vocabulary = number([LETTERS[letter] for letter in text])
        write(cache, numbers, TextInfo(tuple(vocabulary), "characters", entropy=entropy(chances)))

    def to_examples(self, dataset: Dataset) -> Passages:
        """The letters as passages; one that is first seen late counts as unknown."""
        return Passages(dataset, self.length, "token")


def walk(chances: NDArray[np.float64], draws: NDArray[np.float64]) -> list[int]:
    """States of a Markov chain, one for each draw from [0, 1), beginning in state 0."""
    bounds = chances.cumsum(1)
    state, states = 0, []
    for draw in draws:
        state = min(int(np.searchsorted(bounds[state], draw, side="right")), len(chances) - 1)
        states.append(state)
    return states


def stationary(chances: NDArray[np.float64]) -> NDArray[np.float64]:
    """π with πP = π and Σπ = 1."""
    n = len(chances)
    system = np.vstack([chances.T - np.eye(n), np.ones(n)])
    solution: NDArray[np.float64] = np.linalg.lstsq(system, np.append(np.zeros(n), 1.0), rcond=None)[0]
    return solution


def entropy(chances: NDArray[np.float64]) -> float:
    """H = −Σᵢ πᵢ Σⱼ P(j | i)·log P(j | i), in nats per letter."""
    terms = chances * np.log(np.where(chances > 0, chances, 1.0))
    return float(-(stationary(chances) @ terms).sum())
