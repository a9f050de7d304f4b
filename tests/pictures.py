"""Folders of small pictures, for tests of what happens when they change."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

CHANGES = {
    "data.path": "pics", "data.size": 8, "model.widths": [2], "budget.epochs": 1, "training.batch_size": 4,
    "training.precision": "fp32",
}  # fmt: skip


def pictures(folder: Path, classes: dict[str, int], shade: int = 0) -> Path:
    """A folder with so many pictures of each class."""
    for label, number in classes.items():
        (folder / label).mkdir(parents=True, exist_ok=True)
        for index in range(number):
            picture(folder / label / f"{index}.png", 10 * index + shade)
    return folder


def picture(path: Path, shade: int) -> None:
    """One picture of one colour."""
    Image.fromarray(np.full((8, 8, 3), shade % 256, np.uint8)).save(path)
