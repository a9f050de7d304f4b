"""Shakespeare's plays."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from paribus.cache import paths
from paribus.data.dataset import Dataset
from paribus.data.deliver.passages import Length, Passages, Strange
from paribus.data.metadata import Unit
from paribus.data.origin import origin
from paribus.data.originals import Originals
from paribus.data.sources.text.file import read, write_text
from paribus.data.write.writer import Writer
from paribus.errors import MissingData

SHAKESPEARE = "text/tinyshakespeare.txt.gz"


@origin("to be put into PARIBUS_DATA", "text")
class Shakespeare:
    """Forty thousand lines of Shakespeare's plays, about a million characters, from PARIBUS_DATA.

    Args:
        unit: what a token is.
        length: tokens through which the gradient flows back.
        unknown: whether a token that the training split does not hold stops the training or counts as unknown.
    """

    def __init__(self, unit: Unit = "characters", length: Length = 64, unknown: Strange = "refuse") -> None:
        self.unit, self.length, self.unknown = unit, length, unknown

    @property
    def decoding(self) -> Mapping[str, Any]:
        """How other texts are read."""
        return {"unit": self.unit}

    def key(self) -> Mapping[str, Any]:
        """The unit."""
        return {"unit": self.unit}

    def originals(self) -> Originals:
        """The one file."""
        return Originals.of(_shakespeare().parent, [_shakespeare().name])

    def write(self, cache: Writer) -> None:
        """Number all tokens."""
        write_text(cache, read(_shakespeare()), self.unit)

    def to_examples(self, dataset: Dataset) -> Passages:
        """The tokens as passages."""
        return Passages(dataset, self.length, self.unknown)


def _shakespeare() -> Path:
    own = paths.own_data()
    if own is None or not (own / SHAKESPEARE).is_file():
        hint = "set PARIBUS_DATA to the folder that holds text/, or use data=markov, which is generated"
        raise MissingData(f"shakespeare needs the file {SHAKESPEARE}", got=str(own or "no folder"), hint=hint)
    return own / SHAKESPEARE
