"""A picture file and what is known of it before it is opened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PART_NAMES: Mapping[str, str] = {
    "train": "train", "training": "train",
    "val": "val", "valid": "val", "validation": "val",
    "test": "test", "testing": "test",
}  # fmt: skip

Skipped = tuple[tuple[str, str], ...]  # names of what is left out, each with its reason


@dataclass(frozen=True)
class Entry:
    """A picture file.

    Args:
        name: its path below the root, with slashes.
        label: its class.
        part: ``train``, ``validation`` or ``test``.
        group: entries of one group must not be separated; empty where there are no groups.
    """

    name: str
    label: str
    part: str = "train"
    group: str = ""
