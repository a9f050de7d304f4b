"""Pictures and their labels from a CSV file."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from io import TextIOWrapper
from pathlib import Path
from typing import Any

from paribus.cache.archive import unpacked
from paribus.data.sources.images.decoding import SUFFIXES
from paribus.data.sources.images.entry import Entry
from paribus.data.sources.images.walk import walk
from paribus.data.splits import SPLIT_NAMES
from paribus.errors import DataError, nearest

MAX_BYTES = 256 << 20  # of a table


def find_csv(root: Path, labels: str) -> Path:
    """The CSV file as the user writes it: from the picture folder, or else from the current one."""
    path = next((path for path in (root / labels, Path(labels).expanduser()) if path.is_file()), None)
    if path is None:
        hint = f"write data.labels=folders, or the path of a CSV file, for instance {root / 'labels.csv'}"
        raise DataError("data.labels must be 'folders' or an existing CSV file", got=labels, hint=hint)
    return path


def from_csv(root: Path, path: Path, group: str | None) -> tuple[list[Entry], list[tuple[str, str]]]:
    """The pictures that a CSV file lists, and what is left out, with the reason.

    Raises:
        DataError: naming the line that is wrong, or the column that is missing.
    """
    entries: dict[str, Entry] = {}
    skipped: list[tuple[str, str]] = []
    for line, row in _rows(path, group):
        where = f"line {line} of {path.name}"
        entry = _entry(root, row, group, where)
        file = root / entry.name
        if not file.resolve().is_relative_to(root):
            skipped.append((entry.name, "lies outside of the folder"))
        elif not file.is_file():
            raise DataError(f"{where} names a file that does not exist", got=entry.name, hint=f"looked in {root}")
        elif entry.name in entries:
            raise DataError(f"{where} names a file for the second time", got=entry.name, hint="keep one row per file")
        else:
            entries[entry.name] = entry
    pictures = [name for name in walk(root)[0] if Path(name).suffix.lower() in SUFFIXES]
    unlisted = [(name, f"has no row in {path.name}") for name in pictures if name not in entries]
    return list(entries.values()), skipped + unlisted


def _rows(path: Path, group: str | None) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and columns of every row."""
    try:
        with unpacked(path, MAX_BYTES) as content, TextIOWrapper(content, "utf-8-sig", newline="") as file:
            header = file.readline()
            file.seek(0)
            reader = csv.DictReader(file, delimiter=max(",;\t", key=header.count), restval="")
            _check_columns(path, reader.fieldnames or [], group)
            for row in reader:
                yield reader.line_num, row
    except (UnicodeDecodeError, csv.Error, OSError) as error:
        hint = "save it as CSV with UTF-8 encoding"
        raise DataError(f"cannot read {path.name}: {error}", got=str(path), hint=hint) from error


def _check_columns(path: Path, columns: Iterable[str], group: str | None) -> None:
    columns = list(columns)
    for needed in ("path", "label"):
        if needed not in columns:
            raise DataError(f"{path.name} must have a column {needed!r}", got=", ".join(columns) or "an empty file")
    if group and group not in columns and "(" not in group:
        raise DataError(f"{path.name} has no column for data.group", got=group, hint=nearest(group, columns))
    for column in columns:  # other columns may be there, but not a misspelt one that would be ignored
        if "split" not in columns and get_close_matches(column.lower(), ["split"], cutoff=0.7):
            raise DataError(f"{path.name} has an unknown column", got=column, hint="did you mean 'split'?")


def _entry(root: Path, row: Mapping[str, Any], group: str | None, where: str) -> Entry:
    name = (row["path"] or "").strip().replace("\\", "/")
    label, split = (row["label"] or "").strip(), (row.get("split", "train") or "").strip()
    if not name or not label:
        missing = "path" if not name else "label"
        raise DataError(f"{where} has no {missing}", got=name, hint=f"fill in the {missing}, or delete the row")
    if split.lower() not in SPLIT_NAMES:
        raise DataError(f"{where} has an unknown split", got=split, hint="write train, validation or test")
    column = (row.get(group) or "").strip() if group else ""
    if group in row and not column:
        raise DataError(f"{where} has no {group}", got=name, hint="every row needs a group")
    name = Path(os.path.relpath(root / name, root)).as_posix()  # one spelling for each file
    return Entry(name, label, SPLIT_NAMES[split.lower()], column)
