"""MNIST and its relatives, in the original idx format."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from paribus.cache.download import PublishedFile, obtain
from paribus.data.origin import origin
from paribus.data.originals import Originals, published
from paribus.data.sources.images.idx import pairs, shape_of
from paribus.data.sources.images.size import Size, resized, sized
from paribus.data.write.writer import Writer

PREFIXES = {"train": "train", "t10k": "test"}  # of the file names → split


class Idx:
    """A data set of four idx files: pictures and labels, for training and test.

    Args:
        size: height and width to which the pictures are brought, in pixels; by default their own.
    """

    name: ClassVar[str]
    classes: ClassVar[tuple[str, ...]]
    checksums: ClassVar[Mapping[str, str]]  # MD5 of each compressed file as published
    mirrors: ClassVar[tuple[str, ...]]

    def __init__(self, size: Size = None) -> None:
        self.size = size

    @property
    def decoding(self) -> Mapping[str, Any]:
        """How any other picture is read in the same way."""
        return {"size": self.size or 28, "colour": "grey", "fit": "pad"}

    def key(self) -> Mapping[str, Any]:
        """Nothing but the files and the size."""
        return sized(self.size)

    def originals(self) -> Originals:
        """The four files, known by their published checksums."""
        return published([self._file(name) for name in self.checksums])

    def write(self, cache: Writer) -> None:
        """Decode the training pictures, then the test pictures."""
        paths = obtain([self._file(name) for name in self.checksums], cache.progress)
        found = dict(zip(self.checksums, paths, strict=True))
        shapes = [shape_of(found[f"{prefix}-images-idx3-ubyte.gz"]) for prefix in PREFIXES]
        count = sum(shape[0] for shape in shapes)
        sides = shapes[0][1:] if self.size is None else (self.size, self.size)
        cache.start(classes=self.classes, shape=(1, *sides), count=count)
        for prefix, split in PREFIXES.items():
            pair = found[f"{prefix}-images-idx3-ubyte.gz"], found[f"{prefix}-labels-idx1-ubyte.gz"]
            for pictures, labels in pairs(*pair):
                cache.add(resized(pictures[:, None], self.size), labels, split)

    def _file(self, name: str) -> PublishedFile:
        return PublishedFile(self.name, name, self.checksums[name], self.mirrors)


@origin("downloaded when first used", "mnist")
class Mnist(Idx):
    """70,000 handwritten digits of 28×28 pixels (LeCun et al., 1998), 10,000 of them for the test.

    Args:
        size: height and width to which the pictures are brought, in pixels; by default their own.
    """

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


@origin("downloaded when first used", "fashion_mnist")
class FashionMnist(Idx):
    """70,000 pieces of clothing of 28×28 grey pixels (Xiao et al., 2017), 10,000 of them for the test.

    Args:
        size: height and width to which the pictures are brought, in pixels; by default their own.
    """

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
