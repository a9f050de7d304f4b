"""One mask file to one array of labels, exactly: whatever could blur the labels is refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from paribus.data.sources.images import decoding
from paribus.errors import DataError

IGNORE = 255  # the label of pixels that are not to be learned, in every decoded data set

Format = Literal["auto", "red", "palette", "grey"]

MODES = {"red": ("RGB", "RGBA"), "palette": ("P",), "grey": ("L", "1", "I;16", "I")}  # Pillow's names
LOSSY = "a mask must be saved without loss: JPEG blurs label values at every border"


def read(path: Path, format: Format = "auto") -> NDArray[np.uint8]:
    """The values of a mask file.

    Args:
        path: of the file.
        format: ``red`` for the red channel of a colour picture, as CARLA saves labels; ``palette`` for the entries'
            numbers in a picture with a palette; ``grey`` for grey values; ``auto`` for the one that fits the file.

    Returns:
        (H, W).

    Raises:
        DataError: for a JPEG, a file of another format, values beyond 255, and all that is wrong with any picture.
    """
    with decoding.errors(str(path)):
        picture = decoding.load(decoding.read(path))
        if picture.format in ("JPEG", "WEBP"):
            raise DataError(LOSSY.replace("JPEG", picture.format), hint="export the masks as PNG")
        found = next((name for name, modes in MODES.items() if picture.mode in modes), picture.mode)
        if format not in ("auto", found):
            hint = f"set data.format={found}" if found in MODES else "save it as PNG with 8 bits"
            raise DataError(f"a mask of format {format} was expected, this one is {found}", hint=hint)
        return _values(picture, found)


def classes_of(
    values: NDArray[np.uint8], numbers: Sequence[int], classes: int, ignore: int | None
) -> NDArray[np.uint8]:
    """Mask values as class indices, with :data:`IGNORE` where the value is to be ignored.

    Args:
        values: of any shape.
        numbers: the value of each class, in order; none where value k is class k.
        classes: how many there are.
        ignore: the value of pixels that are not to be learned; :data:`IGNORE` always is one.

    Raises:
        DataError: for a value that is no class.
    """
    table = np.full(256, -1)
    table[IGNORE] = IGNORE
    table[list(numbers or range(classes))] = range(classes)
    if ignore is not None:
        table[ignore] = IGNORE
    known = table[values]
    if (known < 0).any():
        beyond = ", ".join(map(str, np.unique(values[known < 0])[:5].tolist()))
        expected = ", ".join(map(str, numbers)) if numbers else f"0 … {classes - 1}"
        hint = "name all classes, set data.ignore, or give the value of each class: data.values=[0,255]"
        raise DataError(f"values of this mask must be {expected}, and it holds {beyond}", hint=hint)
    return known.astype(np.uint8)


def resize(labels: NDArray[np.uint8], size: Sequence[int], fit: decoding.Fit) -> NDArray[np.uint8]:
    """Bring labels (H, W) to a size as :func:`.decoding.resize` does with pictures; labels never mix."""
    brought = decoding.resize(Image.fromarray(labels), size, fit, Image.Resampling.NEAREST, background=IGNORE)
    return np.asarray(brought)


def _values(picture: Image.Image, format: str) -> NDArray[np.uint8]:
    if format == "red":
        picture = picture.getchannel("R")
    elif format not in MODES:
        raise DataError(f"a mask has one value per pixel, or colours of which red counts; this one has mode {format}")
    values = np.asarray(picture).astype(np.int64)  # (H, W)
    if values.min() < 0 or values.max() > 255:
        raise DataError(f"mask values are 0 … 255, and this one holds {values.min()} … {values.max()}")
    return values.astype(np.uint8)
