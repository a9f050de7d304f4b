"""Pictures with a text in each: crops of a table's pictures, of your own or of car plates."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydantic import Field

from paribus.cache import paths
from paribus.data.metadata import Metadata, TextInfo
from paribus.data.origin import origin
from paribus.data.originals import Original, Originals
from paribus.data.prepare.scan import workers
from paribus.data.sources.boxes import formats
from paribus.data.sources.boxes.boxes import CHANNELS, Size
from paribus.data.sources.boxes.marked import Box, Marked, checked, refuse
from paribus.data.sources.boxes.plates import Fold, listed, of_fold, photographs
from paribus.data.sources.images import decoding
from paribus.data.sources.images.decoding import Colour
from paribus.data.sources.pieces import pieces
from paribus.data.splits import SPLITS
from paribus.data.write.writer import Writer
from paribus.errors import DataError
from paribus.records.wording import count

Share = Annotated[float, Field(ge=0, le=1)]
Part = Literal["eu", "us", "crops"]

PLAIN = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CROPS = "us_plate_crops"
MARGIN = 0.1  # of its surroundings that comes with a text
LEAST = 3  # characters of a plate that somebody could read


@dataclass(frozen=True)
class Crop:
    """A part of a picture with a text.

    Args:
        name: of the picture, below the root.
        text: what is written there.
        box: where, in pixels of the picture; all of it by default.
        split, group: as for pictures.
        where: line and file, for messages.
    """

    name: str
    text: str
    box: Box | None = None
    split: str = "train"
    group: str = ""
    where: str = ""


@origin("your own")
class Texts:
    """Pictures of your own with a text in each, to be read.

    A CSV file lists them: file, text, and perhaps x, y, w, h (or left, top, right, bottom) of the part that holds it,
    split and group.

    Args:
        path: the CSV file, or a folder with one; from the current folder or below PARIBUS_DATA.
        size: height and width to which the parts are stretched, in pixels.
        colour: whether pictures have three channels or one.
        margin: how much of its surroundings comes with a part, as a share of its height and width.
        alphabet: the characters that there are.
        most: characters of the longest text.
    """

    def __init__(
        self,
        path: str,
        size: Size = (48, 128),
        colour: Colour = "grey",
        margin: Share = MARGIN,
        alphabet: str = PLAIN,
        most: Annotated[int, Field(ge=1, le=64)] = 8,
    ) -> None:
        self.path, self.size, self.colour, self.margin = path, size, colour, margin
        self.alphabet, self.most = alphabet, most

    @property
    def decoding(self) -> Mapping[str, Any]:
        """How other pictures are brought into the same form."""
        return {"size": list(self.size), "colour": self.colour, "fit": "stretch"}

    def key(self) -> Mapping[str, Any]:
        """All options but the path."""
        return {name: value for name, value in vars(self).items() if name != "path"}

    def originals(self) -> Originals:
        """The pictures and their table."""
        tables, crops = self.read()
        pictures = {one.name: Original(one.name, one.text, one.split, one.group) for one in crops}
        return Originals(self.root(), (*pictures.values(), *map(Original, tables)))

    def root(self) -> Path:
        """The folder that names of pictures begin at."""
        path = paths.find_folder(self.path)
        return path.parent if path.is_file() else path

    def read(self) -> tuple[tuple[str, ...], tuple[Crop, ...]]:
        """The tables, and all parts with their texts, in the order in which they are written."""
        found = formats.read(paths.find_folder(self.path), "csv", texts=True)
        return found.sources, in_order(crop for one in found.marked for crop in crops_of(one))

    def write(self, cache: Writer) -> None:
        """Open every picture, refuse texts that cannot be written here, and write the rest."""
        _, crops = self.read()
        shape = (CHANNELS[self.colour], *self.size)
        start(cache, self.alphabet, self.most, shape, len(crops), self.margin)
        groups = {group: number for number, group in enumerate(sorted({one.group for one in crops}))}
        for split, some in pieces(crops, math.prod(shape)):
            with ThreadPoolExecutor(workers()) as pool:
                pixels = list(pool.map(partial(self.opened, self.root()), some))
            refuse([one for _, wrong in pixels for one in wrong])
            cache.add(
                np.stack([picture for picture, _ in pixels]),
                written([one.text for one in some], self.alphabet, self.most, [one.where for one in some]),
                split,
                groups=[groups[one.group] for one in some] if len(groups) > 1 else None,
                names=[one.name for one in some],
            )

    def opened(self, root: Path, one: Crop) -> tuple[NDArray[np.uint8], list[tuple[Box, str]]]:
        """The part (C, H, W) of a picture, and what is wrong with its box."""
        pixels = decoding.decode(root / one.name, None, self.colour)
        if one.box is None:
            return cut(pixels, None, self.size, self.margin), []
        corners, wrong = checked([one.box], *pixels.shape[1:], clip=True)
        return cut(pixels, None if wrong else corners[0], self.size, self.margin), wrong


@origin("to be put into PARIBUS_DATA", "plates")
class PlateTexts(Texts):
    """Plates with their texts: 327 cut out of photographs by their true boxes, and 501 pictures of American plates.

    Plates of one vehicle are never separated, and the test is the same fifth of vehicles as that of data=plates.

    Args:
        path: the folder that holds eu.csv, us.csv and us_plate_crops.csv, below PARIBUS_DATA.
        parts: which of them: photographs from Europe and from the United States, and crops of collectors.
        size: height and width to which the plates are stretched, in pixels.
        colour: whether pictures have three channels or one.
        margin: how much of its surroundings comes with a plate, as a share of its height and width.
        alphabet: the characters that there are.
        most: characters of the longest text; longer ones are left out, and said to be.
        fold: which fifth of the vehicles is held out for the test.
    """

    def __init__(
        self,
        path: str = "plates",
        parts: Annotated[tuple[Part, ...], Field(min_length=1)] = ("eu", "us", "crops"),
        size: Size = (48, 128),
        colour: Colour = "grey",
        margin: Share = MARGIN,
        alphabet: str = PLAIN,
        most: Annotated[int, Field(ge=1, le=64)] = 8,
        fold: Fold = 0,
    ) -> None:
        super().__init__(path, size, colour, margin, alphabet, most)
        self.parts, self.fold = parts, fold

    def key(self) -> Mapping[str, Any]:
        """All options but the path, and how short a text may be."""
        return {**super().key(), "least": LEAST}

    def read(self) -> tuple[tuple[str, ...], tuple[Crop, ...]]:
        """All plates that can be read by people, and are not too long."""
        tables = tuple(f"{CROPS if part == 'crops' else part}.csv" for part in self.parts)
        return tables, in_order(one for one in self._all() if self._fits(one))

    def write(self, cache: Writer) -> None:
        """Open every plate, and note those whose text is too short or too long."""
        super().write(cache)
        for one in self._all():
            if not self._fits(one):
                cache.skip(one.name, f"{count(len(one.text), 'character')}, and {LEAST} … {self.most} are read")

    def _fits(self, one: Crop) -> bool:
        return LEAST <= len(one.text) <= self.most

    def _all(self) -> Iterator[Crop]:
        return (one for part in self.parts for one in self._part(part))

    def _part(self, part: Part) -> Iterator[Crop]:
        if part != "crops":
            for one in photographs(self.root(), part, self.fold):
                yield from crops_of(one)
            return
        listed(self.root(), f"{CROPS}.csv", CROPS)
        for number, row in enumerate(formats.rows(self.root() / f"{CROPS}.csv"), 2):
            text = row["text"].strip().upper()
            box = Box((0, 0, 1, 1), "plate", f"line {number} of {CROPS}.csv", relative=True, text=text)
            held = of_fold(Marked(f"{CROPS}/{row['file']}", (box,)), self.fold)
            yield Crop(held.name, text, None, held.split, held.group, box.where)


def crops_of(one: Marked) -> Iterator[Crop]:
    """The parts of a picture that hold a text; a whole picture is listed to be read, and its text must be there."""
    for box in one.boxes:
        whole = box.relative and box.corners == (0, 0, 1, 1)
        if box.text or whole:
            yield Crop(one.name, box.text, None if whole else box, one.split, one.group, box.where)


def in_order(crops: Iterator[Crop]) -> tuple[Crop, ...]:
    """Training first, then validation, then test, by name."""
    return tuple(sorted(crops, key=lambda one: (SPLITS.index(one.split), one.name)))


def start(cache: Writer, alphabet: str, most: int, shape: Sequence[int], count: int, margin: float = 0.0) -> None:
    """Begin to write pictures (C, H, W) with texts; what a text is shorter than the longest is filled with one more."""
    if len({*alphabet}) < len(alphabet) or not alphabet:
        raise DataError("data.alphabet has each of its characters once", got=alphabet)
    cache.start(
        classes=tuple(alphabet),
        shape=shape,
        count=count,
        target_shape=(most,),
        metadata=Metadata(text=TextInfo(tuple(alphabet), ignore=len(alphabet)), more={"margin": margin}),
    )


def written(texts: Sequence[str], alphabet: str, most: int, where: Sequence[str]) -> NDArray[np.int64]:
    """Texts as numbers of their characters (B, most), filled with the size of the alphabet.

    Raises:
        DataError: for a text that is empty, too long, or holds a character that is not in the alphabet, by name.
    """
    number = {character: place for place, character in enumerate(alphabet)}
    found = np.full((len(texts), most), len(alphabet), np.int64)
    for row, text, place in zip(found, texts, where, strict=True):
        strange = [character for character in text if character not in number]
        if strange:
            hint = f"correct it, or add it to data.alphabet, which is {alphabet}"
            raise DataError(
                f"a text of {place} holds a character outside of the alphabet",
                got=f"{strange[0]!r} in {text!r}",
                hint=hint,
            )
        if not 0 < len(text) <= most:
            hint = f"set data.most={len(text)}" if text else "fill it in, or delete the row"
            raise DataError(f"a text of {place} has 1 … {most} characters", got=repr(text), hint=hint)
        row[: len(text)] = [number[character] for character in text]
    return found


def cut(
    pixels: NDArray[np.uint8], corners: NDArray[np.float64] | None, size: Sequence[int], margin: float
) -> NDArray[np.uint8]:
    """A part of a picture (C, H, W), or all of it, with a margin around it, stretched to a height and a width.

    Where the margin lies outside of the picture, its edge is continued.
    """
    height, width = pixels.shape[1:]
    left, top, right, bottom = (0, 0, width, height) if corners is None else corners
    aside, above = margin * (right - left), margin * (bottom - top)
    x0, y0 = round(left - aside), round(top - above)
    x1, y1 = max(x0 + 1, round(right + aside)), max(y0 + 1, round(bottom + above))
    rows, columns = (np.arange(low, high).clip(0, side - 1) for low, high, side in ((y0, y1, height), (x0, x1, width)))
    part = pixels[:, rows[:, None], columns]
    picture = Image.fromarray(part[0] if len(part) == 1 else np.ascontiguousarray(part.transpose(1, 2, 0)))
    values = np.asarray(decoding.resize(picture, size, "stretch"))
    return np.ascontiguousarray(values[None] if values.ndim == 2 else values.transpose(2, 0, 1))
