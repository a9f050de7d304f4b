"""Rows of ``metrics.jsonl`` as columns: read once, and from there on only what was appended.

A run of a million rows is held as numbers, 8 bytes each, and never read twice.
"""

from __future__ import annotations

import json
import os
import threading
from collections import OrderedDict
from collections.abc import Callable
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
LONG = 32 << 20  # bytes that take a moment to read
GLANCES, GLANCE = 800, 2048  # places of a long file that are looked at first, and bytes at each


class Rows:
    """The rows of one run so far.

    Args:
        path: the file, of one line of JSON for each row.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock, self._glancing, self._reading = threading.Lock(), threading.Lock(), False
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

    def glance(self, whole: Callable[[], None]) -> dict[str, Column] | None:
        """Some rows from all over a file that takes long to read; nothing where it does not, or is read already.

        Args:
            whole: called when it has been read, which begins now, in a thread.
        """
        size = self.path.stat().st_size if self.path.is_file() else 0
        if size - self._offset < LONG or self.path.is_symlink():
            return None
        with self._glancing:
            if not self._reading:
                self._reading = True
                threading.Thread(target=self._read_whole, args=(whole,), daemon=True).start()
        return glance(self.path, size)

    def _read_whole(self, whole: Callable[[], None]) -> None:
        try:
            self.read()
        finally:
            self._reading = False
            whole()

    def _catch_up(self) -> None:
        try:
            file = open_regular(self.path, error=ParibusError, links=False)
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
    """Whole lines of JSON as columns of numbers, and how many rows they are; what is no row is left out."""
    from pydantic_core import from_json

    try:
        rows = from_json(b"[" + lines.replace(b"\n", b",") + b"]")  # several times as fast as line by line
    except ValueError:  # one of them is torn, or foreign
        rows = [row for line in lines.split(b"\n") if (row := _read(line)) is not None]
    if not (rows and type(rows[0]) is dict and "epoch" in rows[0]):
        return _loosely(rows)
    try:
        columns = {name: _strictly([row[name] for row in rows]) for name in rows[0]}
    except (KeyError, TypeError, ValueError):
        return _loosely(rows)
    return (columns, len(rows)) if all(len(row) == len(columns) for row in rows) else _loosely(rows)


def _strictly(values: list[Any]) -> Column:
    """A column of numbers and gaps.

    Raises:
        TypeError: for anything else, such as a text that looks like a number.
    """
    import numpy as np

    if set(map(type, values)) - {float, int, type(None)}:
        raise TypeError
    return np.array(values, dtype=np.float64)


def _loosely(found: list[Any]) -> tuple[dict[str, Column], int]:
    """Rows of any names, of which only numbers are taken."""
    import numpy as np

    rows = [row for row in found if _is_row(row)]
    names = dict.fromkeys(name for row in rows for name, value in row.items() if _is_number(value))
    columns = {name: np.array([_number(row.get(name)) for row in rows], dtype=np.float64) for name in names}
    return columns, len(rows)


def _read(line: bytes) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _is_row(row: Any) -> bool:
    return isinstance(row, dict) and _is_number(row.get("epoch"))


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _number(value: Any) -> float:
    return float(value) if _is_number(value) else float("nan")


def glance(path: Path, size: int) -> dict[str, Column]:
    """Rows from places all over a long file, in their order."""
    import numpy as np

    pieces = []
    with open_regular(path, error=ParibusError, links=False) as file:
        for place in range(GLANCES):
            file.seek(place * max(0, size - GLANCE) // max(1, GLANCES - 1))
            lines = file.read(GLANCE).split(b"\n")[1 if place else 0 : -1]
            if lines:
                pieces.append(parse(b"\n".join(lines))[0])
    names = dict.fromkeys(name for piece in pieces for name in piece)
    empty = [np.full(len(piece["epoch"]) if "epoch" in piece else 0, np.nan) for piece in pieces]
    return {
        name: np.concatenate([piece.get(name, gap) for piece, gap in zip(pieces, empty, strict=True)]) for name in names
    }


def last_rows(path: Path, most: int) -> list[dict[str, Any]]:
    """The last whole rows of a file, without reading all of it."""
    try:
        with open_regular(path, error=ParibusError, links=False) as file:
            size = os.fstat(file.fileno()).st_size
            file.seek(max(0, size - TAIL))
            lines = file.read().split(b"\n")[1 if size > TAIL else 0 : -1]
    except (OSError, ParibusError):
        return []
    return [row for line in lines[-most:] if _is_row(row := _read(line))]


class LastRows:
    """The last row of every run that is not over, read again only where its file has changed."""

    def __init__(self) -> None:
        self._read: dict[str, tuple[tuple[int, int], dict[str, Any] | None]] = {}

    def of(self, path: str) -> dict[str, Any] | None:
        """That of a file."""
        try:
            found = os.stat(path)  # noqa: PTH116  lists ask for thousands
        except OSError:
            return None
        mark = (found.st_mtime_ns, found.st_size)
        known = self._read.get(path)
        if known is None or known[0] != mark:
            rows = last_rows(Path(path), 1)
            self._read[path] = known = (mark, rows[0] if rows else None)
        return known[1]


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
