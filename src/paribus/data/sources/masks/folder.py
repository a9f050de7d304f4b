"""Pictures with a mask each, which says what every pixel is, in two folders."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from paribus.cache import paths
from paribus.data.metadata import MaskInfo, Metadata
from paribus.data.origin import origin
from paribus.data.originals import Original, Originals
from paribus.data.prepare.scan import workers
from paribus.data.sources.images import decoding
from paribus.data.sources.images.decoding import Colour
from paribus.data.sources.masks import labels
from paribus.data.sources.masks.pairs import Pair, pairs, same_size
from paribus.data.sources.pieces import pieces
from paribus.data.write.writer import Writer
from paribus.errors import DataError
from paribus.files import read_regular

MAX_LIST = 10_000_000  # bytes of a list of classes

Side = Annotated[int, Field(ge=8, le=4096)]
Size = tuple[Side, Side]
Value = Annotated[int, Field(ge=0, le=255)]
MaskFit = Literal["crop", "pad", "stretch", "cut"]

LISTED, LINES = "classes.json", "classes.txt"  # either names the classes


@origin("your own")
class Masks:
    """Pictures of your own with a mask each, for instance folders images and masks with equal file names in both.

    Folders train, validation and test within or around these are your own split.

    Args:
        path: the folder, from the current one or below PARIBUS_DATA.
        size: height and width to which all pictures and masks are brought, in pixels.
        colour: whether pictures have three channels or one.
        fit: cut out the middle, pad with white, change the proportions, or cut without scaling; masks alike, with
            the nearest label where they are scaled and pixels to ignore where they are padded.
        images: the folder of the pictures below the path; {split} in it stands for train, validation and test.
        masks: the folder of the masks; both may be the path itself, which is a dot.
        suffix: what a mask's name has behind the name of its picture.
        format: where a mask file holds its labels; red channel (as CARLA does), palette or grey values.
        classes: names of the classes, in the order of their values; by default those in classes.json or classes.txt, or
            else one for every value from 0 to the largest.
        values: the mask value of each class, if they are not 0, 1, 2, ….
        ignore: the mask value of pixels that are not to be learned; 255 always is one unless it is a class.
        colours: a colour for each class, as #rrggbb, to show answers in.
        group: a regular expression on picture names with one parenthesis, for instance the patient; pictures of one
            group are never separated by a split.
    """

    def __init__(
        self,
        path: str,
        size: Size = (128, 128),
        colour: Colour = "rgb",
        fit: MaskFit = "stretch",
        images: str = "images",
        masks: str = "masks",
        suffix: str | None = None,
        format: labels.Format = "auto",
        classes: tuple[str, ...] = (),
        values: tuple[Value, ...] = (),
        ignore: Value | None = None,
        colours: tuple[str, ...] = (),
        group: str | None = None,
    ) -> None:
        self.path, self.size, self.colour, self.fit = path, size, colour, fit
        self.images, self.masks, self.suffix, self.format = images, masks, suffix, format
        self.classes, self.values, self.ignore, self.colours, self.group = classes, values, ignore, colours, group

    @property
    def decoding(self) -> Mapping[str, Any]:
        """Arguments of :func:`.decoding.decode` that treat any other picture in the same way."""
        return {"size": list(self.size), "colour": self.colour, "fit": self.fit}

    def key(self) -> Mapping[str, Any]:
        """All options but the path: another folder that holds the same is the same."""
        return {name: value for name, value in vars(self).items() if name != "path"}

    def originals(self) -> Originals:
        """The pictures and masks, with their splits and groups, and the file that names the classes."""
        files = [
            Original(name, split=pair.split, group=pair.group)
            for pair in self.pairs()
            for name in (pair.picture, pair.mask)
        ]
        named = [Original(name) for name in (LISTED, LINES) if (self._root() / name).is_file()]
        return Originals(self._root(), (*files, *named))

    def pairs(self) -> tuple[Pair, ...]:
        """The pictures with their masks."""
        return pairs(self._root(), self.images, self.masks, self.suffix or "", self.group)

    def write(self, cache: Writer) -> None:
        """Open every picture and every mask, refuse what does not fit together, and write the rest."""
        found = self.pairs()
        names = self._names(found)
        shape = ({"rgb": 3, "grey": 1}[self.colour], *self.size)
        cache.start(
            classes=names,
            shape=shape,
            count=len(found),
            target_shape=self.size,
            target_dtype="uint8",
            metadata=Metadata(masks=MaskInfo(labels.IGNORE, self.colours)),
        )
        groups = {group: number for number, group in enumerate(sorted({pair.group for pair in found}))}
        for split, some in pieces(found, shape[0] * self.size[0] * self.size[1]):
            with ThreadPoolExecutor(workers()) as pool:  # threads: Pillow decodes outside of Python's lock
                decoded = list(pool.map(lambda pair: self._decoded(pair, len(names)), some))
            cache.add(
                np.stack([pixels for pixels, _ in decoded]),  # (B, C, H, W)
                np.stack([mask for _, mask in decoded]),  # (B, H, W)
                split,
                groups=[groups[pair.group] for pair in some] if self.group else None,
                names=[pair.picture for pair in some],
            )

    def _decoded(self, pair: Pair, classes: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        """A picture (C, H, W) and its class indices (H, W)."""
        root = self._root()
        content = decoding.read(root / pair.picture)
        values = labels.read(root / pair.mask, self.format)
        same_size(decoding.size_of(content, str(root / pair.picture)), values.shape, pair)
        try:
            known = labels.classes_of(values, self.values, classes, self.ignore)
        except DataError as error:
            raise DataError(error.rule, got=str(root / pair.mask), hint=error.hint) from None
        with decoding.errors(str(root / pair.picture)):
            pixels = decoding.decode(content, self.size, self.colour, self.fit)
        return pixels, labels.resize(known, self.size, self.fit)

    def _names(self, found: Sequence[Pair]) -> tuple[str, ...]:
        """Names of the classes, if need be numbers up to the largest in any mask."""
        names = self.classes or self._named()
        if not names and self.values:
            names = tuple(map(str, self.values))
        if not names:
            with ThreadPoolExecutor(workers()) as pool:
                largest = max(pool.map(self._largest, found))
            names = tuple(map(str, range(largest + 1)))
        if len(names) < 2 or (self.values and len(self.values) != len(names)):
            rule = "there must be at least two classes, and one of data.values for each"
            raise DataError(rule, got=", ".join(names), hint="set data.classes=[background,object]")
        return names

    def _largest(self, pair: Pair) -> int:
        values = labels.read(self._root() / pair.mask, self.format)
        known = values[(values != labels.IGNORE) & (values != (labels.IGNORE if self.ignore is None else self.ignore))]
        return int(known.max(initial=0))

    def _named(self) -> tuple[str, ...]:
        """Names that stand in a file beside the pictures; those of the ignored value left out."""
        listed, lines = self._root() / LISTED, self._root() / LINES
        if listed.is_file():
            return tuple(map(str, json.loads(read_regular(listed, MAX_LIST))))
        return (
            tuple(
                line.strip()
                for line in read_regular(lines, MAX_LIST).decode(errors="replace").splitlines()
                if line.strip()
            )
            if lines.is_file()
            else ()
        )

    def _root(self) -> Path:
        return paths.find_folder(self.path)
