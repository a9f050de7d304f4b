"""A table as it stands in a file: rows of text with the line they came from, in chunks, so that a million rows fit."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from io import TextIOWrapper
from itertools import chain, islice
from pathlib import Path
from typing import Any, Literal, NamedTuple

from paribus.cache.archive import check_unpacked, unpacked
from paribus.errors import DataError

CHUNK = 20_000  # rows that are turned into columns at a time
MAX_BYTES = 2 << 30  # of a table, unpacked
MAX_COLUMNS = 10_000
SEPARATORS = ",;\t|"

Header = Literal["auto", "yes", "no"]


class Chunk(NamedTuple):
    """Some rows of a table.

    Args:
        lines: where each of them stands in the file, from 1.
        columns: of each column its cells, without spaces around them.
    """

    lines: list[int]
    columns: list[list[str]]


@dataclass(frozen=True)
class TableFile:
    """A file that holds a table.

    Args:
        path: of a CSV file, plain or with gzip, whose fields are separated by commas, semicolons, tabs or bars; or of
            a Parquet file.
        header: whether its first line names the columns; auto takes it for names where no cell of it is a number.
        names: of the columns, where the file has none, or others are wished.
    """

    path: Path
    header: Header = "auto"
    names: Sequence[str] = ()

    @property
    def columns(self) -> list[str]:
        """The names of the columns; ``column 1``, ``column 2``, … where nobody named them.

        Raises:
            DataError: for an empty file, another number of names than of columns, or a name that stands there twice.
        """
        if self._is_parquet:
            with self._parquet() as file:
                return self._named(list(file.schema_arrow.names), True)
        with self._text() as (_, first, _):
            return self._named(first, self._has_header(first))

    def chunks(self) -> Iterator[Chunk]:
        """All rows; empty lines are none.

        Raises:
            DataError: naming the line that has more or fewer fields than there are columns.
        """
        width = len(self.columns)
        yield from self._parquet_chunks() if self._is_parquet else self._csv_chunks(width)

    def _csv_chunks(self, width: int) -> Iterator[Chunk]:
        with self._text() as (lines, first, separator):
            reader = csv.reader(lines, delimiter=separator)
            if self._has_header(first):
                next(reader)
            rows = ((reader.line_num, row) for row in reader if row)
            while some := list(islice(rows, CHUNK)):
                numbers, cells = [number for number, _ in some], [row for _, row in some]
                if set(map(len, cells)) != {width}:
                    self._refuse_width(numbers, cells, width)
                yield Chunk(numbers, [[cell.strip() for cell in column] for column in zip(*cells, strict=True)])

    def _parquet_chunks(self) -> Iterator[Chunk]:
        line = 1
        with self._parquet() as file:
            for batch in file.iter_batches(CHUNK):
                columns = [
                    ["" if cell is None else str(cell).strip() for cell in one.to_pylist()] for one in batch.columns
                ]
                yield Chunk(list(range(line, line + len(batch))), columns)
                line += len(batch)

    def _refuse_width(self, lines: Sequence[int], rows: Sequence[Sequence[str]], width: int) -> None:
        line, row = next((line, row) for line, row in zip(lines, rows, strict=True) if len(row) != width)
        rule = f"line {line:,} of {self.path.name} has {'more' if len(row) > width else 'fewer'} fields than columns"
        hint = "put quotation marks around what holds a separator, or complete the row"
        raise DataError(rule, got=f"{len(row)} instead of {width}: {', '.join(row)[:80]}", hint=hint)

    @property
    def _is_parquet(self) -> bool:
        return self.path.suffix.lower() in (".parquet", ".pq")

    @contextmanager
    def _text(self) -> Iterator[tuple[Iterator[str], list[str], str]]:
        """The lines of the file, with the fields of the first one and what separates them."""
        try:
            check_unpacked(self.path, MAX_BYTES)
            with unpacked(self.path, MAX_BYTES) as content, TextIOWrapper(content, "utf-8-sig", newline="") as file:
                line = file.readline()
                separator = max(SEPARATORS, key=line.count)
                first = [cell.strip() for cell in next(csv.reader([line], delimiter=separator), [])]
                yield chain([line], file), first, separator
        except (UnicodeDecodeError, csv.Error, OSError, EOFError) as error:
            hint = "give the path of a CSV file with UTF-8 encoding, plain or with gzip, or of a Parquet file"
            raise DataError(f"cannot read {self.path.name}: {error}", got=str(self.path), hint=hint) from error

    @contextmanager
    def _parquet(self) -> Iterator[Any]:
        try:
            from pyarrow import ArrowException
            from pyarrow.parquet import ParquetFile
        except ImportError:
            hint = "pip install 'paribus[parquet]'"
            raise DataError(
                "Parquet is read by pyarrow, which is not installed", got=self.path.name, hint=hint
            ) from None
        try:
            with ParquetFile(self.path) as file:
                yield file
        except (ArrowException, OSError) as error:
            raise DataError("this is no Parquet file", got=f"{self.path.name}: {str(error).splitlines()[0]}") from None

    def _has_header(self, first: Sequence[str]) -> bool:
        if self.header != "auto":
            return self.header == "yes"
        return not any(map(is_number, first)) and all(first)

    def _named(self, first: Sequence[str], header: bool) -> list[str]:
        if not first:
            hint = "give a file with one row for each example"
            raise DataError(f"{self.path.name} is empty", got=str(self.path), hint=hint)
        if self.names and len(self.names) != len(first):
            rule = f"data.columns names every column of {self.path.name}"
            raise DataError(rule, got=f"{len(self.names)} names for {len(first)} columns")
        if len(first) > MAX_COLUMNS:
            raise DataError(f"a table has at most {MAX_COLUMNS:,} columns", got=f"{len(first):,} in {self.path.name}")
        names = list(self.names) or (list(first) if header else [f"column {at}" for at, _ in enumerate(first, 1)])
        if twice := [name for place, name in enumerate(names) if name in names[:place]]:
            hint = "give each column a name of its own, or set data.columns=[…]"
            raise DataError(f"two columns of {self.path.name} have the same name", got=twice[0], hint=hint)
        return names


def is_number(text: str) -> bool:
    """Whether a cell reads as a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True
