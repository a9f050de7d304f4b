"""CIFAR-10 and CIFAR-100 in the original binary format: records of 1 or 2 label bytes and 3×32×32 pixels."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from paribus.cache.archive import Archive, opened
from paribus.cache.download import PublishedFile, obtain
from paribus.data.origin import origin
from paribus.data.originals import Originals, published
from paribus.data.sources.images.size import Size, resized, sized
from paribus.data.write.npy import Array
from paribus.data.write.writer import Writer
from paribus.errors import DataError
from paribus.files import CHUNK_BYTES

SHAPE = (3, 32, 32)
PIXELS = 3 * 32 * 32
MIRRORS = ("https://www.cs.toronto.edu/~kriz/",)


class Cifar:
    """What both data sets share: reading a tar archive of binary batches without unpacking it.

    Args:
        size: height and width to which the pictures are brought, in pixels; by default their own.
    """

    file: ClassVar[PublishedFile]
    batches: ClassVar[Mapping[str, str]]  # split → pattern of its files
    label_bytes: ClassVar[int]

    def __init__(self, size: Size = None) -> None:
        self.size = size

    @property
    def decoding(self) -> Mapping[str, Any]:
        """How any other picture is read in the same way."""
        return {"size": self.size or SHAPE[1], "colour": "rgb", "fit": "crop"}

    def label_column(self) -> int:
        """Which of the label bytes is the class."""
        return 0

    def label_names(self) -> str:
        """The member of the archive that names the classes."""
        raise NotImplementedError

    def key(self) -> Mapping[str, Any]:
        """The choice of labels, and the size."""
        return {"labels": self.label_column(), **sized(self.size)}

    def originals(self) -> Originals:
        """The archive, known by its published checksum."""
        return published([self.file])

    def write(self, cache: Writer) -> None:
        """Decode all batches that the archive holds, training first."""
        (path,) = obtain([self.file], cache.progress)
        with opened(path) as archive:
            names = {split: [n for n in archive.names if re.fullmatch(p, n)] for split, p in self.batches.items()}
            if not names["train"]:
                raise DataError("the archive holds no training batch", got=str(archive.path), hint=f"see {MIRRORS[0]}")
            count = sum(self._count(archive, name) for some in names.values() for name in some)
            side = self.size or SHAPE[1]
            cache.start(classes=archive.lines(self.label_names()), shape=(SHAPE[0], side, side), count=count)
            for split, files in names.items():
                for name in files:
                    for records in self._records(archive, name):
                        pictures = records[:, self.label_bytes :].reshape(-1, *SHAPE)
                        cache.add(resized(pictures, self.size), records[:, self.label_column()], split)

    def _count(self, archive: Archive, name: str) -> int:
        width = self.label_bytes + PIXELS  # bytes
        count, rest = divmod(archive.size(name), width)
        if rest:
            rule = f"the size of {name} in {archive.path.name} must be a multiple of {width:,} bytes"
            raise DataError(rule, got=f"{archive.size(name):,} bytes", hint="the file is damaged: get the original")
        return count

    def _records(self, archive: Archive, name: str) -> Iterator[Array]:
        width = self.label_bytes + PIXELS  # bytes
        with archive.open(name) as file:
            while content := file.read(CHUNK_BYTES // width * width):
                yield np.frombuffer(content, np.uint8).reshape(-1, width)


@origin("downloaded when first used", "cifar10")
class Cifar10(Cifar):
    """60,000 colour photographs of 32×32 pixels in 10 classes (Krizhevsky, 2009), 10,000 for the test.

    Args:
        size: height and width to which the pictures are brought, in pixels; by default their own.
    """

    file = PublishedFile("cifar10", "cifar-10-binary.tar.gz", "c32a1d4ab5d03f1284b67883e8d87530", MIRRORS)
    batches: ClassVar = {"train": r"data_batch_\d+\.bin", "test": r"test_batch\.bin"}
    label_bytes = 1

    def label_names(self) -> str:
        """The member of the archive that names the classes."""
        return "batches.meta.txt"


@origin("downloaded when first used", "cifar100")
class Cifar100(Cifar):
    """60,000 colour photographs of 32×32 pixels in 100 classes (Krizhevsky, 2009), 10,000 for the test.

    Args:
        labels: the 100 fine classes, or the 20 coarse ones that group them by five.
        size: height and width to which the pictures are brought, in pixels; by default their own.
    """

    file = PublishedFile("cifar100", "cifar-100-binary.tar.gz", "03b5dce01913d631647c71ecec9e9cb8", MIRRORS)
    batches: ClassVar = {"train": r"train\.bin", "test": r"test\.bin"}
    label_bytes = 2  # coarse, fine

    def __init__(self, labels: Literal["fine", "coarse"] = "fine", size: Size = None) -> None:
        super().__init__(size)
        self.labels = labels

    def label_column(self) -> int:
        """Which of the label bytes is the class."""
        return ("coarse", "fine").index(self.labels)

    def label_names(self) -> str:
        """The member of the archive that names the classes."""
        return f"{self.labels}_label_names.txt"
