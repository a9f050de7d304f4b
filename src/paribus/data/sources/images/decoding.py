"""From a picture file to an array, the same for training, prediction and pages.

Turned as its EXIF tag says, 16-bit values rescaled rather than cut off, transparency laid on white.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from paribus.errors import DataError
from paribus.files import read_regular

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm"})
MAX_PIXELS = 80_000_000  # a decompression bomb is a small file that claims to be a huge picture
MAX_BYTES = 512 << 20

Colour = Literal["rgb", "grey"]
Fit = Literal["crop", "pad", "stretch", "cut"]
Size = int | Sequence[int] | None  # of a square, (height, width), or as it is; in pixels

_ORIENTATION = 0x0112  # EXIF tag: how the camera was held
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def decode(source: Path | bytes, size: Size, colour: Colour = "rgb", fit: Fit = "crop") -> NDArray[np.uint8]:
    """Read a picture and bring it to one size.

    Args:
        source: a file, or its content.
        size: of the result in pixels: the side of a square, or height and width; ``None`` leaves it as it is.
        colour: ``rgb`` for 3 channels, ``grey`` for 1.
        fit: as for :func:`resize`.

    Returns:
        (C, H, W) uint8.

    Raises:
        DataError: if the file is empty, damaged, too large, or no picture; the rule says which.
    """
    with errors("bytes" if isinstance(source, bytes) else str(source)):
        content = source if isinstance(source, bytes) else read(source)
        picture = flatten(upright(load(content, None if fit == "cut" else size)), colour)
        pixels = np.asarray(picture if size is None else resize(picture, size, fit))
    return np.ascontiguousarray(pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1))


@contextmanager
def errors(where: str) -> Iterator[None]:
    """Turn whatever a decoder raises into a DataError that names the file."""
    try:
        yield
    except DataError as error:
        raise DataError(error.rule, got=where, hint=error.hint) from None
    except UnidentifiedImageError:
        raise DataError(f"not a picture of a known format ({', '.join(FORMATS)})", got=where) from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise _too_large(where) from None
    except MemoryError:
        raise
    except Exception as error:  # decoders of damaged files raise nearly anything
        raise DataError(f"the picture is damaged: {error or type(error).__name__}", got=where) from error


def read(path: Path) -> bytes:
    """The content of a picture file, within a limit.

    Raises:
        DataError: if it is missing, unreadable, not a regular file, or too large.
    """
    try:
        if not path.is_file():
            raise DataError("not a regular file" if path.exists() else "there is no such file", got=str(path))
        if path.stat().st_size > MAX_BYTES:
            raise DataError(f"a picture file has at most {MAX_BYTES >> 20} MiB", got=str(path))
        return read_regular(path, MAX_BYTES)
    except OSError as error:
        raise DataError(f"the file cannot be read: {error.strerror or error}", got=str(path)) from error


def load(content: bytes, size: Size = None) -> Image.Image:
    """Decode all pixels of the first frame.

    With a size, a JPEG that is more than twice as large as needed is decoded at a half, a quarter or an eighth of its
    size, which is several times faster.
    """
    if not content:
        raise DataError("the file is empty")
    picture = Image.open(io.BytesIO(content), formats=FORMATS)
    if picture.width * picture.height > MAX_PIXELS:
        raise _too_large(f"{picture.width} × {picture.height}")
    if picture.format == "PNG":
        picture.verify()  # compares checksums, which decoding does not
        picture = Image.open(io.BytesIO(content), formats=("PNG",))
    if size is not None:
        picture.draft(picture.mode, (2 * max(pair(size)),) * 2)
    picture.load()
    return picture


def upright(picture: Image.Image) -> Image.Image:
    """Turn a picture as its EXIF tag says."""
    turn = _TURNS.get(picture.getexif().get(_ORIENTATION, 1))
    turned = picture if turn is None else picture.transpose(turn)
    turned.info = picture.info
    return turned


def flatten(picture: Image.Image, colour: Colour) -> Image.Image:
    """To 8-bit RGB or grey: deep grey values rescaled, transparency laid on white."""
    if picture.mode == "F":
        raise DataError("floating-point pixels have no defined white", hint="save the picture with 8 or 16 bits")
    if picture.mode.startswith("I"):
        picture = _rescale(picture)
    if picture.has_transparency_data:
        layer = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", layer.size, "white"), layer)
    mode = {"rgb": "RGB", "grey": "L"}[colour]
    # palettes and 1-bit pictures reach grey through RGB like all others
    return picture if picture.mode == mode else picture.convert("RGB").convert(mode)


def size_of(content: bytes, where: str) -> tuple[int, int]:
    """Height and width of a picture that stands upright, without decoding its pixels."""
    with errors(where):
        picture = Image.open(io.BytesIO(content), formats=FORMATS)
        width, height = picture.size
        on_its_side = picture.getexif().get(_ORIENTATION, 1) >= 5
        return (width, height) if on_its_side else (height, width)


def resize(
    picture: Image.Image,
    size: int | Sequence[int],
    fit: Fit,
    filter: Image.Resampling = Image.Resampling.BICUBIC,
    background: int | str = "white",
) -> Image.Image:
    """Bring a picture to a size; the default filter averages when it shrinks.

    Args:
        picture: of any mode.
        size: of the result.
        fit: ``crop`` scales it until it covers the size and cuts out the middle; ``pad`` until the size covers it,
            and fills the rest; ``stretch`` changes the proportions; ``cut`` cuts out the middle without scaling.
        filter: how pixels are computed; labels need the nearest one.
        background: what fills the rest.
    """
    (height, width), (old_width, old_height) = pair(size), picture.size
    if fit == "stretch":
        return _scaled(picture, (width, height), (0, 0, old_width, old_height), filter)
    if fit == "crop":
        share = min(old_width / width, old_height / height)  # old pixels per new one
        inner = round(share * width), round(share * height)
        left, top = (old_width - inner[0]) // 2, (old_height - inner[1]) // 2
        return _scaled(picture, (width, height), (left, top, left + inner[0], top + inner[1]), filter)
    share = max(old_width / width, old_height / height) if fit == "pad" else 1
    inner = max(1, round(old_width / share)), max(1, round(old_height / share))
    canvas = Image.new(picture.mode, (width, height), background)
    inside = _scaled(picture, inner, (0, 0, old_width, old_height), filter)
    canvas.paste(inside, ((width - inner[0]) // 2, (height - inner[1]) // 2))
    return canvas


def pair(size: int | Sequence[int]) -> tuple[int, int]:
    """Height and width of a size."""
    height, width = (size, size) if isinstance(size, int) else size
    return height, width


def _rescale(picture: Image.Image) -> Image.Image:
    """16-bit grey values to 8 bits, 65535 → 255 and 257 k → k; what is transparent becomes white."""
    values = np.asarray(picture, np.int64)
    if values.min() < 0 or values.max() > 0xFFFF:
        raise DataError("32-bit pixels have no defined white", hint="save the picture with 8 or 16 bits")
    if isinstance(clear := picture.info.get("transparency"), int):  # the value that a PNG names as not there
        values = np.where(values == clear, 0xFFFF, values)
    return Image.fromarray(((values + 128) // 257).astype(np.uint8))


def _scaled(
    picture: Image.Image, size: tuple[int, int], box: tuple[int, int, int, int], filter: Image.Resampling
) -> Image.Image:
    """The part of a picture within ``box`` at another size (width, height)."""
    inner = picture if box == (0, 0, *picture.size) else picture.crop(box)
    return inner if inner.size == size else inner.resize(size, filter)


def _too_large(got: str) -> DataError:
    hint = "reduce it; a small file that claims to be huge is often an attack"
    return DataError(f"a picture has at most {MAX_PIXELS:,} pixels", got=got, hint=hint)
