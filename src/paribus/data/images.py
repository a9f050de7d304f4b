"""One picture file to one array, honestly: the same function serves training, prediction and pages.

Turned as its EXIF tag says, 16-bit values rescaled rather than cut off, transparency laid on white.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from paribus.errors import DataError

FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "TIFF", "PPM")
SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm"})
MAX_PIXELS = 80_000_000  # a decompression bomb is a small file that claims to be a huge picture
MAX_BYTES = 512 << 20

Colour = Literal["rgb", "grey"]
Fit = Literal["crop", "pad", "stretch"]

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


def decode(source: Path | bytes, size: int, colour: Colour = "rgb", fit: Fit = "crop") -> NDArray[np.uint8]:
    """Read a picture and bring it to one size.

    Args:
        source: a file, or its content.
        size: height and width of the result, in pixels.
        colour: ``rgb`` for 3 channels, ``grey`` for 1.
        fit: ``crop`` scales the shorter side to ``size`` and cuts out the middle; ``pad`` scales the longer
            side and fills the rest with white; ``stretch`` changes the proportions.

    Returns:
        (C, size, size) uint8.

    Raises:
        DataError: if the file is empty, damaged, too large, or no picture; the rule says which.
    """
    content = source if isinstance(source, bytes) else read(source)
    where = "bytes" if isinstance(source, bytes) else str(source)
    try:
        picture = resize(flatten(upright(load(content, size)), colour), size, fit)
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
    pixels = np.asarray(picture)
    return np.ascontiguousarray(pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1))


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
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"the file cannot be read: {error.strerror or error}", got=str(path)) from error


def load(content: bytes, size: int) -> Image.Image:
    """Decode all pixels of the first frame.

    A JPEG that is more than twice as large as needed is decoded at a half, a quarter or an eighth of its
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
    picture.draft(picture.mode, (2 * size, 2 * size))
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


def resize(picture: Image.Image, size: int, fit: Fit) -> Image.Image:
    """Bring a picture to (size, size), with a filter that averages when it shrinks."""
    width, height = picture.size
    if fit == "stretch":
        return _scaled(picture, (size, size), (0, 0, width, height))
    if fit == "crop":
        side = min(width, height)
        left, top = (width - side) // 2, (height - side) // 2
        return _scaled(picture, (size, size), (left, top, left + side, top + side))
    side = max(width, height)
    inner = max(1, round(width * size / side)), max(1, round(height * size / side))
    canvas = Image.new(picture.mode, (size, size), "white")
    canvas.paste(_scaled(picture, inner, (0, 0, width, height)), ((size - inner[0]) // 2, (size - inner[1]) // 2))
    return canvas


def _rescale(picture: Image.Image) -> Image.Image:
    """16-bit grey values to 8 bits, 65535 → 255 and 257 k → k."""
    values = np.asarray(picture, np.int64)
    if values.min() < 0 or values.max() > 0xFFFF:
        raise DataError("32-bit pixels have no defined white", hint="save the picture with 8 or 16 bits")
    return Image.fromarray(((values + 128) // 257).astype(np.uint8))


def _scaled(picture: Image.Image, size: tuple[int, int], box: tuple[int, int, int, int]) -> Image.Image:
    """The part of a picture within ``box`` at another size."""
    part = picture if box == (0, 0, *picture.size) else picture.crop(box)
    return part if part.size == size else part.resize(size, Image.Resampling.BICUBIC)


def _too_large(got: str) -> DataError:
    hint = "reduce it; a small file that claims to be huge is often an attack"
    return DataError(f"a picture has at most {MAX_PIXELS:,} pixels", got=got, hint=hint)
