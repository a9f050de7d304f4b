"""Pictures and the boxes that somebody drew in them, before any picture is opened; and what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paribus.errors import DataError, nearest

SLACK = 1.0  # pixels that a box may reach over the edge: tools round
SHOWN = 3  # problems that one message names


@dataclass(frozen=True)
class Box:
    """A box as it was read.

    Args:
        corners: left, top, right, bottom; in pixels, or as shares of the picture's width and height.
        label: the name of its class, or its number in a list of classes.
        where: line and file, for messages.
        relative: whether the corners are shares.
        text: what is written in it, where that is known.
    """

    corners: tuple[float, float, float, float]
    label: str | int
    where: str
    relative: bool = False
    text: str = ""


@dataclass(frozen=True)
class Marked:
    """A picture and its boxes, perhaps none.

    Args:
        name: its path below the root, with slashes.
        boxes: in the order of the file.
        split: ``train``, ``val`` or ``test``.
        group: pictures of one group must not be separated; empty where there are no groups.
    """

    name: str
    boxes: tuple[Box, ...] = ()
    split: str = "train"
    group: str = ""


def in_pixels(boxes: Sequence[Box], height: int, width: int) -> NDArray[np.float64]:
    """Corners (n, 4) of the boxes of a picture of this size."""
    scale = np.array([width, height, width, height], np.float64)
    rows = [np.array(box.corners) * (scale if box.relative else 1) for box in boxes]
    return np.stack(rows) if rows else np.zeros((0, 4))


def problem(corners: NDArray[np.float64], height: int, width: int) -> str:
    """What is wrong with a box in a picture of this size; empty if nothing is."""
    left, top, right, bottom = corners.tolist()
    if not np.isfinite(corners).all():
        return "has corners that are no numbers"
    if right < left or bottom < top:
        return "has swapped corners: its right or bottom lies before its left or top"
    if right == left or bottom == top:
        return "has no area"
    if left < -SLACK or top < -SLACK or right > width + SLACK or bottom > height + SLACK:
        return f"reaches out of its picture, which has {width} × {height} pixels"
    return ""


def checked(
    boxes: Sequence[Box], height: int, width: int, *, clip: bool
) -> tuple[NDArray[np.float64], list[tuple[Box, str]]]:
    """Corners (n, 4) within a picture of this size, and the boxes with which something is wrong.

    Args:
        boxes: of the picture.
        height, width: of the picture.
        clip: whether boxes that reach out are cut off, and left out where nothing is left of them.
    """
    corners = in_pixels(boxes, height, width)
    edge = np.array([width, height, width, height])
    wrong = []
    for box, row in zip(boxes, corners, strict=True):
        found = problem(row, height, width)
        if found and not (clip and "out of" in found and not problem(np.clip(row, 0, edge), height, width)):
            wrong.append((box, found))
    return np.clip(corners, 0, edge), wrong


def refuse(wrong: Sequence[tuple[Box, str]]) -> None:
    """One error for all boxes with which something is wrong; the first of them by name."""
    if not wrong:
        return
    box, found = wrong[0]
    others = [f"{one.where} {why.partition(':')[0]}" for one, why in wrong[1:SHOWN]]
    more = f"; {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
    hint = "correct the file" + ("; or set data.outside=clip" if any("out of" in why for _, why in wrong) else "")
    also = f"; also: {', '.join(others)}{more}" if others else ""
    raise DataError(
        f"the box in {box.where} {found}", got=f"{tuple(round(one, 4) for one in box.corners)}{also}", hint=hint
    )


def class_names(found: Sequence[Marked], listed: Sequence[str], chosen: Sequence[str]) -> tuple[str, ...]:
    """Names of the classes by number: the chosen ones, or those that a file lists, or all that occur.

    Raises:
        DataError: for a box of a class that is none of them, and where no picture has a box.
    """
    boxes = [box for one in found for box in one.boxes]
    if not boxes:
        rule, hint = "no picture has a box, and nothing is learned from negatives alone", "add pictures with boxes"
        raise DataError(rule, got=f"{len(found)} pictures without", hint=hint)
    names = tuple(chosen) or tuple(listed)
    if not names:
        named = sorted({box.label for box in boxes if isinstance(box.label, str)})
        most = max((box.label for box in boxes if isinstance(box.label, int)), default=-1)
        names = tuple(named) or tuple(map(str, range(most + 1))) or ("object",)
    for box in boxes:
        if box.label not in names if isinstance(box.label, str) else not 0 <= box.label < len(names):
            hint = nearest(str(box.label), names) if isinstance(box.label, str) else f"numbers are 0 … {len(names) - 1}"
            raise DataError(f"the box in {box.where} is of an unknown class", got=box.label, hint=hint)
    return names


def number_of(label: str | int, names: Sequence[str]) -> int:
    """The number of a class."""
    return label if isinstance(label, int) else names.index(label)
