"""Tables of figures that other programs write: CSV, TSV, JSON and JSON lines → rows."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from paribus import files
from paribus.commands.source import Row
from paribus.errors import RunError

MOST_BYTES = 1 << 28  # of a table


def read(path: Path) -> list[Row]:
    """The rows of a table, in their order; rows of one ``epoch`` are one, for some programs write each figure apart.

    Args:
        path: a file whose ending says what it is.

    Raises:
        RunError: if it is missing, too large, or cannot be read.
    """
    try:
        content = files.read_regular(path, MOST_BYTES, RunError)
    except OSError as error:
        raise RunError(f"cannot read {path.name}: {error.strerror}", got=str(path)) from None
    text = content.decode("utf-8-sig", "replace")
    rows = list(_READERS[path.suffix](text, path))
    if not rows:
        raise RunError(f"{path.name} has no rows", got=str(path))
    return _by_epoch(rows)


def _comma_separated(text: str, path: Path) -> Iterator[Row]:
    head = text.partition("\n")[0]
    separator = "\t" if path.suffix == ".tsv" else max(",;\t", key=head.count)
    csv.field_size_limit(1 << 20)
    try:
        lines = csv.reader(io.StringIO(text), delimiter=separator, skipinitialspace=True)
        header = [name.strip() for name in next(lines, [])]
        for cells in lines:
            if cells and [cell.strip() for cell in cells] != header:  # some write it again when they go on
                yield {name: _number(cell) for name, cell in zip(header, cells, strict=False) if name}
    except csv.Error as error:
        raise RunError(f"cannot read {path.name}: {error}", got=str(path)) from None


def _json(text: str, path: Path) -> Iterator[Row]:
    """One row, or where lists stand, a row for each of their entries."""
    try:
        columns = dict(_leaves(json.loads(text)))
    except (ValueError, RecursionError) as error:
        raise RunError(f"cannot read {path.name}: {error}", got=str(path)) from None
    single = {name: values for name, values in columns.items() if not isinstance(values, list)}
    length = max((len(values) for values in columns.values() if isinstance(values, list)), default=0)
    for place in range(length):
        yield {
            name: values[place] if place < len(values) else None
            for name, values in columns.items()
            if isinstance(values, list)
        }
    if single:
        yield single


def _json_lines(text: str, path: Path) -> Iterator[Row]:
    for line in text.splitlines():
        try:
            content = json.loads(line)
        except (ValueError, RecursionError):  # torn, or no figures
            continue
        if isinstance(content, dict):
            yield {name: value for name, value in _leaves(content) if not isinstance(value, list)}


_READERS: dict[str, Callable[[str, Path], Iterator[Row]]] = {
    ".csv": _comma_separated,
    ".tsv": _comma_separated,
    ".json": _json,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
}


def _leaves(content: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Numbers by dotted path; a list of numbers, or of objects that hold some, is a column of each."""
    if isinstance(content, Mapping):
        for key, value in content.items():
            yield from _leaves(value, f"{name}.{key}" if name else str(key))
    elif isinstance(content, list) and all(isinstance(entry, Mapping) for entry in content):
        rows = [dict(_leaves(entry)) for entry in content]
        for key in dict.fromkeys(key for row in rows for key in row):
            yield (f"{name}.{key}" if name else key), [_scalar(row.get(key)) for row in rows]
    elif isinstance(content, list):
        yield name, [_scalar(entry) for entry in content]
    else:
        yield name, _scalar(content)


def _scalar(value: Any) -> float | None:
    """A number as it stands in JSON; text may hold one, as where a library knows no NaN."""
    if isinstance(value, str):
        return _number(value)
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _by_epoch(rows: Sequence[Row]) -> list[Row]:
    """One row for each epoch, if all rows have one: of two values for the same figure the later."""
    epochs = [row.get("epoch") for row in rows]
    if any(epoch is None or math.isnan(epoch) for epoch in epochs):
        return list(rows)
    merged: dict[float | None, Row] = {}
    for epoch, row in zip(epochs, rows, strict=True):
        known = {name: value for name, value in row.items() if value is not None}
        merged[epoch] = {**row, **merged.get(epoch, {}), **known}
    return list(merged.values())
