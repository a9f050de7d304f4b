"""What people hold in Python → tables: frames of pandas and polars, Arrow tables, records, mappings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from paribus.errors import EvidenceError
from paribus.studies.numbers.reading import columns_of, read
from paribus.studies.numbers.table import Column, Table, check_heads

NAME = "these numbers"  # of a table that has no other
HINT = "give a frame, a list of records, a mapping {'a': [0.91, …], 'b': […]}, or the path of a file"


def table_of(given: Any, name: str | None = None) -> Table:
    """The table that somebody holds.

    Args:
        given: a path; a frame; a list of records; a mapping of columns, or of arms with their figures.
        name: what it is called; a file is called by its own name.

    Raises:
        EvidenceError: for anything else, and for columns of different lengths in a frame.
    """
    if isinstance(given, (str, Path)):
        found = read(Path(given))
        return found if name is None else Table(found.columns, name, found.rows, found.about, found.said)
    columns, padded = _columns(given)
    check_heads(list(columns), "what was given")
    table = Table(columns, name or NAME, padded=padded)
    if not len(table):
        raise EvidenceError("there is no row of figures", got=f"columns {', '.join(columns)}", hint=HINT)
    return Table(columns, table.name, (), {"rows": len(table)}, (), padded)


def _columns(given: Any) -> tuple[dict[str, Column], bool]:
    """Columns as lists, and whether NaN may stand where there is nothing."""
    if isinstance(given, Mapping):
        return _of_mapping(given), False
    if hasattr(given, "to_pydict"):  # of Arrow
        return dict(given.to_pydict()), False
    if hasattr(given, "reset_index"):  # of pandas, where seeds may be the index
        return _of_pandas(given), True
    if hasattr(given, "columns") and hasattr(given, "to_dict"):  # of polars
        return dict(given.to_dict(as_series=False)), False
    if isinstance(given, Sequence) and given and not isinstance(given, (str, bytes)):
        return columns_of(given, "what was given"), False
    raise EvidenceError("evidence is drawn from a table", got=type(given).__name__, hint=HINT)


def _of_mapping(given: Mapping[Any, Any]) -> dict[str, Column]:
    """Columns of a mapping: lists of values, or arms of which each seed has a figure: ``{"a": {0: 0.9, 1: 0.92}}``."""
    if given and all(isinstance(entry, Mapping) for entry in given.values()):
        seeds = dict.fromkeys(seed for entry in given.values() for seed in entry)
        by_arm = {str(arm): [entry.get(seed) for seed in seeds] for arm, entry in given.items()}
        return {"seed": list(seeds), **by_arm}
    return {str(name): _list(str(name), entry) for name, entry in given.items()}


def _of_pandas(frame: Any) -> dict[str, Column]:
    named = any(name is not None for name in frame.index.names)
    frame = frame.reset_index() if named else frame
    check_heads(list(map(str, frame.columns)), "the frame")
    return {str(name): _series(frame[name]) for name in frame.columns}


def _series(series: Any) -> Column:
    """A column of pandas; what is missing in one that holds no plain numbers is ``None``."""
    plain = isinstance(series.dtype, np.dtype) and series.dtype.kind in "fiub"
    return list((series if plain else series.astype(object).where(series.notna(), None)).tolist())


def _list(name: str, entry: Any) -> Column:
    listed = entry.tolist() if hasattr(entry, "tolist") else entry
    if isinstance(listed, (str, bytes, Mapping)) or not isinstance(listed, Sequence):
        raise EvidenceError(f"the figures of {name} are a list, one for each run", got=entry, hint=HINT)
    return list(listed)
