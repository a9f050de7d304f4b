"""A picture file and what is known of it before it is opened."""

from __future__ import annotations

from dataclasses import dataclass

Skipped = tuple[tuple[str, str], ...]  # names of what is left out, each with its reason


@dataclass(frozen=True)
class Entry:
    """A picture file.

    Args:
        name: its path below the root, with slashes.
        label: its class.
        split: ``train``, ``val`` or ``test``.
        group: entries of one group must not be separated; empty where there are no groups.
    """

    name: str
    label: str
    split: str = "train"
    group: str = ""
