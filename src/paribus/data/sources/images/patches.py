"""Clean pictures cut into pieces of one size, to train denoisers on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from paribus.cache import paths
from paribus.data.origin import origin
from paribus.data.originals import Original, Originals
from paribus.data.sources.images.decoding import SUFFIXES, Colour, decode
from paribus.data.sources.images.walk import walk
from paribus.data.write.writer import Writer
from paribus.errors import DataError, MissingData


@origin("your own")
class Patches:
    """Pictures of your own without labels, cut into pieces; a network can learn from them to remove noise.

    Pieces of one picture are never separated by a split.

    Args:
        path: the folder, from the current one or below PARIBUS_DATA.
        size: height and width of a piece, in pixels.
        colour: whether pictures have three channels or one.
        train: the folder of the pictures to train on, below the path; a dot is the path itself.
        test: the folder of the pictures for the test; with none, a share of the others is held out.
    """

    def __init__(
        self,
        path: str,
        size: Annotated[int, Field(ge=8, le=1024)] = 60,
        colour: Colour = "grey",
        train: str = ".",
        test: str | None = None,
    ) -> None:
        self.path, self.size, self.colour, self.train, self.test = path, size, colour, train, test

    @property
    def decoding(self) -> Mapping[str, Any]:
        """How other pictures are treated: without scaling."""
        return {"size": [self.size, self.size], "colour": self.colour, "fit": "cut"}

    def key(self) -> Mapping[str, Any]:
        """All options but the path."""
        return {name: value for name, value in vars(self).items() if name != "path"}

    def originals(self) -> Originals:
        """The pictures, with their splits."""
        return Originals(self._root(), tuple(Original(name, split=split) for split, name in self.files()), "picture")

    def files(self) -> list[tuple[str, str]]:
        """Split and name of every picture."""
        found = [("train", name) for name in self._in(self.train)]
        return found + ([("test", name) for name in self._in(self.test)] if self.test else [])

    def write(self, cache: Writer) -> None:
        """Cut every picture into pieces."""
        channels = {"rgb": 3, "grey": 1}[self.colour]
        cache.start(classes=(), shape=(channels, self.size, self.size))
        for number, (split, name) in enumerate(self.files()):
            pieces = np.stack(list(cut(decode(self._root() / name, None, self.colour), self.size, name)))
            nothing = np.zeros(len(pieces), np.int64)
            cache.add(pieces, nothing, split, groups=nothing + number, names=[name] * len(pieces))
            cache.progress("decoding", len(cache), 0)

    def _in(self, folder: str) -> list[str]:
        place = self._root() / folder
        if not place.is_dir():
            hint = "check data.path; a relative path starts at the current folder or at PARIBUS_DATA"
            raise MissingData("this folder of pictures is missing", got=str(place), hint=hint)
        names = [name for name in walk(place.resolve())[0] if Path(name).suffix.lower() in SUFFIXES]
        if not names:
            raise DataError("this folder holds no pictures", got=str(place), hint="check its name and content")
        return [name if folder == "." else f"{folder}/{name}" for name in names]

    def _root(self) -> Path:
        return paths.find_folder(self.path)


def cut(picture: NDArray[np.uint8], size: int, name: str = "") -> Iterator[NDArray[np.uint8]]:
    """The pieces (C, size, size) of a picture (C, H, W) that fit side by side about its middle.

    Raises:
        DataError: if there is none.
    """
    height, width = picture.shape[1:]
    if min(height, width) < size:
        got, hint = f"{name}: {width} × {height}", f"leave it out, or set data.size={min(height, width)}"
        raise DataError(f"pictures must have {size} × {size} pixels or more", got=got, hint=hint)
    for row in range(height % size // 2, height - size + 1, size):
        for column in range(width % size // 2, width - size + 1, size):
            yield picture[:, row : row + size, column : column + size]
