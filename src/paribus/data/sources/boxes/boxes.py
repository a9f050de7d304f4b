"""Pictures with boxes: of your own, and car plates as an example of them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from paribus.cache import paths
from paribus.data.columns import Column
from paribus.data.origin import origin
from paribus.data.originals import Original, Originals
from paribus.data.prepare.scan import workers
from paribus.data.sources.boxes import formats
from paribus.data.sources.boxes.letterbox import BoxFit, Letterbox
from paribus.data.sources.boxes.marked import Box, Marked, checked, class_names, number_of, refuse
from paribus.data.sources.images import decoding
from paribus.data.sources.images.decoding import Colour
from paribus.data.sources.pieces import grouped, pieces
from paribus.data.splits import SPLITS
from paribus.data.write.writer import Writer

Side = Annotated[int, Field(ge=16, le=4096)]
Size = tuple[Side, Side]
Outside = Literal["refuse", "clip"]

EXAMPLE = r"vehicle(\d+)"  # of data.group
CHANNELS: Mapping[Colour, int] = {"rgb": 3, "grey": 1}
COLUMNS = {
    "boxes": Column("float32", (4,), ragged=True, kind="boxes"),
    "labels": Column("int64", ragged=True, kind="class", of="boxes"),
}


@dataclass(frozen=True)
class Opened:
    """A decoded picture (C, H, W), its boxes (n, 4) and their classes (n,), and what was wrong with some of them."""

    pixels: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    labels: NDArray[np.int64]
    wrong: list[tuple[Box, str]]


@origin("your own")
class Boxes:
    """Pictures of your own with boxes around what is to be found, none or many in each.

    Read are YOLO's text files, COCO's JSON, Pascal VOC's XML, and CSV with a line for each box: file, then x, y, w, h
    or left, top, right, bottom, and perhaps label, text, split and group. Folders or files called train, validation
    and test are your own split.

    Args:
        path: the folder, or the JSON or CSV file in it; from the current folder or below PARIBUS_DATA.
        size: height and width to which all pictures are brought, in pixels.
        colour: whether pictures have three channels or one.
        fit: keep the proportions and pad with white (letterboxing), or change them; boxes follow.
        format: of the boxes; found out by what is there by default.
        classes: names of the classes, in the order of their numbers; by default those that the files name.
        outside: whether a box that reaches out of its picture is an error, or cut off at the edge.
        group: a regular expression on picture names with one parenthesis, for instance the vehicle; pictures of one
            group are never separated by a split. A column group in a CSV file does the same.
    """

    def __init__(
        self,
        path: str,
        size: Size = (192, 256),
        colour: Colour = "rgb",
        fit: BoxFit = "pad",
        format: formats.Format = "auto",
        classes: tuple[str, ...] = (),
        outside: Outside = "refuse",
        group: str | None = None,
    ) -> None:
        self.path, self.size, self.colour, self.fit = path, size, colour, fit
        self.format, self.classes, self.outside, self.group = format, classes, outside, group

    @property
    def decoding(self) -> Mapping[str, Any]:
        """How other pictures are brought into the same form."""
        return {"size": list(self.size), "colour": self.colour, "fit": self.fit}

    def key(self) -> Mapping[str, Any]:
        """All options but the path."""
        return {name: value for name, value in vars(self).items() if name != "path"}

    def originals(self) -> Originals:
        """The pictures and the files of boxes."""
        found = self.read()
        pictures = [Original(one.name, split=one.split, group=one.group) for one in found.marked]
        return Originals(self.root(), (*pictures, *map(Original, found.sources)))

    def read(self) -> formats.Read:
        """What the folder holds, in the order in which it is written."""
        found = formats.read(paths.find_folder(self.path), self.format)
        marked = [
            replace(one, group=grouped(one.name, self.group, EXAMPLE)) if self.group else one for one in found.marked
        ]
        return replace(found, marked=tuple(sorted(marked, key=lambda one: (SPLITS.index(one.split), one.name))))

    def root(self) -> Path:
        """The folder that names of pictures begin at."""
        path = paths.find_folder(self.path)
        return path.parent if path.is_file() else path

    def write(self, cache: Writer) -> None:
        """Open every picture, refuse what is wrong with boxes, and write the rest."""
        found = self.read()
        names = class_names(found.marked, found.classes, self.classes)
        write(cache, self.root(), found.marked, names, self)


def write(cache: Writer, root: Path, marked: Sequence[Marked], names: Sequence[str], source: Boxes) -> None:
    """Write pictures with their boxes, split by split.

    Raises:
        DataError: for boxes with which something is wrong, of all pictures together.
    """
    shape = (CHANNELS[source.colour], *source.size)
    cache.start(classes=names, shape=shape, count=len(marked), targets=COLUMNS)
    groups = {group: number for number, group in enumerate(sorted({one.group for one in marked}))}
    wrong: list[tuple[Box, str]] = []
    for split, some in pieces(marked, math.prod(shape)):
        with ThreadPoolExecutor(workers()) as pool:  # threads: Pillow decodes outside of Python's lock
            opened = list(pool.map(partial(open_marked, root, names, source), some))
        wrong += [one for each in opened for one in each.wrong]
        cache.add(
            np.stack([one.pixels for one in opened]),
            {"boxes": [one.boxes for one in opened], "labels": [one.labels for one in opened]},
            split,
            groups=[groups[one.group] for one in some] if len(groups) > 1 else None,
            names=[one.name for one in some],
        )
    refuse(wrong)


def open_marked(root: Path, names: Sequence[str], source: Boxes, one: Marked) -> Opened:
    """Decode a picture and bring its boxes along."""
    content = decoding.read(root / one.name)
    size = decoding.size_of(content, str(root / one.name))
    with decoding.errors(str(root / one.name)):
        pixels = decoding.decode(content, source.size, source.colour, source.fit)
    corners, wrong = checked(one.boxes, *size, clip=source.outside == "clip")
    kept = (corners[:, 2:] > corners[:, :2]).all(1)
    labels = np.array([number_of(box.label, names) for box in one.boxes], np.int64)
    moved = Letterbox.of(size, source.size, source.fit).into(corners)
    return Opened(pixels, moved[kept].astype(np.float32), labels[kept], wrong)
