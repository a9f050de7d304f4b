"""Photographs of cars with the box and the text of one plate each, and crops of plates with their texts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from paribus.data.origin import origin
from paribus.data.sources.boxes import formats
from paribus.data.sources.boxes.boxes import Boxes, Outside, Size
from paribus.data.sources.boxes.letterbox import BoxFit
from paribus.data.sources.boxes.marked import Marked
from paribus.data.sources.images.decoding import Colour
from paribus.data.splits import SPLITS
from paribus.errors import MissingData

Region = Literal["eu", "us"]
Regions = Annotated[tuple[Region, ...], Field(min_length=1)]
Fold = Annotated[int, Field(ge=0, le=4)]

FOLDS = 5
ALIKE = str.maketrans("OQI", "001")  # the same vehicle is written now with one, now with the other
PLATE = "plate"


@origin("to be put into PARIBUS_DATA", "plates")
class Plates(Boxes):
    """327 photographs of cars, 108 European and 219 American ones, with a box around the plate of each.

    Photographs of one vehicle are never separated. Those of a fifth of the vehicles, by their plates alone, are the
    test: so a detector and a reader of the same fold hold out the same vehicles, and five folds test every photograph.

    Args:
        path: the folder that holds eu.csv and us.csv and the folders eu and us, below PARIBUS_DATA.
        regions: whose cars.
        size: height and width to which all photographs are brought, in pixels; they have up to 384 × 512.
        colour: whether pictures have three channels or one.
        fit: keep the proportions and pad with white (letterboxing), or change them; boxes follow.
        fold: which fifth of the vehicles is held out for the test.
    """

    format: formats.Format = "csv"  # what is an option of other boxes
    classes: tuple[str, ...] = (PLATE,)
    outside: Outside = "clip"
    group: str | None = None

    def __init__(
        self,
        path: str = "plates",
        regions: Regions = ("eu", "us"),
        size: Size = (192, 256),
        colour: Colour = "rgb",
        fit: BoxFit = "pad",
        fold: Fold = 0,
    ) -> None:
        self.path, self.regions, self.size, self.colour, self.fit, self.fold = path, regions, size, colour, fit, fold

    def read(self) -> formats.Read:
        """The photographs, their vehicles as groups, those that are held out at the end."""
        tables = tuple(f"{region}.csv" for region in self.regions)
        found = [one for region in self.regions for one in photographs(self.root(), region, self.fold)]
        return formats.Read(tuple(sorted(found, key=lambda one: (SPLITS.index(one.split), one.name))), (), tables)


def photographs(root: Path, region: str, fold: int) -> Iterator[Marked]:
    """Those of one region, with their box and its text; the vehicle is the group."""
    for one in formats.read(listed(root, f"{region}.csv", region)).marked:
        yield of_fold(replace(one, boxes=tuple(replace(box, label=PLATE) for box in one.boxes)), fold)


def of_fold(one: Marked, fold: int) -> Marked:
    """A picture in the split of its vehicle."""
    vehicle = one.boxes[0].text.upper().translate(ALIKE)
    held = int(sha256(vehicle.encode()).hexdigest()[:8], 16) % FOLDS == fold
    return replace(one, group=vehicle, split="test" if held else "train")


def listed(root: Path, table: str, folder: str) -> Path:
    """A table of plates beside its folder of pictures.

    Raises:
        MissingData: if one of them is not there.
    """
    if not (root / table).is_file() or not (root / folder).is_dir():
        hint = f"put {table} and the folder {folder} there, or set data.path or PARIBUS_DATA to where they are"
        raise MissingData("the plates are read from a table and a folder of pictures", got=str(root), hint=hint)
    return root / table
