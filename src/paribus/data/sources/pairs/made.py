"""Generated pairs of which the right answer is known: copy, reverse, sort."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from paribus.data.metadata import PairsInfo
from paribus.data.origin import origin
from paribus.data.sources.pairs.tokens import SPECIAL, Tokens
from paribus.data.sources.pairs.writing import Split, write
from paribus.data.sources.text.markov import LETTERS
from paribus.data.write.writer import Writer
from paribus.errors import RecipeError

Rule = Literal["copy", "reverse", "sort"]
RULES: Mapping[Rule, Callable[[str], str]] = {
    "copy": lambda letters: letters,
    "reverse": lambda letters: letters[::-1],
    "sort": lambda letters: "".join(sorted(letters)),
}
SHARES = {"train": 0.8, "val": 0.1, "test": 0.1}


@origin("generated")
class Rewriting:
    """Sequences of letters, and the same copied, reversed or sorted.

    Their lengths are even between ``shortest`` and ``longest``. What is longer than anything in training is asked by
    ``asked``: then all examples of validation and test have that length. The shortest ones occur in several splits.

    Args:
        rule: what is to be written.
        pairs: how many in all, of which 80 % train.
        letters: how many different ones.
        shortest: letters of the shortest sequence.
        longest: letters of the longest one.
        asked: letters of those in validation and test; by default as in training.
        seed: of the letters.
    """

    def __init__(
        self,
        rule: Rule = "copy",
        pairs: Annotated[int, Field(ge=100)] = 10_000,
        letters: Annotated[int, Field(ge=2, le=26)] = 10,
        shortest: Annotated[int, Field(ge=1)] = 1,
        longest: Annotated[int, Field(ge=1)] = 12,
        asked: Annotated[int, Field(ge=1)] | None = None,
        seed: int = 0,
    ) -> None:
        self.rule, self.pairs, self.letters, self.seed = rule, pairs, letters, seed
        self.shortest, self.longest, self.asked = shortest, longest, asked

    def key(self) -> Mapping[str, Any]:
        """All options: all decide the content."""
        return dict(vars(self))

    def write(self, cache: Writer) -> None:
        """Generate all pairs.

        Raises:
            RecipeError: if the shortest sequence is longer than the longest.
        """
        if self.shortest > self.longest:
            rule = "data.shortest must not exceed data.longest"
            raise RecipeError(rule, got=f"{self.shortest} > {self.longest}", hint="swap them")
        generator = np.random.default_rng(self.seed)
        tokens = Tokens((*SPECIAL, *LETTERS[: self.letters]), "characters")
        splits: dict[str, Split] = {}
        for name, share in SHARES.items():
            count = round(share * self.pairs)
            lengths = generator.integers(self.shortest, self.longest + 1, count)
            if self.asked and name != "train":
                lengths[:] = self.asked
            drawn = generator.integers(self.letters, size=(count, lengths.max()))
            sentences = [
                "".join(LETTERS[letter] for letter in row[:length]) for row, length in zip(drawn, lengths, strict=True)
            ]
            answers = map(RULES[self.rule], sentences)
            splits[name] = [*map(tokens.encode, sentences)], [*map(tokens.encode, answers)]
        write(cache, splits, tokens, PairsInfo("characters", ("letters", self.rule)))
