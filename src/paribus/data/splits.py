"""The names of the splits."""

from __future__ import annotations

from collections.abc import Mapping

SPLITS = ("train", "val", "test")  # in the order in which they are written

SPLIT_NAMES: Mapping[str, str] = {  # as folders and columns are called → as the split is called here
    "train": "train", "training": "train",
    "val": "val", "valid": "val", "validation": "val",
    "test": "test", "testing": "test",
}  # fmt: skip
