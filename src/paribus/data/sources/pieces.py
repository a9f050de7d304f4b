"""Files of pictures that belong together: by their names, by their split, and as many as fit into memory."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Protocol, TypeVar

from paribus.errors import DataError
from paribus.files import CHUNK_BYTES

FEWEST = 16  # pictures at a time, however large they are


class Entry(Protocol):
    """A picture of a split."""

    @property
    def split(self) -> str:
        """Which."""
        ...


Some = TypeVar("Some", bound=Entry)


def pieces(found: Sequence[Some], nbytes: int) -> Iterator[tuple[str, list[Some]]]:
    """Pictures of one split at a time, so many that their pixels fit into memory.

    Args:
        found: all of them, those of a split one after the other.
        nbytes: of one.
    """
    step = max(FEWEST, CHUNK_BYTES // nbytes)
    for split, entries in groupby(found, key=lambda one: one.split):
        some = list(entries)
        for start in range(0, len(some), step):
            yield split, some[start : start + step]


def grouped(name: str, pattern: str, example: str) -> str:
    r"""The group in a picture's name.

    Args:
        name: of the picture.
        pattern: a regular expression with one group in parentheses.
        example: of such a one, ``patient(\d+)``, for the message.

    Raises:
        DataError: if it is none, or does not match.
    """
    try:
        match = re.search(pattern, name)
    except re.error as error:
        raise DataError(f"data.group is no regular expression: {error}", got=pattern) from None
    if not match or not match.groups() or not match[1]:
        hint = f"it has one group in parentheses, for instance {example}"
        raise DataError("data.group must match every picture's name", got=f"{pattern} in {name}", hint=hint)
    return match[1]
