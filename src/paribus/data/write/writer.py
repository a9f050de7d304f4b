"""How a source hands over its examples: chunk by chunk, straight to the disk."""

from __future__ import annotations

import io
import math
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import ArrayLike, DTypeLike, NDArray

from paribus import files
from paribus.cache.paths import cache_errors
from paribus.errors import DataError, RunError
from paribus.files import CHUNK_BYTES
from paribus.progress import Announce, silent

PARTS = ("train", "val", "test")

Array = NDArray[Any]


class Column:
    """A growing ``.npy`` file: rows are appended, and the header is completed at the end.

    The file is written, not mapped: mapped pages would count as memory of this process, and a full disk would
    kill it instead of raising an error.
    """

    def __init__(self, path: Path, dtype: DTypeLike, shape: Sequence[int] = ()) -> None:
        self.path, self.dtype, self.shape, self.rows = path, np.dtype(dtype), tuple(shape), 0
        self._file = path.open("wb")
        self._file.write(self._header())

    def append(self, rows: Array) -> None:
        """Write rows of shape (B, *shape)."""
        self._file.write(np.ascontiguousarray(rows, self.dtype).data)
        self.rows += len(rows)

    def finish(self) -> int:
        """Complete the header, flush to the disk, close; returns the size of the file in bytes."""
        self._file.seek(0)
        self._file.write(self._header())
        self._file.flush()
        os.fsync(self._file.fileno())
        self.close()
        return self.path.stat().st_size

    def close(self) -> None:
        """Close the file as it is; on a full disk what is not yet written is lost."""
        with suppress(OSError):
            self._file.close()

    def _header(self) -> bytes:
        buffer = io.BytesIO()  # NumPy pads the header so that its length does not depend on the number of rows
        shape = (self.rows, *self.shape)
        npy.write_array_header_1_0(
            buffer, {"descr": npy.dtype_to_descr(self.dtype), "fortran_order": False, "shape": shape}
        )
        return buffer.getvalue()


