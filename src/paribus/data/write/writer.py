"""How a source hands over its examples: chunk by chunk, straight to the disk."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from paribus import files
from paribus.cache.paths import cache_errors
from paribus.data.columns import Column, kind_of
from paribus.data.metadata import Metadata
from paribus.data.splits import SPLITS
from paribus.data.write.npy import Array, NpyFile, RaggedFile
from paribus.errors import DataError, RunError
from paribus.files import CHUNK_BYTES
from paribus.progress import Announce, silent

Given: TypeAlias = "ArrayLike | Sequence[ArrayLike]"  # (B, …), or of a ragged column one (n, …) per example


class Writer:
    """Receives all examples of a source in chunks: first training, then validation, then test examples.

    Args:
        folder: an empty folder for the files.
        progress: told how many examples have arrived.
    """

    def __init__(self, folder: Path, progress: Announce = silent) -> None:
        self.folder, self.progress = folder, progress
        self._columns: dict[str, Column] = {}  # inputs, targets, targets.boxes, …
        self._stored: dict[str, NpyFile | RaggedFile] = {}
        self._extra: dict[str, NpyFile] = {}  # what is known of each example beside its inputs and targets
        self._splits: dict[str, int] = {}
        self._names: list[str] = []
        self._skipped: list[tuple[str, str]] = []

    def start(
        self,
        *,
        classes: Sequence[str],
        shape: Sequence[int] = (),
        dtype: DTypeLike = "uint8",
        count: int = 0,
        target_shape: Sequence[int] = (),
        target_dtype: DTypeLike = "int64",
        inputs: Mapping[str, Column] | None = None,
        targets: Mapping[str, Column] | None = None,
        quantities: bool = True,
        gaps: bool = False,
        metadata: Metadata | None = None,
    ) -> None:
        """Say what is to come: the shape and the type of inputs and targets, or, of several, the columns by name.

        Args:
            classes: names of the classes, by index; none where targets are no classes.
            shape: of one example: (C, H, W) for pictures, (F,) for features, (T,) for tokens.
            dtype: ``uint8`` for pictures, ``float32`` for features, an integer type for tokens.
            count: how many examples there will be at most, where that is known; for progress and disk space.
            target_shape: of one target: () for a class, (H, W) for a mask.
            target_dtype: ``int64`` for a class, ``uint8`` for masks.
            inputs: columns instead of ``shape`` and ``dtype``; networks get their values as they are, without scaling.
            targets: columns instead of ``target_shape`` and ``target_dtype``, for instance boxes and their labels.
            quantities: whether inputs are measured values, which networks scale; tokens are not.
            gaps: whether inputs may be NaN, where a value of a table is missing.
            metadata: what else tasks and models must know.
        """
        self._classes, self._count, self._metadata = tuple(classes), count, metadata or Metadata()
        self._gaps = gaps
        kind = kind_of(shape, target_shape, len(self._classes))
        alone = Column(np.dtype(dtype).name, tuple(shape))
        target = Column(np.dtype(target_dtype).name, tuple(target_shape), kind=kind)
        self._columns = {**_named("inputs", inputs, alone), **_named("targets", targets, target)}
        self._counted = next((name for name, column in self._columns.items() if _has_many(column)), None)
        with cache_errors(self.folder):
            for name, column in self._columns.items():
                form = RaggedFile if column.ragged else NpyFile
                self._stored[name] = form(self.folder / f"{name}.npy", column.dtype, column.shape)
            if quantities and shape:
                self._extra["moments"] = NpyFile(self.folder / "moments.npy", np.float64, (shape[0], 2))
            if self._counted and classes:
                self._extra["counts"] = NpyFile(self.folder / "counts.npy", np.int64, (len(classes),))
        self._check_space()

    def add(
        self,
        inputs: Given | Mapping[str, Given],
        targets: Given | Mapping[str, Given],
        split: str = "train",
        *,
        groups: ArrayLike | None = None,
        names: Sequence[str] = (),
    ) -> None:
        """Append a chunk of examples.

        Args:
            inputs: (B, *shape) of the dtype given to :meth:`start`; several by name; of a ragged column a list of
                (n, *shape), one for each example.
            targets: (B, *target_shape) class indices, or zeros where nothing is to be predicted but the input; several
                by name.
            split: ``train``, ``val`` or ``test``, in this order.
            groups: (B,) integers, examples that must not be separated; for all chunks or for none.
            names: (B,) file names; for all chunks or for none.
        """
        if not self._columns:
            raise DataError("Writer.start comes before Writer.add")
        chunk = {**self._arrays("inputs", inputs), **self._arrays("targets", targets)}
        self._check(chunk, split)
        with cache_errors(self.folder):
            for name, rows in chunk.items():
                self._stored[name].append(rows)
            if "moments" in self._extra:
                for piece in _pieces(chunk["inputs"]):
                    self._extra["moments"].append(moments(piece))
            if "counts" in self._extra:
                self._extra["counts"].append(counts(chunk[str(self._counted)], len(self._classes)))
            if groups is not None:
                self._groups().append(np.asarray(groups, np.int64))
        self._names += names
        self._splits[split] = self._splits.get(split, 0) + len(next(iter(chunk.values())))
        self.progress("decoding", len(self), self._count)

    def skip(self, name: str, reason: str) -> None:
        """Note a file that is left out."""
        self._skipped.append((name, reason))

    def __len__(self) -> int:
        return sum(self._splits.values())

    def finish(self) -> dict[str, Any]:
        """Close all files and return what is known of them as plain data."""
        if not self._splits.get("train"):
            raise DataError("a data source must have training examples", got=str(self._splits))
        groups = self._extra["groups"].rows if "groups" in self._extra else 0
        for label, rows in (("groups", groups), ("names", len(self._names))):
            if rows not in (0, len(self)):
                raise DataError(f"{label} are given for all examples or for none", got=f"{rows} of {len(self)}")
        with cache_errors(self.folder):
            files.write_json(self.folder / "names.json", self._names)
            sizes = {file.path.name: file.finish() for file in self._files()}
        sizes["names.json"] = (self.folder / "names.json").stat().st_size
        return {
            "classes": self._classes,
            "official": dict(self._ranges()),
            "columns": {name: asdict(column) for name, column in self._columns.items()},
            "files": sizes,
            "skipped": self._skipped,
            "metadata": self._metadata.plain(),
        }

    def close(self) -> None:
        """Close all files as they are."""
        for file in self._files():
            file.close()

    def _files(self) -> Iterator[NpyFile]:
        for stored in self._stored.values():
            yield from (stored.values, stored.offsets) if isinstance(stored, RaggedFile) else (stored,)
        yield from self._extra.values()

    def _arrays(self, side: str, given: Any) -> dict[str, Any]:
        """What was given for inputs or targets, by name of the column."""
        expected = [name for name in self._columns if name.partition(".")[0] == side]
        cast = side == "targets"  # lists of labels are welcome; inputs are as they will be stored
        if expected == [side]:
            return {side: _array(self._columns[side], given, cast)}
        if not isinstance(given, Mapping) or {f"{side}.{name}" for name in given} != set(expected):
            rule = f"{side} are given by name: " + ", ".join(name.partition(".")[2] for name in expected)
            raise DataError(rule, got=", ".join(given) if isinstance(given, Mapping) else type(given).__name__)
        return {f"{side}.{name}": _array(self._columns[f"{side}.{name}"], rows, cast) for name, rows in given.items()}

    def _check(self, chunk: Mapping[str, Any], split: str) -> None:
        count = len(next(iter(chunk.values())))
        for name, rows in chunk.items():
            self._check_column(name, rows, count)
            if owner := self._columns[name].of:
                owners = chunk[f"{name.partition('.')[0]}.{owner}"]
                if list(map(len, rows)) != list(map(len, owners)):
                    raise DataError(f"{name} has as many rows as {owner} in every example", got="another number")
        if split not in SPLITS[SPLITS.index(list(self._splits)[-1]) if self._splits else 0 :]:
            raise DataError("examples come in the order train, val, test", got=split)

    def _check_column(self, name: str, rows: Any, count: int) -> None:
        column = self._columns[name]
        shape = ", ".join(map(str, ("n" if column.ragged else "B", *column.shape)))
        for array in rows if column.ragged else (rows,):
            if array.dtype != column.dtype or array.shape[1:] != column.shape:
                raise DataError(f"{name} are {column.dtype} of shape ({shape})", got=f"{array.dtype} {array.shape}")
            if array.dtype.kind == "f" and not self._finite(name, array):
                raise DataError("features must be finite numbers", hint="fill or drop the missing values first")
            if column.kind in ("class", "mask") and self._classes and array.size:
                self._check_classes(array)
        if len(rows) != count:
            raise DataError(f"{name} have the shape (B, …), B as for inputs", got=f"{len(rows)} of {count}")

    def _finite(self, name: str, array: Array) -> bool:
        """Whether all values are numbers, or missing where they may be."""
        if self._gaps and name == "inputs":
            return not np.isinf(array).any()
        return bool(np.isfinite(array).all())

    def _check_classes(self, labels: Array) -> None:
        ignore = self._metadata.ignore
        known = labels if ignore is None else labels[labels != ignore]
        if known.size and not 0 <= known.min() <= known.max() < len(self._classes):
            rule = f"class indices are 0 … {len(self._classes) - 1}"
            raise DataError(rule, got=f"{known.min()} … {known.max()}")

    def _check_space(self) -> None:
        inputs = [column for name, column in self._columns.items() if name.partition(".")[0] == "inputs"]
        needed = self._count * sum(math.prod(it.shape) * np.dtype(it.dtype).itemsize for it in inputs)
        free = shutil.disk_usage(self.folder).free
        if needed > free:
            raise RunError(
                f"the decoded data need {needed / 1e9:.1f} GB of disk space, {free / 1e9:.1f} GB are free",
                got=str(self.folder.parent),
                hint="free some space, or set PARIBUS_CACHE to a folder on another disk",
            )

    def _groups(self) -> NpyFile:
        if "groups" not in self._extra:
            self._extra["groups"] = NpyFile(self.folder / "groups.npy", np.int64)
        return self._extra["groups"]

    def _ranges(self) -> Iterator[tuple[str, tuple[int, int]]]:
        start = 0
        for split, count in self._splits.items():
            yield split, (start, start + count)
            start += count


def moments(inputs: Array) -> NDArray[np.float64]:
    """Sum and sum of squares over the pixels: (B, C, *) → (B, C, 2) float64, exact for uint8."""
    values = inputs.reshape(*inputs.shape[:2], -1).astype(np.float64)  # (B, C, pixels)
    return np.stack([values.sum(-1), np.einsum("bcp,bcp->bc", values, values)], axis=-1)


def counts(targets: Sequence[Array] | Array, classes: int) -> NDArray[np.int64]:
    """How often each class occurs in each example's targets: (B, …) → (B, classes); other labels do not count."""
    rows = [np.ravel(one) for one in targets]
    return np.stack([np.bincount(row[row < classes], minlength=classes) for row in rows]).astype(np.int64)


