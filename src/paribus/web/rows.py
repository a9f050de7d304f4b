"""Rows of ``metrics.jsonl`` as columns: read once, and from there on only what was appended.

A run of a million rows is held as numbers, 8 bytes each, and never read twice.
"""

from __future__ import annotations

import json
import os
import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paribus.errors import ParibusError
from paribus.files import open_regular

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Column = NDArray[np.float64]

BLOCK = 1 << 22  # bytes that are read at a time
TAIL = 1 << 16  # bytes in which the last row is looked for
KEPT = 24  # runs whose rows are kept


class Rows:
    """The rows of one run so far.

    Args:
        path: the file, of one line of JSON for each row.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._clear()

    def _clear(self) -> None:
        self.count, self._offset, self._rest, self._file = 0, 0, b"", (0, 0)
        self._pieces: dict[str, list[tuple[int, Column]]] = {}  # name → (first row, values)

    def read(self) -> dict[str, Column]:
        """All columns, with NaN where a row lacks a figure; a last line that is torn waits until it is whole.

        Raises:
            ParibusError: if the file is no regular one.
        """
        with self._lock:
            self._catch_up()
            return {name: self._column(name) for name in self._pieces}

    def _catch_up(self) -> None:
        try:
            file = open_regular(self.path, error=ParibusError)
        except OSError:  # not begun, or deleted
            self._clear()
            return
        with file:
            found = os.fstat(file.fileno())
            if (found.st_dev, found.st_ino) != self._file or found.st_size < self._offset:
                self._clear()  # it was written anew: a training went back to its checkpoint
                self._file = (found.st_dev, found.st_ino)
            file.seek(self._offset)
            while block := file.read(BLOCK):
                self._offset += len(block)
                whole, _, self._rest = (self._rest + block).rpartition(b"\n")
                if whole:
                    self._take(whole)

    def _take(self, lines: bytes) -> None:
        """Take in whole lines."""
        columns, count = parse(lines)
        for name, values in columns.items():
            self._pieces.setdefault(name, []).append((self.count, values))
        self.count += count

    def _column(self, name: str) -> Column:
        import numpy as np

        pieces = self._pieces[name]
        if len(pieces) == 1 and len(pieces[0][1]) == self.count:
            return pieces[0][1]
        column = np.full(self.count, np.nan)
        for first, values in pieces:
            column[first : first + len(values)] = values
        self._pieces[name] = [(0, column)]
        return column


def parse(lines: bytes) -> tuple[dict[str, Column], int]:
    """Whole lines of JSON as columns of numbers, and how many rows they are; what is no row is left out.

    Lines that all have the same names, as those of one training do, are read at once: their names are cut out, and
    the numbers between them are one list.
    """
    found = _alike(lines)
    return found if found is not None else _one_by_one(lines)


def _alike(lines: bytes) -> tuple[dict[str, Column], int] | None:
    """Rows of the same names and only numbers; nothing where that is not what they are."""
    import numpy as np

    line = lines.partition(b"\n")[0]
    try:
        first = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not (isinstance(first, dict) and "epoch" in first and all(map(_is_plain, first.values()))):
        return None
    count = lines.count(b"\n") + 1
    if _skeleton(lines) != b"\n".join([_skeleton(line)] * count):
        return None
    text = lines
    for name in first:
        text = text.replace(json.dumps(name).encode() + b": ", b"")
    text = text.replace(b"}\n{", b", ").strip(b"{}").replace(b"null", b"nan")
    values = np.fromstring(text.decode("ascii", "replace"), dtype=np.float64, sep=",")
    if len(values) != count * len(first):
        return None
    table = values.reshape(count, len(first))
    return {name: np.ascontiguousarray(table[:, place]) for place, name in enumerate(first)}, count


def _skeleton(lines: bytes) -> bytes:
    """What is left of rows without their numbers."""
    return lines.replace(b"null", b"").translate(None, delete=b"0123456789.eE+-")


def _one_by_one(lines: bytes) -> tuple[dict[str, Column], int]:
    import numpy as np

    rows = [row for row in map(_row, lines.split(b"\n")) if row is not None]
    names = dict.fromkeys(name for row in rows for name in row)
    return {
        name: np.array([_number(row.get(name)) for row in rows], dtype=np.float64)
        for name in names
        if any(_is_number(row.get(name)) for row in rows)
    }, len(rows)


def _row(line: bytes) -> dict[str, Any] | None:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return row if isinstance(row, dict) and _is_number(row.get("epoch")) else None


def _is_plain(value: Any) -> bool:
    return value is None or _is_number(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _number(value: Any) -> float:
    return float(value) if _is_number(value) else float("nan")


def last_rows(path: Path, most: int) -> list[dict[str, Any]]:
    """The last whole rows of a file, without reading all of it."""
    try:
        with open_regular(path, error=ParibusError) as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(0, size - TAIL))
            lines = file.read().split(b"\n")[1 if size > TAIL else 0 : -1]
    except (OSError, ParibusError):
        return []
    return [row for line in lines[-most:] if (row := _row(line)) is not None]


class AllRows:
    """The rows of the runs that were asked for last."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._rows: OrderedDict[Path, Rows] = OrderedDict()

    def of(self, folder: Path) -> Rows:
        """Those of a run."""
        with self._lock:
            rows = self._rows.pop(folder, None) or Rows(folder / "metrics.jsonl")
            self._rows[folder] = rows
            while len(self._rows) > KEPT:
                self._rows.popitem(last=False)
            return rows
