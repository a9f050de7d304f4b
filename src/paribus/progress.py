"""How long work announces its progress."""

from __future__ import annotations

from collections.abc import Callable

Announce = Callable[[str, int, int], None]
"""Called with what is being done, how much is done and how much there is (0 where that is not known)."""


def silent(what: str, done: int, total: int) -> None:
    """Progress that is not shown."""
