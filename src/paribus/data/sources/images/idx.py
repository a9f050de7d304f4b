"""The idx format: a header of big-endian 32-bit numbers (a magic number, then the length of every axis), then bytes."""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np

from paribus.cache.archive import unpacked
from paribus.data.write.npy import Array
from paribus.errors import DataError
from paribus.files import CHUNK_BYTES

MAX_BYTES = 8 << 30  # of a file, unpacked

LABELS, PICTURES = 1, 3  # number of axes


def pairs(images: Path, labels: Path) -> Iterator[tuple[Array, Array]]:
    """Chunks of (B, H, W) pictures and their (B,) labels from two idx files."""
    with opened(images, PICTURES) as (file, shape), opened(labels, LABELS) as (label_file, label_shape):
        if shape[0] != label_shape[0]:
            rule = f"{labels.name} must hold one label for each picture in {images.name}"
            raise DataError(rule, got=f"{label_shape[0]:,} labels, {shape[0]:,} pictures")
        for chunk in chunks(file, shape, images):
            yield chunk, next(chunks(label_file, (len(chunk),), labels))
        expect_end(file, images)
        expect_end(label_file, labels)


def shape_of(images: Path) -> tuple[int, ...]:
    """Number, height and width of the pictures in an idx file."""
    with opened(images, PICTURES) as (_, shape):
        return shape


@contextmanager
def opened(path: Path, axes: int) -> Iterator[tuple[IO[bytes], tuple[int, ...]]]:
    """An idx file of unsigned bytes, plain or compressed, behind its header, and the lengths of its axes."""
    with unpacked(path, MAX_BYTES) as file:
        header = read(file, 4 * (axes + 1), path)
        if len(header) < 4 * (axes + 1):
            raise damaged(path, "it ends within its header")
        magic, *shape = struct.unpack(f">{axes + 1}I", header)
        if magic != 0x0800 + axes:  # 08: unsigned bytes
            raise damaged(path, f"its first four bytes are {magic:#010x}, not {0x0800 + axes:#010x}")
        yield file, tuple(shape)


def chunks(file: IO[bytes], shape: tuple[int, ...], path: Path) -> Iterator[Array]:
    """The bytes of an idx file as arrays of (B, *shape[1:]) uint8."""
    width = math.prod(shape[1:])
    step = max(1, CHUNK_BYTES // max(1, width))
    for start in range(0, shape[0], step):
        rows = min(step, shape[0] - start)
        content = read(file, rows * width, path)
        if len(content) < rows * width:
            raise damaged(path, "it ends before the last of the examples that its header announces")
        yield np.frombuffer(content, np.uint8).reshape(rows, *shape[1:])


def expect_end(file: IO[bytes], path: Path) -> None:
    """Nothing may follow the last example; reading on also checks the sum at the end of a compressed file."""
    if read(file, 1, path):
        raise damaged(path, "it goes on after the last of the examples that its header announces")


def read(file: IO[bytes], count: int, path: Path) -> bytes:
    """The next bytes, fewer at the end of the file.

    Raises:
        DataError: if the compressed content is damaged.
    """
    try:
        return file.read(count)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise damaged(path, str(error)) from error


def damaged(path: Path, reason: str) -> DataError:
    """A file that is not what its name says."""
    hint = "delete the file and let it be downloaded again, or get a whole copy"
    return DataError(f"the idx file {path.name} is damaged: {reason}", got=str(path), hint=hint)
