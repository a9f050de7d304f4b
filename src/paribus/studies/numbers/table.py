"""A table of whatever origin: columns of plain values, and what its rows are called in messages."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from paribus.errors import EvidenceError, nearest

Column = list[Any]
"""Texts as a file has them, numbers, booleans, or ``None``."""
EMPTY = frozenset({"", "na", "n/a", "none", "null", "missing", "<na>"})  # texts that say that there is no value


@dataclass(frozen=True)
class Table:
    """Columns of the same length.

    Args:
        columns: name → its values.
        name: what the table is called: ``results``.
        rows: what each row is called in messages, counted as a spreadsheet does; 1, 2, … where empty.
        about: where it comes from, for the report.
        said: what was taken for what while it was read.
        padded: whether NaN stands where there is no value, as pandas has it in columns of different lengths.
    """

    columns: Mapping[str, Column]
    name: str
    rows: Sequence[int] = ()
    about: Mapping[str, Any] = field(default_factory=dict)
    said: tuple[str, ...] = ()
    padded: bool = False

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()), ()))

    def row(self, place: int) -> str:
        """What a row is called in a message."""
        return f"row {self.rows[place] if self.rows else place + 1:,}"

    def __getitem__(self, name: str) -> Column:
        if name in self.columns:
            return self.columns[name]
        hint = nearest(name, self.columns)
        if len(self.columns) == 1:
            hint += "; there is one column only: are they parted by commas, semicolons, tabs or bars?"
        raise EvidenceError("there is no such column", got=name, hint=hint)


def check_heads(heads: Sequence[str], where: str) -> None:
    """Refuse heads that name no column, or two columns alike."""
    if not any(heads):
        raise EvidenceError(f"{where} holds no table: it is empty", hint="the first line names the columns")
    if again := [name for name, number in Counter(heads).items() if number > 1]:
        rule = "two columns have the same name" if again[0] else "two columns have no name"
        raise EvidenceError(rule, got=again[0] or f"columns {_places(heads)}", hint="rename or drop one of them")
    if all(map(_is_number, heads)):
        raise EvidenceError(
            "the first line names the columns, and here it holds numbers", got=", ".join(heads[:8]), hint="add it"
        )


def _places(heads: Sequence[str]) -> str:
    return " and ".join(str(place) for place, name in enumerate(heads, 1) if not name)


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
