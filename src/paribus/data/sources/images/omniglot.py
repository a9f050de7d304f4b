"""Handwritten characters of many alphabets, and the twenty standard tasks of telling new ones apart from one look."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from paribus.cache import paths
from paribus.cache.archive import check_npz
from paribus.data.origin import origin
from paribus.data.originals import Originals
from paribus.data.sources.images.size import resized
from paribus.data.write.writer import Writer
from paribus.errors import DataError, MissingData
from paribus.files import open_regular

DRAWINGS, RUNS = "images_background_small1.npz", "one_shot_all_runs.zip"
SIDE = 105  # pixels of a drawing
TASKS, WAYS = 20, 20  # standard runs, and classes in each
MAX_BYTES = 1 << 16  # of a drawing's file or a list
Pictures = NDArray[np.uint8]


@origin("to be put into PARIBUS_DATA", "omniglot")
class Omniglot:
    """Characters of five alphabets, each drawn by 20 people (Lake et al., 2015), and 20 one-shot runs as the test.

    Classes are called ALPHABET/NUMBER. Whole alphabets are held out for validation: set split.stratified=false. The
    test split is the standard one: in each of 20 runs one drawing of each of 20 characters of another alphabet, then
    another drawing of each, whose character is to be told.

    Args:
        path: the folder that holds images_background_small1.npz and one_shot_all_runs.zip, below PARIBUS_DATA.
        size: height and width to which drawings are brought, in pixels; their own are 105.
        turns: whether drawings turned by one, two and three quarters are further characters, as is usual.
    """

    def __init__(
        self, path: str = "omniglot", size: Annotated[int, Field(ge=8, le=105)] = 28, turns: bool = True
    ) -> None:
        self.path, self.size, self.turns = path, size, turns

    @property
    def decoding(self) -> Mapping[str, Any]:
        """How any other picture is read in the same way: dark ink on white."""
        return {"size": self.size, "colour": "grey", "fit": "pad"}

    def key(self) -> Mapping[str, Any]:
        """All options but the path."""
        return {"size": self.size, "turns": self.turns}

    def originals(self) -> Originals:
        """The two files."""
        return Originals.of(self._file(DRAWINGS).parent, [DRAWINGS, RUNS])

    def write(self, cache: Writer) -> None:
        """Write the drawings, turned ones after those as they are, then the runs."""
        pictures, labels, names = self._drawings()
        runs = [self._shrunk(one) for one in self._runs()]
        turns = range(4 if self.turns else 1)
        classes = [_called(name, turn) for turn in turns for name in names]
        first = len(classes)
        classes += [f"run {run + 1:02}/{one + 1:02}" for run in range(len(runs)) for one in range(WAYS)]
        alphabets = [name.partition("/")[0] for name in names]
        group = np.unique(alphabets, return_inverse=True)[1].astype(np.int64)
        pictures = self._shrunk(pictures)
        count = len(turns) * len(pictures) + 2 * WAYS * len(runs)
        cache.start(classes=classes, shape=(1, self.size, self.size), count=count)
        for turn in turns:
            turned = np.ascontiguousarray(np.rot90(pictures, turn, (2, 3)))
            cache.add(turned, labels + turn * len(names), groups=group[labels])
        for number, run in enumerate(runs):
            shown = first + WAYS * number + np.repeat(np.arange(WAYS), 2)
            cache.add(run, shown, "test", groups=np.full(2 * WAYS, group.max() + 1 + number))

    def _drawings(self) -> tuple[Pictures, NDArray[np.int64], list[str]]:
        """(N, 105, 105) 0 or 255, their classes, and the names of those."""
        path = self._file(DRAWINGS)
        try:
            check_npz(path)
            with open_regular(path) as file, np.load(file, allow_pickle=False) as content:
                packed, labels, names = content["images_packed"], content["label"], content["classes"]
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise DataError(f"{DRAWINGS} is damaged: {error}", got=str(path), hint="get a whole copy") from None
        if packed.shape[1:] != (SIDE, -(-SIDE // 8)) or labels.shape != packed.shape[:1]:
            rule = f"drawings in {DRAWINGS} are {SIDE} × {SIDE} bits"
            raise DataError(rule, got=f"{packed.shape} and labels {labels.shape}", hint="get a whole copy")
        ink = np.unpackbits(packed, axis=2)[:, :, :SIDE]
        return _on_white(ink), labels.astype(np.int64), [str(name) for name in names]

    def _runs(self) -> Iterator[Pictures]:
        """Of each run (2 · 20, 105, 105): of each class the drawing that is shown, then the one that is asked about."""
        path = self._file(RUNS)
        try:
            with open_regular(path) as file, zipfile.ZipFile(file) as archive:
                for run in range(1, TASKS + 1):
                    yield np.stack([_drawing(archive, name) for name in _names(archive, f"run{run:02}")])
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise DataError(f"{RUNS} is damaged: {error}", got=str(path), hint="get a whole copy") from None

    def _shrunk(self, pictures: Pictures) -> Pictures:
        return resized(pictures[:, None], self.size)

    def _file(self, name: str) -> Path:
        path = paths.find_folder(self.path) / name
        if not path.is_file():
            hint = "put the file there, or set data.path or PARIBUS_DATA to where it is"
            raise MissingData(f"Omniglot is read from {DRAWINGS} and {RUNS}", got=str(path), hint=hint)
        return path


def _called(name: str, turn: int) -> str:
    alphabet, _, number = name.partition("/")
    return f"{alphabet} turned {90 * turn}°/{number}" if turn else name


def _names(archive: zipfile.ZipFile, run: str) -> list[str]:
    """Of each class of a run the name of the drawing that is shown, then of the one that is asked about."""
    lines = _read(archive, f"{run}/class_labels.txt").decode("ascii").split()
    asked = {shown: item for item, shown in zip(lines[::2], lines[1::2], strict=True)}
    shown = sorted(asked, key=lambda name: PurePosixPath(name).stem)
    if len(shown) != WAYS:
        raise ValueError(f"{run} has {len(shown)} classes, not {WAYS}")
    return [name for one in shown for name in (one, asked[one])]


def _drawing(archive: zipfile.ZipFile, name: str) -> Pictures:
    from PIL import Image

    picture = np.asarray(Image.open(io.BytesIO(_read(archive, name))).convert("1"))
    if picture.shape != (SIDE, SIDE):
        raise ValueError(f"{name} is {picture.shape}")
    return _on_white(~picture)


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    if archive.getinfo(name).file_size > MAX_BYTES:
        raise ValueError(f"{name} is too large")
    return archive.read(name)


def _on_white(ink: NDArray[Any]) -> Pictures:
    """Ink, not 0, as black on white."""
    return np.where(ink, 0, 255).astype(np.uint8)
