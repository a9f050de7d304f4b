"""The words of a text, to learn what they have to do with each other."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from paribus.cache import paths
from paribus.data.dataset import Dataset
from paribus.data.deliver.surroundings import Surroundings
from paribus.data.metadata import TextInfo
from paribus.data.origin import origin
from paribus.data.originals import Originals, existing
from paribus.data.sources.text.file import read
from paribus.data.sources.text.tokens import write
from paribus.data.write.writer import Writer
from paribus.errors import DataError

WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")


@origin("your own")
class Words:
    """The words of a text of your own, each with those around it; capitals are small, numbers and signs left out.

    Args:
        path: a text file in UTF-8, from the current folder or below PARIBUS_DATA; plain or with gzip.
        window: words on each side that stand around a word.
        least: words that occur less often are left out of the text.
    """

    def __init__(
        self,
        path: str,
        window: Annotated[int, Field(ge=1)] = 5,
        least: Annotated[int, Field(ge=1)] = 5,
    ) -> None:
        self.path, self.window, self.least = path, window, least

    def key(self) -> Mapping[str, Any]:
        """Which words are left out."""
        return {"least": self.least}

    def originals(self) -> Originals:
        """The one file."""
        path = existing(paths.find_folder(self.path))
        return Originals.of(path.parent, [path.name])

    def write(self, cache: Writer) -> None:
        """Number all words that are kept, the most frequent first.

        Raises:
            DataError: if fewer than two different ones are left.
        """
        words = WORD.findall(read(paths.find_folder(self.path)).lower())
        counts = Counter(words)
        vocabulary = [word for word, count in counts.most_common() if count >= self.least]
        if len(vocabulary) < 2:
            rule = f"a text needs at least two words that occur {self.least} times"
            raise DataError(rule, got=f"{len(counts):,} different words", hint="set data.least lower")
        numbers = {word: number for number, word in enumerate(vocabulary)}
        kept = np.array([numbers[word] for word in words if word in numbers], np.int32)
        write(cache, kept, TextInfo(tuple(vocabulary)))

    def to_examples(self, dataset: Dataset) -> Surroundings:
        """Each word with those around it."""
        return Surroundings(dataset, self.window)
