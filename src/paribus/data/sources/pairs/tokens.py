"""Sentences as numbers: four tokens that are no text, then characters, words, or pieces of words."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from paribus.data.metadata import PairUnit
from paribus.data.sources.pairs.subwords import merged
from paribus.errors import DataError

PAD, BEGIN, END, UNKNOWN = range(4)
SPECIAL = ("<pad>", "<begin>", "<end>", "�")  # by number
SPACE = "▁"  # stands before a piece that begins behind a space
PIECES = re.compile(r" ?\w+| ?[^\w\s]")


class Tokens:
    """Makes tokens of sentences and sentences of tokens.

    Args:
        vocabulary: the tokens by number, the special ones first.
        unit: what a token is.
    """

    def __init__(self, vocabulary: Sequence[str], unit: PairUnit) -> None:
        self.vocabulary, self.unit = vocabulary, unit
        self.numbers = {token: number for number, token in enumerate(vocabulary)}
        self._known: dict[str, list[int]] = {}  # words that were cut before

    def encode(self, sentence: str) -> list[int]:
        """The numbers of a sentence's tokens and of its end; what is not in the vocabulary is :data:`UNKNOWN`."""
        return [number for piece in cut(sentence, self.unit) for number in self._piece(piece)] + [END]

    def decode(self, numbers: Iterable[int]) -> str:
        """The sentence up to its end."""
        found: list[str] = []
        for number in numbers:
            if number == END:
                break
            found += [] if number in (PAD, BEGIN) else [self.vocabulary[number]]
        return "".join(found).replace(SPACE, " ").strip() if self.unit == "subwords" else "".join(found)

    def require(self, sentence: str) -> list[int]:
        """The same as :meth:`encode`, for a sentence of which all must be known.

        Raises:
            DataError: if it is empty, or names the first character that training never saw.
        """
        if not sentence.strip():
            raise DataError("a sentence must not be empty", got=repr(sentence))
        found = self.encode(sentence)
        if UNKNOWN in found:
            strange = next((sign for sign in sentence if UNKNOWN in self.encode(sign)[:-1]), sentence)
            raise DataError("a character never occurred in training", got=repr(strange), hint=f"in {sentence!r}")
        return found

    def _piece(self, piece: str) -> list[int]:
        if piece not in self._known:
            pieces = merged(piece, self.numbers) if self.unit == "subwords" else [piece]
            self._known[piece] = [self.numbers.get(one, UNKNOWN) for one in pieces]
        return self._known[piece]


def cut(sentence: str, unit: PairUnit) -> list[str]:
    """A sentence in pieces that no token crosses: characters, or words with the space before them, and single signs."""
    if unit == "characters":
        return list(sentence)
    return [piece.replace(" ", SPACE) for piece in PIECES.findall(f" {sentence.strip()}")]
