"""A generated task that needs the future: label each token with the one that stands further on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from paribus.data.metadata import Metadata, TextInfo
from paribus.data.origin import origin
from paribus.data.sources.text.markov import LETTERS
from paribus.data.write.writer import Writer


@origin("generated")
class Lookahead:
    """Sequences of letters, where the label of each is the letter that stands ``ahead`` places further on.

    Each letter repeats the one before with the chance ``stay``, and is else one of the others. At the end, where
    nothing stands further on, a letter is its own label. Who has read up to place t knows of place t + a only that
    P(same) = (1 + (S − 1)·r^a) / S and P(each other) = (1 − r^a) / S, with r = (S·stay − 1) / (S − 1): the greater of
    the two is the ceiling of a network that reads in one direction. One that reads in both can be right everywhere.

    Args:
        sequences: how many.
        length: letters of a sequence.
        letters: how many different ones.
        ahead: how far ahead the label stands.
        stay: chance that a letter repeats the one before.
        seed: of the letters.
    """

    def __init__(
        self,
        sequences: Annotated[int, Field(ge=10)] = 2000,
        length: Annotated[int, Field(ge=2)] = 20,
        letters: Annotated[int, Field(ge=2, le=26)] = 4,
        ahead: Annotated[int, Field(ge=1)] = 2,
        stay: Annotated[float, Field(ge=0, le=1)] = 0.6,
        seed: int = 0,
    ) -> None:
        self.sequences, self.length, self.letters = sequences, length, letters
        self.ahead, self.stay, self.seed = ahead, stay, seed

    def key(self) -> Mapping[str, Any]:
        """All options: all decide the content."""
        return dict(vars(self))

    def write(self, cache: Writer) -> None:
        """Generate all sequences."""
        tokens = self.tokens()
        later = np.minimum(np.arange(self.length) + self.ahead, self.length - 1)
        inside = np.arange(self.length) + self.ahead < self.length
        labels = np.where(inside, tokens[:, later], tokens)
        names = list(LETTERS[: self.letters])
        cache.start(
            classes=names,
            shape=(self.length,),
            dtype="int64",
            count=self.sequences,
            target_shape=(self.length,),
            quantities=False,
            metadata=Metadata(text=TextInfo(tuple(names), ceiling=self.ceiling())),
        )
        cache.add(tokens, labels)

    def tokens(self) -> NDArray[np.int64]:
        """(sequences, length) letters by number."""
        generator = np.random.default_rng(self.seed)
        tokens = generator.integers(self.letters, size=(self.sequences, self.length))
        steps = generator.integers(1, self.letters, size=tokens.shape)  # to one of the others
        steps[generator.random(tokens.shape) < self.stay] = 0
        steps[:, 0] = tokens[:, 0]
        walked: NDArray[np.int64] = steps.cumsum(1) % self.letters
        return walked

    def ceiling(self) -> float:
        """The highest expected accuracy of a model that reads in one direction."""
        s = self.letters
        remembered = ((s * self.stay - 1) / (s - 1)) ** self.ahead
        guess = max((1 + (s - 1) * remembered) / s, (1 - remembered) / s)
        known = min(self.ahead, self.length)
        return (known + (self.length - known) * guess) / self.length
