"""Arrays as data: those of a NumPy file, and those that were handed over in Python."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from paribus.cache import paths
from paribus.data.origin import origin
from paribus.data.originals import Originals
from paribus.data.sources.arrays import npz
from paribus.data.sources.arrays.given import Given, given
from paribus.data.sources.arrays.values import Channels, Kind
from paribus.data.write.writer import Writer
from paribus.errors import DataError, MissingData


@origin("your own")
class Arrays:
    """Arrays of your own: an .npz file with inputs and targets, or in Python ``pb.Data(inputs, targets)``.

    Args:
        path: an .npz file, from the current folder or below PARIBUS_DATA, with arrays called inputs and targets, or as
            Keras and MedMNIST call them: x_train, y_train, train_images, train_labels, the same with val and test.
        content: SHA-256 of arrays that Python handed over; set by pb.Data.
        kind: what examples are, where their shape would be misread.
        channels: which axis of pictures holds the colours.
    """

    given: Given | None = None  # what Python handed over, until it is in the cache

    def __init__(
        self,
        path: str | None = None,
        content: str | None = None,
        kind: Kind = "auto",
        channels: Channels = "auto",
    ) -> None:
        self.path, self.content, self.kind, self.channels = path, content, kind, channels

    def key(self) -> Mapping[str, Any]:
        """What Python handed over, or how a file is read."""
        return {"content": self.content} if self.content else {"kind": self.kind, "channels": self.channels}

    def originals(self) -> Originals | None:
        """The one file; none where Python handed the arrays over."""
        if (self.path is None) == (self.content is None):
            got = "neither" if self.path is None else "both"
            hint = "write data=arrays data.path=FILE.npz, or in Python data=pb.Data(inputs, targets)"
            raise DataError("arrays come from a file or from Python", got=got, hint=hint)
        return Originals.of(self._file().parent, [self._file().name]) if self.path is not None else None

    def write(self, cache: Writer) -> None:
        """Store all examples."""
        self._given().write(cache)

    def _given(self) -> Given:
        if self.given is not None:
            return self.given
        if self.path is None:
            rule = "these arrays were handed over in Python, and are no longer in the cache"
            hint = "make pb.Data of the same arrays again, and go on"
            raise DataError(rule, got=f"content {self.content}", hint=hint)
        splits, further = npz.read(self._file())
        return given(
            splits,
            classes=further["classes"].tolist() if "classes" in further else None,
            names=further["names"].tolist() if "names" in further else (),
            groups=further.get("groups"),
            kind=self.kind,
            channels=self.channels,
        )

    def _file(self) -> Path:
        path = paths.find_folder(str(self.path))
        if not path.is_file():
            raise MissingData("data.path is an .npz file", got=str(path), hint="for pictures in folders: data=folder")
        return path
