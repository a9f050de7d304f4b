"""Files of figures → tables: CSV, TSV, JSON, JSON lines, Parquet.

A million rows take seconds, so whole chunks are moved at a time, and no row is looked at alone unless it is wrong.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, islice
from pathlib import Path
from typing import Any

from paribus.errors import DataError, EvidenceError, MissingData
from paribus.files import open_regular, sha256_of
from paribus.records.store import uncollected
from paribus.studies.numbers.table import Column, Table, check_heads

CHUNK = 50_000  # rows that are turned into columns at a time
SIGNS = ",;\t|"  # that part columns
EXTRA = "pip install 'paribus[parquet]'"


@uncollected()
def read(path: Path) -> Table:
    """The table in a file, whose ending says its format.

    Raises:
        MissingData: if there is no file.
        DataError: if it cannot be read as what it is called.
        EvidenceError: if what is read is no table.
    """
    reader = READERS.get(path.suffix.lower())
    if reader is None:
        raise DataError(
            "the ending of a file says how it is read", got=path.name, hint=f"known are {', '.join(READERS)}"
        )
    try:
        table = reader(path)
        about = {"file": path.name, "SHA-256": sha256_of(path), "rows": len(table)}
    except FileNotFoundError:
        raise MissingData("there is no such file", got=str(path), hint="give the path of a file of figures") from None
    if not table.columns or not len(table):
        raise EvidenceError("this file holds no row of figures", got=str(path), hint="one row for each run")
    return Table(table.columns, path.stem, table.rows, about, table.said)


def _csv(path: Path) -> Table:
    text = _text(path)
    sign = _sign(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=sign, strict=True)
    try:
        heads = [head.strip() for head in next(reader, [])]
        check_heads(heads, path.name)
        columns, rows = _columns(reader, heads)
    except csv.Error as error:
        got = f"{path.name}, line {reader.line_num}: {error}"
        raise DataError("this line is no row of CSV", got=got, hint="is a quotation mark left open?") from None
    unnamed = [name for name in heads[:1] if not name]  # the index that pandas writes
    return Table({name: column for name, column in columns.items() if name not in unnamed}, path.stem, rows)


def _columns(reader: Iterator[list[str]], heads: Sequence[str]) -> tuple[dict[str, Column], Sequence[int]]:
    """The columns behind the heads, and the numbers of the rows; empty lines are no rows."""
    columns: list[Column] = [[] for _ in heads]
    blank: list[int] = []
    first = 2  # the heads are row 1
    while chunk := list(islice(reader, CHUNK)):
        whole = [row for row in chunk if row]
        if len(whole) < len(chunk):
            blank += [number for number, row in enumerate(chunk, first) if not row]
        try:
            cells = list(zip(*whole, strict=True))
        except ValueError:
            cells = []
        if whole and len(cells) != len(heads):
            number, row = next((at, row) for at, row in enumerate(chunk, first) if row and len(row) != len(heads))
            got = f"row {number:,} has {len(row)} cells, the first line {len(heads)}"
            raise EvidenceError("every row has a cell for each column", got=got, hint="quote what holds a comma")
        for column, of_column in zip(columns, cells, strict=False):
            column.extend(of_column)
        first += len(chunk)
    skipped = set(blank)
    rows = [number for number in range(2, first) if number not in skipped] if blank else range(2, first)
    return dict(zip(heads, columns, strict=True)), rows


def _sign(text: str) -> str:
    """What parts columns: the sign of which the first line has most."""
    head = text[: text.find("\n")] if "\n" in text else text
    return max(SIGNS, key=head.count)


def _jsonl(path: Path) -> Table:
    lines = _text(path).splitlines()
    numbers = [number for number, line in enumerate(lines, 1) if line.strip()]
    written = [lines[number - 1] for number in numbers]
    said: tuple[str, ...] = ()
    try:
        records = json.loads(f"[{','.join(written)}]")
        if len(records) != len(written):
            raise ValueError
    except (ValueError, RecursionError):
        records, torn = _line_by_line(written, numbers, path)
        if torn:
            said = (f"The last line of {path.name} is torn, and is left out.",)
    return Table(columns_of(records, path.name), path.stem, numbers[: len(records)], said=said)


def _line_by_line(lines: Sequence[str], numbers: Sequence[int], path: Path) -> tuple[list[Any], bool]:
    """All records up to the last line, which may be torn; another one may not."""
    records = []
    for number, line in zip(numbers, lines, strict=True):
        try:
            records.append(json.loads(line))
        except (ValueError, RecursionError):
            if number == numbers[-1]:
                return records, True
            raise DataError("this line is no JSON", got=f"{path.name}, line {number}: {line[:80]}") from None
    return records, False


def _json(path: Path) -> Table:
    try:
        content = json.loads(_text(path))
    except (ValueError, RecursionError) as error:
        raise DataError("this is no JSON", got=f"{path.name}: {error}", hint="one object a line is .jsonl") from None
    if isinstance(content, Mapping) and all(isinstance(entry, list) for entry in content.values()):
        return Table(dict(content), path.stem)
    if not isinstance(content, list):
        hint = 'write [{"arm": "a", "seed": 0, "accuracy": 0.9}, …] or {"a": [0.9, …], "b": […]}'
        raise EvidenceError("this is no table", got=f"{path.name}: {type(content).__name__}", hint=hint)
    return Table(columns_of(content, path.name), path.stem)


def columns_of(records: Sequence[Any], where: str) -> dict[str, Column]:
    """Columns of records; one inside another is flattened: ``{"config": {"lr": 1}}`` has a column ``config.lr``."""
    if not all(issubclass(kind, Mapping) for kind in set(map(type, records))):
        wrong = next(record for record in records if not isinstance(record, Mapping))
        hint = 'write each one like {"arm": "a", "seed": 0, "accuracy": 0.9}'
        raise EvidenceError(f"every record of {where} names its values", got=wrong, hint=hint)
    heads = dict.fromkeys(chain.from_iterable(records))
    columns: dict[str, Column] = {str(head): [record.get(head) for record in records] for head in heads}
    for head in [head for head, column in columns.items() if _holds_records(column)]:
        inner = [cell if isinstance(cell, Mapping) else {} for cell in columns.pop(head)]
        columns |= {f"{head}.{name}": column for name, column in columns_of(inner, where).items()}
    return columns


def _holds_records(column: Column) -> bool:
    return any(issubclass(kind, Mapping) for kind in set(map(type, column)))


def _parquet(path: Path) -> Table:
    try:
        from pyarrow import ArrowException
        from pyarrow.parquet import read_table
    except ImportError:
        raise DataError("Parquet is read by pyarrow, which is not installed", got=path.name, hint=EXTRA) from None
    path.stat()  # says as of other files that it is missing
    try:
        content = read_table(path)
    except (ArrowException, OSError) as error:
        raise DataError("this is no Parquet file", got=f"{path.name}: {str(error).splitlines()[0]}") from None
    check_heads(content.column_names, path.name)
    return Table(content.to_pydict(), path.stem)


def _text(path: Path) -> str:
    """The text of a file, which is UTF-8."""
    with open_regular(path) as file:
        content = file.read()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        name = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "latin1"
        hint = f"save it as UTF-8: iconv -f {name} -t utf-8 {path.name} > utf8-{path.name}"
        raise DataError("this file is no UTF-8 text", got=f"{path.name}, line {line}", hint=hint) from None


READERS: dict[str, Callable[[Path], Table]] = {
    ".csv": _csv,
    ".tsv": _csv,
    ".txt": _csv,
    ".jsonl": _jsonl,
    ".ndjson": _jsonl,
    ".json": _json,
    ".parquet": _parquet,
}
