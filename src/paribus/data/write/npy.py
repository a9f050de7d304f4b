"""Arrays on disk that grow row by row."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import DTypeLike, NDArray

Array = NDArray[Any]


class NpyFile:
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


class RaggedFile:
    """Examples with rows of different number: all rows in one file, and in another where each example begins."""

    def __init__(self, path: Path, dtype: DTypeLike, shape: Sequence[int] = ()) -> None:
        self.values, self.offsets = NpyFile(path, dtype, shape), NpyFile(offsets_of(path), np.int64)
        self.offsets.append(np.zeros(1, np.int64))

    def append(self, examples: Sequence[Array]) -> None:
        """Write examples of shape (n, *shape) each."""
        start = self.values.rows
        self.values.append(np.concatenate(examples) if examples else np.empty((0, *self.values.shape)))
        self.offsets.append(start + np.cumsum([len(rows) for rows in examples], dtype=np.int64))


def offsets_of(path: Path) -> Path:
    """Where the examples of a ragged file begin: ``boxes.npy`` → ``boxes.offsets.npy``."""
    return path.with_suffix(".offsets.npy")
