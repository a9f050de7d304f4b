"""What is predicted in a table: classes, or numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from paribus.data.sources.table.columns import FEW, MANY, Found
from paribus.data.sources.table.reading import is_number
from paribus.errors import DataError

TargetKind = Literal["auto", "classes", "numbers"]


@dataclass(frozen=True)
class Target:
    """The column that is predicted.

    Args:
        name: of it.
        classes: names of the classes, by index; none of numbers.
        index: value as :func:`spelt` → class.
    """

    name: str
    classes: tuple[str, ...]
    index: Mapping[str, int]

    def values(self, cells: Sequence[str], lines: Sequence[int], file: str) -> NDArray[np.float64]:
        """The classes, or the numbers, that cells hold.

        Raises:
            DataError: naming the line of one that holds neither.
        """
        known = {cell: self._value(cell) for cell in set(cells)}
        found = np.fromiter((known[cell] for cell in cells), np.float64, len(cells))
        if (wrong := np.isnan(found)).any():
            place = int(wrong.argmax())
            raise self._refused(cells[place], lines[place], file)
        return found

    def _value(self, cell: str) -> float:
        if self.classes:
            return self.index.get(spelt(cell), math.nan)
        return float(cell) if is_number(cell) and math.isfinite(float(cell)) else math.nan

    def _refused(self, cell: str, line: int, file: str) -> DataError:
        if self.classes:
            rule = f"line {line:,} of {file} has a target that data.classes puts into no class"
            return DataError(rule, got=cell, hint=f"the classes hold {', '.join(self.index)}")
        rule = f"line {line:,} of {file}, column {self.name!r}, holds text where the number to predict should be"
        return DataError(rule, got=cell, hint="correct it, add it to data.missing, or set data.target_kind=classes")


def target_of(column: Found, kind: TargetKind, classes: Mapping[str, Sequence[str | int | float]], file: str) -> Target:
    """What a column says that is to be predicted.

    Args:
        column: it.
        kind: what is wished; auto takes text and few whole numbers for classes.
        classes: name → the values that belong to it; by default each value is a class.
        file: its name.

    Raises:
        DataError: for a column with one value, too many for classes, or none.
    """
    if not column.present:
        raise DataError(f"the target column {column.name!r} of {file} holds no values", got=f"{column.rows:,} rows")
    if not column.many and len({spelt(value) for value in column.counts}) == 1:
        hint = "there is nothing to learn; choose another data.target"
        got = next(iter(column.counts))
        raise DataError(f"the target column {column.name!r} of {file} holds one value only", got=got, hint=hint)
    if classes:
        index = {spelt(value): place for place, values in enumerate(classes.values()) for value in values}
        return Target(column.name, tuple(classes), index)
    if kind == "numbers" or (kind == "auto" and not _few(column)):
        return Target(column.name, (), {})
    if column.many:
        hint = "is it a number to predict (task.use=regression), or text?"
        rule = f"the target column {column.name!r} of {file} holds more than {MANY:,} classes"
        raise DataError(rule, got=f"{column.present:,} values", hint=hint)
    names = sorted({spelt(value) for value in column.counts}, key=_order)
    return Target(column.name, tuple(names), {name: place for place, name in enumerate(names)})


def _few(column: Found) -> bool:
    """Whether the values look like classes: text, or few whole numbers."""
    if column.numbers < column.present:
        return True
    return column.whole and not column.many and len(column.counts) <= FEW


def spelt(value: str | int | float) -> str:
    """A value as the name of a class: whole numbers without decimals, so that 1 and 1.0 are one."""
    text = str(value).strip()
    if is_number(text) and float(text).is_integer():
        return str(int(float(text)))
    return text


def _order(name: str) -> tuple[bool, float, str]:
    """Numbers by their size, then words by the alphabet."""
    return (not is_number(name), float(name) if is_number(name) else 0.0, name)
