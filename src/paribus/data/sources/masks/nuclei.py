"""Nuclei of cells under the microscope, each with an outline of its own."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import generate_binary_structure, maximum_filter, minimum_filter

from paribus.cache import paths
from paribus.cache.archive import check_npz
from paribus.data.metadata import MaskInfo, Metadata
from paribus.data.origin import origin
from paribus.data.originals import Originals
from paribus.data.sources.masks.labels import IGNORE
from paribus.data.write.writer import Writer
from paribus.errors import DataError, MissingData

FILE = "dsb2018_256.npz"
SIDE = 256
CROSS = generate_binary_structure(2, 1)[None]  # a pixel and its four neighbours, within one picture


@origin("to be put into PARIBUS_DATA", "nuclei")
class Nuclei:
    """220 microscope pictures of 256×256 grey pixels with their cell nuclei (Caicedo et al., 2019).

    Every nucleus has a number of its own in the original; here it is told from the background, and on request its
    border too, so that nuclei which touch can be told apart.

    Args:
        path: the folder that holds dsb2018_256.npz, below PARIBUS_DATA.
        border: whether pixels of a nucleus that touch another nucleus or the background are a class of their own.
    """

    decoding: ClassVar[Mapping[str, Any]] = {"size": [SIDE, SIDE], "colour": "grey", "fit": "cut"}  # for others

    def __init__(self, path: str = "nuclei", border: bool = False) -> None:
        self.path, self.border = path, border

    def key(self) -> Mapping[str, Any]:
        """All options but the path."""
        return {"border": self.border}

    def originals(self) -> Originals:
        """The one file."""
        path = self._file()
        return Originals.of(path.parent, [path.name])

    def write(self, cache: Writer) -> None:
        """Write all pictures; which of them come from one slide is not recorded, so any may train and any validate."""
        pictures, numbers = self._read()
        names = ("background", "nucleus", "border") if self.border else ("background", "nucleus")
        cache.start(
            classes=names,
            shape=(1, SIDE, SIDE),
            count=len(pictures),
            target_shape=(SIDE, SIDE),
            target_dtype="uint8",
            metadata=Metadata(masks=MaskInfo(IGNORE)),
        )
        masks = (numbers > 0).astype(np.uint8)
        if self.border:
            masks[borders(numbers)] = 2
        cache.add(pictures[:, None], masks)

    def _file(self) -> Path:
        path = paths.find_folder(self.path) / FILE
        if not path.is_file():
            hint = "put the file there, or set data.path or PARIBUS_DATA to where it is"
            raise MissingData(f"the nuclei are read from {FILE}", got=str(path), hint=hint)
        return path

    def _read(self) -> tuple[NDArray[np.uint8], NDArray[np.uint16]]:
        """Pictures and numbers of the nuclei, both (N, 256, 256)."""
        path = self._file()
        try:
            check_npz(path)
            with path.open("rb") as file, np.load(file, allow_pickle=False) as content:
                pictures, numbers = content["images"], content["labels"]
        except (OSError, ValueError, KeyError, zipfile.BadZipFile) as error:
            raise DataError(f"{FILE} is damaged: {error}", got=str(path), hint="get a whole copy") from None
        if pictures.shape != numbers.shape or pictures.shape[1:] != (SIDE, SIDE):
            got = f"{pictures.shape} and {numbers.shape}"
            raise DataError(f"pictures and masks in {FILE} have the shape (N, {SIDE}, {SIDE})", got=got)
        return pictures, numbers


def borders(numbers: NDArray[np.uint16]) -> NDArray[np.bool_]:
    """Pixels of a nucleus with a neighbour, of the four, that is not of it: (N, H, W) → (N, H, W)."""
    high, low = (find(numbers, footprint=CROSS, mode="nearest") for find in (maximum_filter, minimum_filter))
    found: NDArray[np.bool_] = (high != low) & (numbers > 0)
    return found
