"""A text file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from paribus.cache import paths
from paribus.cache.archive import unpacked
from paribus.data.dataset import Dataset
from paribus.data.deliver.passages import Length, Passages, Strange
from paribus.data.metadata import TextInfo, Unit
from paribus.data.origin import origin
from paribus.data.originals import Originals, existing
from paribus.data.sources.text.tokens import number, split, write
from paribus.data.write.writer import Writer
from paribus.errors import DataError

MAX_BYTES = 256 << 20  # of a text, which is held in memory


@origin("your own")
class Text:
    """A text of your own, to be continued character by character or word by word.

    Args:
        path: a text file in UTF-8, from the current folder or below PARIBUS_DATA; plain or with gzip.
        unit: what a token is.
        length: tokens through which the gradient flows back.
        unknown: whether a token that the training split does not hold stops the training or counts as unknown.
    """

    def __init__(self, path: str, unit: Unit = "characters", length: Length = 64, unknown: Strange = "refuse") -> None:
        self.path, self.unit, self.length, self.unknown = path, unit, length, unknown

    @property
    def decoding(self) -> Mapping[str, Any]:
        """How other texts are read."""
        return {"unit": self.unit}

    def key(self) -> Mapping[str, Any]:
        """The unit."""
        return {"unit": self.unit}

    def originals(self) -> Originals:
        """The one file."""
        path = existing(paths.find_folder(self.path))
        return Originals.of(path.parent, [path.name])

    def write(self, cache: Writer) -> None:
        """Number all tokens."""
        write_text(cache, read(paths.find_folder(self.path)), self.unit)

    def to_examples(self, dataset: Dataset) -> Passages:
        """The tokens as passages."""
        return Passages(dataset, self.length, self.unknown)


def read(path: Path) -> str:
    """The text of a file.

    Raises:
        DataError: if there is none, or it is not UTF-8.
    """
    try:
        with unpacked(existing(path), MAX_BYTES) as file:
            return file.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        rule = f"byte {error.start + 1:,} of {path.name} is not UTF-8"
        raise DataError(rule, got=repr(error.object[error.start : error.end]), hint="save the text as UTF-8") from None
    except OSError as error:
        raise DataError(f"cannot read {path.name}: {error}", got=str(path)) from error


def write_text(cache: Writer, text: str, unit: Unit) -> None:
    """Write a text's tokens.

    Raises:
        DataError: if it has fewer than two different tokens.
    """
    numbers, vocabulary = number(split(text, unit))
    if len(vocabulary) < 2:
        raise DataError(f"a text needs at least two different {unit}", got=repr(text[:20]))
    write(cache, numbers, TextInfo(tuple(vocabulary), unit))
