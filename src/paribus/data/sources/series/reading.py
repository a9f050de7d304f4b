"""A series as it stands in a CSV file: times and numbers, each with the line it came from."""

from __future__ import annotations

import csv
import math
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from io import TextIOWrapper
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from paribus.cache.archive import check_unpacked, unpacked
from paribus.data.sources.series.frequency import Times
from paribus.errors import DataError, nearest

MAX_BYTES = 256 << 20  # of a table, unpacked
MAX_EMPTY = 1_000_000  # empty lines
MISSING = frozenset({"", "na", "nan", "null", "none", "?"})


@dataclass(frozen=True)
class Layout:
    """Which columns of a file mean what.

    Args:
        time: the column of the times.
        targets: columns to be forecast.
        exogenous: further columns that the network sees.
        series: the column that names the series, where a file holds several.
    """

    time: str
    targets: tuple[str, ...]
    exogenous: tuple[str, ...] = ()
    series: str | None = None

    @property
    def columns(self) -> tuple[str, ...]:
        """All columns of numbers, the targets first."""
        return (*self.targets, *self.exogenous)


@dataclass(frozen=True)
class Table:
    """The rows of one series in the order of the file.

    Args:
        name: of the series; empty where there is only one.
        times: (n,) datetime64[s].
        values: (n, F) float64, NaN where a value is missing.
        lines: (n,) where each row stands in the file.
    """

    name: str
    times: Times
    values: NDArray[np.float64]
    lines: NDArray[np.int64]


def read(path: Path, layout: Layout, since: str | None = None) -> list[Table]:
    """All series of a CSV file (or ``.csv.gz``), by name.

    Args:
        path: the file; fields are separated by commas, semicolons or tabs.
        layout: what the columns mean.
        since: leave out everything before this time.

    Raises:
        DataError: naming the line and the column that cannot be read, or the column that is missing.
    """
    earliest = _time(since, "data.since") if since else None
    found: dict[str, _Rows] = {}
    for line, row in _rows(path, layout):
        time = _time(row[layout.time], f"line {line} of {path.name}, column {layout.time!r}")
        if earliest is None or time >= earliest:
            values = [_number(row[name], f"line {line} of {path.name}, column {name!r}") for name in layout.columns]
            rows = found.setdefault(row[layout.series].strip() if layout.series else "", _Rows())
            rows.lines.append(line)
            rows.times.append(int(time.astype(np.int64)))
            rows.values.extend(values)
    if not found:
        raise DataError(f"{path.name} holds no rows" + (f" since {since}" if since else ""), got=str(path))
    return [_table(name, rows, len(layout.columns)) for name, rows in sorted(found.items())]


@dataclass
class _Rows:
    """The rows of a series while they are read, in as many bytes as their numbers have."""

    lines: array[int] = field(default_factory=lambda: array("q"))
    times: array[int] = field(default_factory=lambda: array("q"))  # seconds since 1970
    values: array[float] = field(default_factory=lambda: array("d"))


def _table(name: str, rows: _Rows, columns: int) -> Table:
    times = np.array(rows.times, np.int64).astype("datetime64[s]")
    return Table(name, times, np.array(rows.values).reshape(-1, columns), np.array(rows.lines, np.int64))


def _rows(path: Path, layout: Layout) -> Any:
    """Line number and columns of every row."""
    try:
        check_unpacked(path, MAX_BYTES)
        with unpacked(path, MAX_BYTES) as content, TextIOWrapper(content, "utf-8-sig", newline="") as file:
            header = file.readline()
            reader = csv.DictReader(
                _with_few_gaps(file, path), _fields(header), delimiter=_separator(header), restval=""
            )
            _check_columns(path, reader.fieldnames or [], layout)
            for row in reader:
                yield reader.line_num + 1, row
    except (UnicodeDecodeError, csv.Error, OSError, EOFError) as error:
        hint = "give the path of a CSV file with UTF-8 encoding, plain or with gzip"
        raise DataError(f"cannot read {path.name}: {error}", got=str(path), hint=hint) from error


def _with_few_gaps(lines: Iterable[str], path: Path) -> Iterator[str]:
    """The lines of a file, among them not endlessly many that are empty."""
    empty = 0
    for line in lines:
        if line in ("\n", "\r\n", "\r"):
            empty += 1
            if empty > MAX_EMPTY:
                hint = "remove the empty lines"
                raise DataError(f"{path.name} holds more than {MAX_EMPTY:,} empty lines", got=str(path), hint=hint)
        yield line


def _fields(header: str) -> list[str]:
    return [name.strip() for name in next(csv.reader([header], delimiter=_separator(header)), [])]


def _separator(header: str) -> str:
    return max(",;\t", key=header.count)


def _check_columns(path: Path, columns: Sequence[str], layout: Layout) -> None:
    series = (layout.series,) if layout.series else ()
    for needed in (layout.time, *layout.columns, *series):
        if needed not in columns:
            raise DataError(f"{path.name} has no column of this name", got=needed, hint=nearest(needed, columns))
    if len(set(layout.columns)) < len(layout.columns):
        raise DataError("a column is either a target or exogenous, and named once", got=", ".join(layout.columns))


def _time(text: str, where: str) -> np.datetime64:
    """A time without its zone: what the clock on the wall showed."""
    from datetime import datetime

    try:
        return np.datetime64(datetime.fromisoformat(text.strip()).replace(tzinfo=None), "s")
    except ValueError:
        _refuse(f"{where} is not a time", text, "write 2024-12-31, or 2024-12-31 23:00:00")


def _number(text: str, where: str) -> float:
    if text.strip().lower() in MISSING:
        return math.nan
    try:
        value = float(text)
    except ValueError:
        value = math.inf
    if math.isinf(value):
        _refuse(f"{where} is not a number", text, "correct it, or leave it empty and set data.gaps=fill")
    return value


def _refuse(rule: str, got: str, hint: str) -> NoReturn:
    raise DataError(rule, got=got, hint=hint)