class Writer:
    """Receives all examples of a source in chunks: first training, then validation, then test examples.

    Args:
        folder: an empty folder for the files.
        progress: told how many examples have arrived.
    """

    def __init__(self, folder: Path, progress: Announce = silent) -> None:
        self.folder, self.progress = folder, progress
        self._columns: dict[str, Column] = {}
        self._parts: dict[str, int] = {}
        self._names: list[str] = []
        self._skipped: list[tuple[str, str]] = []

    def start(
        self,
        *,
        classes: Sequence[str],
        shape: Sequence[int],
        dtype: DTypeLike = "uint8",
        count: int = 0,
        target_shape: Sequence[int] = (),
        target_dtype: DTypeLike = "int64",
        quantities: bool = True,
        about: Mapping[str, Any] | None = None,
    ) -> None:
        """Say what is to come.

        Args:
            classes: names of the classes, by index; none where targets are no classes.
            shape: of one example: (C, H, W) for pictures, (F,) for features, (T,) for tokens.
            dtype: ``uint8`` for pictures, ``float32`` for features, an integer type for tokens.
            count: how many examples there will be at most, where that is known; for progress and disk space.
            target_shape: of one target: () for a class, (H, W) for a mask.
            target_dtype: ``int64`` for a class, ``uint8`` for masks.
            quantities: whether inputs are measured values, which networks scale; tokens are not.
            about: what else tasks and models must know, as plain data. ``ignore`` is a label that is no class.
        """
        self._classes, self._count, self._about = tuple(classes), count, dict(about or {})
        with cache_errors(self.folder):
            self._columns = {
                "inputs": Column(self.folder / "inputs.npy", dtype, shape),
                "targets": Column(self.folder / "targets.npy", target_dtype, target_shape),
            }
            if quantities:
                self._columns["moments"] = Column(self.folder / "moments.npy", np.float64, (shape[0], 2))
            if target_shape and classes:
                self._columns["counts"] = Column(self.folder / "counts.npy", np.int64, (len(classes),))
        self._check_space()

    def add(
        self,
        inputs: Array,
        targets: ArrayLike,
        part: str = "train",
        *,
        groups: ArrayLike | None = None,
        names: Sequence[str] = (),
    ) -> None:
        """Append a chunk of examples.

        Args:
            inputs: (B, *shape) of the dtype given to :meth:`start`.
            targets: (B, *target_shape) class indices, or zeros where nothing is to be predicted but the input.
            part: ``train``, ``validation`` or ``test``, in this order.
            groups: (B,) integers, examples that must not be separated; for all chunks or for none.
            names: (B,) file names; for all chunks or for none.
        """
        targets = np.asarray(targets, self._columns["targets"].dtype if self._columns else np.int64)
        self._check(inputs, targets, part)
        with cache_errors(self.folder):
            self._columns["inputs"].append(inputs)
            self._columns["targets"].append(targets)
            if "moments" in self._columns:
                for piece in _pieces(inputs):
                    self._columns["moments"].append(moments(piece))
            if "counts" in self._columns:
                self._columns["counts"].append(counts(targets, len(self._classes)))
            if groups is not None:
                self._groups().append(np.asarray(groups, np.int64))
        self._names += names
        self._parts[part] = self._parts.get(part, 0) + len(targets)
        self.progress("decoding", len(self), self._count)

    def skip(self, name: str, reason: str) -> None:
        """Note a file that is left out."""
        self._skipped.append((name, reason))

    def __len__(self) -> int:
        return sum(self._parts.values())

    def finish(self) -> dict[str, Any]:
        """Close all files and return the facts about them as plain data."""
        if not self._parts.get("train"):
            raise DataError("a data source must have training examples", got=str(self._parts))
        for label, rows in (("groups", self._rows("groups")), ("names", len(self._names))):
            if rows not in (0, len(self)):
                raise DataError(f"{label} are given for all examples or for none", got=f"{rows} of {len(self)}")
        with cache_errors(self.folder):
            files.write_json(self.folder / "names.json", self._names)
            sizes = {column.path.name: column.finish() for column in self._columns.values()}
        sizes["names.json"] = (self.folder / "names.json").stat().st_size
        return {
            "classes": self._classes,
            "official": dict(self._ranges()),
            "files": sizes,
            "skipped": self._skipped,
            "about": self._about,
        }

    def close(self) -> None:
        """Close all files as they are."""
        for column in self._columns.values():
            column.close()

    def _check(self, inputs: Array, targets: Array, part: str) -> None:
        if not self._columns:
            raise DataError("Writer.start comes before Writer.add")
        column = self._columns["inputs"]
        if inputs.dtype != column.dtype or inputs.shape != (len(targets), *column.shape):
            rule = f"inputs are {column.dtype} of shape (B, {', '.join(map(str, column.shape))}), targets (B,)"
            raise DataError(rule, got=f"{inputs.dtype} {inputs.shape}, targets {targets.shape}")
        self._check_targets(targets)
        if part not in PARTS[PARTS.index(list(self._parts)[-1]) if self._parts else 0 :]:
            raise DataError("examples come in the order train, validation, test", got=part)
        if inputs.dtype.kind == "f" and not np.isfinite(inputs).all():
            raise DataError("features must be finite numbers", hint="fill or drop the missing values first")

    def _check_targets(self, targets: Array) -> None:
        column = self._columns["targets"]
        if targets.shape[1:] != column.shape:
            raise DataError(f"targets have the shape (B, {', '.join(map(str, column.shape))})", got=str(targets.shape))
        known = targets[targets != self._about["ignore"]] if "ignore" in self._about else targets
        if self._classes and known.size and not 0 <= known.min() <= known.max() < len(self._classes):
            rule = f"class indices are 0 … {len(self._classes) - 1}"
            raise DataError(rule, got=f"{known.min()} … {known.max()}")

    def _check_space(self) -> None:
        column = self._columns["inputs"]
        needed = self._count * math.prod(column.shape) * column.dtype.itemsize
        free = shutil.disk_usage(self.folder).free
        if needed > free:
            raise RunError(
                f"the decoded data need {needed / 1e9:.1f} GB of disk space, {free / 1e9:.1f} GB are free",
                got=str(self.folder.parent),
                hint="free some space, or set PARIBUS_CACHE to a folder on another disk",
            )

    def _groups(self) -> Column:
        if "groups" not in self._columns:
            self._columns["groups"] = Column(self.folder / "groups.npy", np.int64)
        return self._columns["groups"]

    def _rows(self, column: str) -> int:
        return self._columns[column].rows if column in self._columns else 0

    def _ranges(self) -> Iterator[tuple[str, tuple[int, int]]]:
        start = 0
        for part, count in self._parts.items():
            yield part, (start, start + count)
            start += count


def moments(inputs: Array) -> NDArray[np.float64]:
    """Sum and sum of squares over the pixels: (B, C, *) → (B, C, 2) float64, exact for uint8."""
    values = inputs.reshape(*inputs.shape[:2], -1).astype(np.float64)  # (B, C, pixels)
    return np.stack([values.sum(-1), np.einsum("bcp,bcp->bc", values, values)], axis=-1)


def counts(targets: Array, classes: int) -> NDArray[np.int64]:
    """How often each class occurs in each example's targets: (B, …) → (B, classes); other labels do not count."""
    rows = targets.reshape(len(targets), -1)
    return np.stack([np.bincount(row[row < classes], minlength=classes) for row in rows]).astype(np.int64)


def _pieces(inputs: Array) -> Iterator[Array]:
    step = max(1, CHUNK_BYTES // 8 // max(1, math.prod(inputs.shape[1:])))
    for start in range(0, len(inputs), step):
        yield inputs[start : start + step]
