"""MNIST and its relatives in the original idx format.

An idx file is a header of big-endian 32-bit numbers (a magic number, then the length of every axis) and then
the bytes themselves.
"""

from __future__ import annotations

import gzip
import math
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, ClassVar, cast

import numpy as np

from paribus.cache.download import PublishedFile, obtain
from paribus.data.write.writer import Array, Writer
from paribus.errors import DataError
from paribus.files import CHUNK_BYTES

PARTS = {"train": "train", "t10k": "test"}  # prefix of the file names → part
LABELS, PICTURES = 1, 3  # number of axes


class Idx:
    """A data set of four idx files: pictures and labels, for training and test."""

    name: ClassVar[str]
    classes: ClassVar[tuple[str, ...]]
    checksums: ClassVar[Mapping[str, str]]  # MD5 of each compressed file as published
    mirrors: ClassVar[tuple[str, ...]]
    decoding: ClassVar[Mapping[str, Any]] = {"size": 28, "colour": "grey", "fit": "pad"}  # for other pictures

    def key(self) -> Mapping[str, Any]:
        """Identities of the four files."""
        return {name: self._file(name).identity() for name in self.checksums}

    def write(self, cache: Writer) -> None:
        """Decode the training pictures, then the test pictures."""
        paths = obtain([self._file(name) for name in self.checksums], cache.progress)
        found = dict(zip(self.checksums, paths, strict=True))
        shapes = [shape_of(found[f"{prefix}-images-idx3-ubyte.gz"]) for prefix in PARTS]
        count = sum(shape[0] for shape in shapes)
        cache.start(classes=self.classes, shape=(1, *shapes[0][1:]), count=count)
        for prefix, part in PARTS.items():
            pair = found[f"{prefix}-images-idx3-ubyte.gz"], found[f"{prefix}-labels-idx1-ubyte.gz"]
            for pictures, labels in pairs(*pair):
                cache.add(pictures[:, None], labels, part)

    def _file(self, name: str) -> PublishedFile:
        return PublishedFile(self.name, name, self.checksums[name], self.mirrors)


class Mnist(Idx):
    """70,000 handwritten digits of 28×28 pixels (LeCun et al., 1998), 10,000 of them for the test."""

    name = "mnist"
    classes = tuple(str(digit) for digit in range(10))
    checksums: ClassVar = {
        "train-images-idx3-ubyte.gz": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "train-labels-idx1-ubyte.gz": "d53e105ee54ea40749a09fcbcd1e9432",
        "t10k-images-idx3-ubyte.gz": "9fb629c4189551a2d022fa330f9573f3",
        "t10k-labels-idx1-ubyte.gz": "ec29112dd5afa0611ce80d1b7f02629c",
    }
    mirrors = (
        "https://ossci-datasets.s3.amazonaws.com/mnist/",
        "https://storage.googleapis.com/cvdf-datasets/mnist/",
    )


class FashionMnist(Idx):
    """70,000 pieces of clothing of 28×28 grey pixels (Xiao et al., 2017), 10,000 of them for the test."""

    name = "fashion_mnist"
    classes = (
        "T-shirt/top", "trouser", "pullover", "dress", "coat",
        "sandal", "shirt", "sneaker", "bag", "ankle boot",
    )  # fmt: skip
    checksums: ClassVar = {
        "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
        "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
        "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
    }
    mirrors = (
        "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    )


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
    with cast(IO[bytes], gzip.open(path)) if path.suffix == ".gz" else path.open("rb") as file:
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
