"""Where the data of a source come from, for people who choose among sources."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

Way = Literal["built in", "generated", "downloaded when first used", "to be put into PARIBUS_DATA", "your own"]
Made = TypeVar("Made", bound=Callable[..., Any])


@dataclass(frozen=True)
class Origin:
    """Where data come from.

    Args:
        way: in a word or two.
        folder: where below ``PARIBUS_DATA`` they are looked for; empty where they are not.
    """

    way: Way = "your own"
    folder: str = ""

    def now(self, own: Path | None) -> str:
        """Where the data would be taken from now, with ``PARIBUS_DATA`` as it is."""
        return "in PARIBUS_DATA" if own and self.folder and (own / self.folder).is_dir() else self.way


def origin(way: Way, folder: str = "") -> Callable[[Made], Made]:
    """Mark a source, or a function that makes one, with where its data come from."""

    def mark(source: Made) -> Made:
        setattr(source, "origin", Origin(way, folder))  # noqa: B010 (a function has no such attribute in types)
        return source

    return mark


def origin_of(source: Any) -> Origin:
    """Where the data of a source come from; one's own where it does not say."""
    found = getattr(source, "origin", None)
    return found if isinstance(found, Origin) else Origin()
