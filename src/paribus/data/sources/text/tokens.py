"""Text as numbers: what a token is, and which number it has."""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from paribus.data.metadata import Metadata, TextInfo, Unit
from paribus.data.write.writer import Writer
from paribus.files import CHUNK_BYTES

UNKNOWN = "�"  # stands for whatever training did not hold
WORD = re.compile(r"\w+|[^\w\s]|\n")  # words, single signs, and the ends of lines


def split(text: str, unit: Unit) -> list[str]:
    """The tokens of a text."""
    return list(text) if unit == "characters" else WORD.findall(text)


def join(tokens: Sequence[str], unit: Unit) -> str:
    """Tokens as text; the spaces between words are made up."""
    if unit == "characters":
        return "".join(tokens)
    return re.sub(r" ([.,;:!?)])", r"\1", re.sub(r" ?\n ?", "\n", " ".join(tokens)))


def number(tokens: Sequence[str]) -> tuple[NDArray[np.int32], list[str]]:
    """Numbers of tokens in the order in which they first occur, and the tokens by number.

    So the vocabulary of any beginning of the text is a beginning of the vocabulary.
    """
    vocabulary: dict[str, int] = {}
    numbers = np.fromiter((vocabulary.setdefault(token, len(vocabulary)) for token in tokens), np.int32, len(tokens))
    return numbers, list(vocabulary)


def write(cache: Writer, numbers: NDArray[np.int32], text: TextInfo) -> None:
    """Write a text as one row per token."""
    known, count = Metadata(text=text), len(numbers)
    cache.start(classes=(), dtype="int32", count=count, target_dtype="uint8", quantities=False, metadata=known)
    step = CHUNK_BYTES // 4
    for start in range(0, len(numbers), step):
        piece = numbers[start : start + step]
        cache.add(piece, np.zeros(len(piece)))
