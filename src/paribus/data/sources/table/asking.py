"""Rows of another table, for which a trained network is asked: read as those of its training were."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from paribus.data.info import DataInfo
from paribus.data.preprocessing import TableInfo
from paribus.data.sources.table.columns import MISSING
from paribus.data.sources.table.reading import TableFile
from paribus.data.sources.table.writing import inputs_of
from paribus.errors import DataError, nearest


def rows_of(path: Path, info: DataInfo) -> tuple[Tensor, list[int]]:
    """The rows of a table (n, F) as they are stored, and the line of each; targets may stand there or not.

    Raises:
        DataError: for a table without a column that the network was trained on, or with text where numbers should be.
    """
    table, how = info.table, info.decoding
    assert table is not None, "networks that were trained on a table are asked"
    if not path.is_file():
        raise DataError("there is no such file", got=str(path), hint="give the path of a table")
    file = _named(TableFile(path, how.get("header", "auto")), tuple(how.get("columns", ())), table)
    names = file.columns
    for column in table.columns:
        if column.name not in names:
            rule = f"{path.name} lacks a column that the network was trained on"
            raise DataError(rule, got=column.name, hint=nearest(column.name, names))
    missing = frozenset(text.strip().lower() for text in how.get("missing", MISSING))
    pieces, lines = [], []
    for chunk in file.chunks():
        cells = dict(zip(names, chunk.columns, strict=True))
        zeros = how.get("zeros_missing", ())
        pieces.append(inputs_of(cells, chunk.lines, table.columns, missing, zeros, path.name))
        lines += chunk.lines
    if not pieces:
        raise DataError(f"{path.name} holds no rows", got=str(path), hint="give one row for each example")
    return torch.from_numpy(np.concatenate(pieces)), lines


def _named(file: TableFile, columns: tuple[str, ...], table: TableInfo) -> TableFile:
    """The file with the names that training gave to its columns, where it has none of its own."""
    inputs = tuple(column.name for column in table.columns)
    if {*inputs} <= {*file.columns}:
        return file
    width = len(file.columns)
    known = (columns, tuple(name for name in columns if name not in table.targets), inputs)
    names = next((some for some in known if len(some) == width), ())
    return TableFile(file.path, file.header, names) if columns else file