def _named(side: str, columns: Mapping[str, Column] | None, alone: Column) -> dict[str, Column]:
    """The columns of inputs or targets by the names of their files."""
    if columns is None:
        return {side: alone}
    for name, column in columns.items():
        if not name.isidentifier():
            raise DataError("the name of a column is one word", got=name)
        if column.of and not (column.of in columns and columns[column.of].ragged):
            raise DataError(f"{name} belongs to the rows of a ragged column", got=column.of)
    return {f"{side}.{name}": column for name, column in columns.items()}


def _has_many(column: Column) -> bool:
    """Whether an example has a class at many places: pixels, tokens, boxes."""
    return column.kind in ("class", "mask") and (column.ragged or bool(column.shape))


def _array(column: Column, given: Any, cast: bool) -> Any:
    """An array, or a list of arrays for a ragged column."""
    if column.ragged:
        single = Column(column.dtype, column.shape)
        return [
            _array(single, rows, cast) if len(rows) else np.empty((0, *column.shape), column.dtype) for rows in given
        ]
    return np.asarray(given, column.dtype if cast else None)


def _pieces(inputs: Array) -> Iterator[Array]:
    step = max(1, CHUNK_BYTES // 8 // max(1, math.prod(inputs.shape[1:])))
    for start in range(0, len(inputs), step):
        yield inputs[start : start + step]
