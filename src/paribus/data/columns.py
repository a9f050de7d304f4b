"""What the tensors of a data set are: their type, their shape, and how they follow a picture that is changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

Kind = Literal["class", "mask", "boxes", "points", "other"]


@dataclass(frozen=True)
class Column:
    """One tensor of the inputs or the targets of all examples.

    Args:
        dtype: as NumPy names it.
        shape: of one example; of one row where each example has several.
        ragged: whether examples have rows of different number: boxes, words.
        kind: what the values are: the index of a class; a mask (H, W) of class indices; boxes (4,) as left, top, right,
            bottom in pixels; points (2,) as x, y in pixels. Augmentations move masks, boxes and points with their
            pictures.
        of: the ragged column whose rows these belong to, as labels belong to boxes: where a box is dropped, so is they.
    """

    dtype: str
    shape: tuple[int, ...] = ()
    ragged: bool = False
    kind: Kind = "other"
    of: str = ""

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> Column:
        """Back from plain data."""
        return cls(**{**content, "shape": tuple(content["shape"])})


def kind_of(shape: Sequence[int], target_shape: Sequence[int], classes: int) -> Kind:
    """What the only targets of some examples are, by their shape: masks have the size of their picture (C, H, W)."""
    if len(shape) == 3 and tuple(target_shape) == tuple(shape[1:]):
        return "mask"
    return "class" if classes else "other"


def part_of(columns: Mapping[str, Column], side: str) -> dict[str, Column]:
    """The columns of ``inputs`` or ``targets`` by their own names; the only one has none."""
    return {
        name.removeprefix(side).removeprefix("."): column
        for name, column in columns.items()
        if name == side or name.startswith(f"{side}.")
    }
