"""Sentences and their translations from a file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from paribus.cache import paths
from paribus.data.metadata import PairsInfo, PairUnit
from paribus.data.origin import origin
from paribus.data.originals import Originals, existing
from paribus.data.sources.pairs.subwords import learn
from paribus.data.sources.pairs.tokens import SPECIAL, Tokens, cut
from paribus.data.sources.pairs.writing import Split, write
from paribus.data.sources.text.file import read
from paribus.data.write.writer import Writer
from paribus.errors import DataError, MissingData

GERMAN = "parallel_eng_deu/eng_deu.tsv.gz"
EVERY = 20  # of so many different sentences one is for the test, and one for validation
Pairs = list[tuple[str, str]]


@origin("your own")
class SentencePairs:
    """Sentences and what is to be written from each, such as translations, from a file of your own.

    Each line holds the two with a tab between them. Of every 20 different sentences one is for validation and one for
    the test, with all that stands beside it. One vocabulary serves both sides; it is learned from the training split.

    Args:
        path: a text file in UTF-8, from the current folder or below PARIBUS_DATA; plain or with gzip.
        unit: what a token is: a character, or a piece of a word, as byte-pair encoding finds it.
        vocabulary: how many pieces there are, where tokens are those.
        longest: tokens of a sentence; longer ones are left out.
        swap: whether the second is read, and the first written.
    """

    def __init__(
        self,
        path: str,
        unit: PairUnit = "subwords",
        vocabulary: Annotated[int, Field(ge=10)] = 4000,
        longest: Annotated[int, Field(ge=2)] = 50,
        swap: bool = False,
    ) -> None:
        self.path, self.unit, self.vocabulary, self.longest, self.swap = path, unit, vocabulary, longest, swap

    names = ("source", "target")

    def key(self) -> Mapping[str, Any]:
        """All options but the path."""
        return {name: value for name, value in vars(self).items() if name != "path"}

    def file(self) -> Path:
        """Where the pairs are."""
        return paths.find_folder(self.path)

    def originals(self) -> Originals:
        """The one file."""
        path = existing(self.file())
        return Originals.of(path.parent, [path.name])

    def write(self, cache: Writer) -> None:
        """Learn the vocabulary from the training split, and number all pairs."""
        pairs = [pair[::-1] if self.swap else pair for pair in parsed(read(self.file()), self.file().name)]
        splits = divided(pairs)
        tokens = Tokens((*SPECIAL, *self._pieces(splits["train"])), self.unit)
        numbered = {name: [(tokens.encode(a), tokens.encode(b)) for a, b in some] for name, some in splits.items()}
        kept: dict[str, Split] = {}
        for name, some in numbered.items():
            short = [pair for pair in some if max(map(len, pair)) <= self.longest]
            if not short:
                hint = "set data.longest higher"
                raise DataError(f"no pair of the {name} split has at most {self.longest} tokens", got="0", hint=hint)
            kept[name] = [one for one, _ in short], [other for _, other in short]
        left_out = len(pairs) - sum(len(sources) for sources, _ in kept.values())
        first, second = self.names[::-1] if self.swap else self.names
        write(cache, kept, tokens, PairsInfo(self.unit, (first, second), left_out))

    def _pieces(self, pairs: Pairs) -> list[str]:
        words = Counter(word for pair in pairs for side in pair for word in cut(side, self.unit))
        return sorted(words) if self.unit == "characters" else learn(words, self.vocabulary - len(SPECIAL))


@origin("to be put into PARIBUS_DATA", "parallel_eng_deu")
class German(SentencePairs):
    """Short English sentences and their translations into German, from Tatoeba, in PARIBUS_DATA.

    Of every 20 different English sentences one is for validation and one for the test, with all its translations.

    Args:
        unit: what a token is: a character, or a piece of a word, as byte-pair encoding finds it.
        vocabulary: how many pieces there are, where tokens are those.
        longest: tokens of a sentence; longer ones are left out.
        swap: whether German is read, and English written.
    """

    def __init__(
        self,
        unit: PairUnit = "subwords",
        vocabulary: Annotated[int, Field(ge=10)] = 4000,
        longest: Annotated[int, Field(ge=2)] = 50,
        swap: bool = False,
    ) -> None:
        self.unit, self.vocabulary, self.longest, self.swap = unit, vocabulary, longest, swap

    names = ("English", "German")

    def file(self) -> Path:
        """Where the pairs are."""
        own = paths.own_data()
        if own is None or not (own / GERMAN).is_file():
            hint = "set PARIBUS_DATA to the folder that holds parallel_eng_deu/, or use data=dates, which is generated"
            raise MissingData(f"deu needs the file {GERMAN}", got=str(own or "no folder"), hint=hint)
        return own / GERMAN


def parsed(text: str, name: str) -> Pairs:
    """The pairs of a file, one a line; what stands behind a second tab is not read.

    Raises:
        DataError: naming the line that holds no two sentences, or an empty one.
    """
    found: Pairs = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        sides = [side.strip() for side in line.split("\t")]
        if len(sides) < 2:
            hint = "write the sentence, a tab, and what is to be written from it"
            raise DataError(f"line {number:,} of {name} holds no two sentences", got=repr(line[:60]), hint=hint)
        if not sides[0] or not sides[1]:
            hint = "write both sides of the tab, or delete the line"
            raise DataError(f"line {number:,} of {name} holds an empty sentence", got=repr(line[:60]), hint=hint)
        found.append((sides[0], sides[1]))
    return found


def divided(pairs: Sequence[tuple[str, str]]) -> dict[str, Pairs]:
    """Training, validation and test, so that no sentence that is read is in two of them.

    Raises:
        DataError: if there are too few different sentences.
    """
    different = {sentence: place for place, sentence in enumerate(dict.fromkeys(first for first, _ in pairs))}
    if len(different) < EVERY:
        hint = "add some, so that each split has its own"
        raise DataError(f"there must be at least {EVERY} different sentences", got=len(different), hint=hint)
    found: dict[str, Pairs] = {"train": [], "val": [], "test": []}
    for pair in pairs:
        place = different[pair[0]] % EVERY
        found["test" if place == EVERY - 1 else "val" if place == EVERY // 2 - 1 else "train"].append(pair)
    return found
