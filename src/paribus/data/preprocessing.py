"""Tables: what their columns are, and how they become numbers for a network; all that is fitted, on training rows only.

A table is stored as it was read: (N, F) float32, NaN where a value is missing, categories as the index of their name.
What a network sees of it depends on which rows train, so it is computed for each run by :func:`fit`, recorded with its
data, and applied by the network itself: a prediction, an export and a resumed run get the very same numbers.

Rules are those of scikit-learn's ``SimpleImputer``, ``StandardScaler``, ``RobustScaler`` and ``OneHotEncoder``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Impute = Literal["median", "mean", "most_frequent"]
TableScale = Literal["standard", "robust", "none"]


@dataclass(frozen=True)
class TableColumn:
    """A column of a table that networks see.

    Args:
        name: of the column.
        categories: their names by index; none where the column holds numbers.
    """

    name: str
    categories: tuple[str, ...] = ()

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> TableColumn:
        """Back from plain data."""
        return cls(content["name"], tuple(content.get("categories", ())))


@dataclass(frozen=True)
class Wishes:
    """How columns are to become numbers.

    Args:
        impute: what takes the place of a missing number; that of a category is always the most frequent one.
        scale: of numbers: to mean 0 and deviation 1; by median and quartiles; or none.
        indicators: whether a further input says where a value was missing.
        rare: categories with fewer training rows than this share one input, and so do unknown ones.
    """

    impute: Impute = "median"
    scale: TableScale = "standard"
    indicators: bool = False
    rare: int = 1


@dataclass(frozen=True)
class Preprocessing:
    """How the columns of a table become the inputs of a network; see :func:`fit`.

    Args:
        inputs: names of what the network sees: numbers, then categories, then indicators.
        fill: of each column, the number or the index that takes the place of a missing value.
        centre, spread: of each column of numbers, what is taken off and what it is divided by.
        slots: of each column of categories, and each index with one more for unknown names: the input that is 1 then,
            counted from the first one of categories; −1 where all are 0.
        indicators: columns of which an input says that they were missing.
    """

    inputs: tuple[str, ...]
    fill: tuple[float, ...]
    centre: tuple[float, ...]
    spread: tuple[float, ...]
    slots: tuple[tuple[int, ...], ...]
    indicators: tuple[int, ...] = ()

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> Preprocessing:
        """Back from plain data."""
        names = ("inputs", "fill", "centre", "spread", "indicators")
        slots = tuple(tuple(row) for row in content.get("slots", ()))
        return cls(**{name: tuple(content.get(name, ())) for name in names}, slots=slots)


@dataclass(frozen=True)
class TableInfo:
    """Of a table.

    Args:
        columns: those that networks see, in the order in which they are stored.
        targets: names of the columns that are predicted.
        notes: what was noticed while it was read: columns left out, rows without a target.
        wishes: how its columns are to become numbers.
        fitted: how they do, by the training rows; ``None`` before the rows are split.
    """

    columns: tuple[TableColumn, ...]
    targets: tuple[str, ...]
    notes: tuple[str, ...] = ()
    wishes: Wishes = Wishes()
    fitted: Preprocessing | None = None

    @classmethod
    def read(cls, content: Mapping[str, Any]) -> TableInfo:
        """Back from plain data."""
        fitted = content.get("fitted")
        return cls(
            columns=tuple(map(TableColumn.read, content["columns"])),
            targets=tuple(content["targets"]),
            notes=tuple(content.get("notes", ())),
            wishes=Wishes(**content.get("wishes", {})),
            fitted=Preprocessing.read(fitted) if fitted else None,
        )

    def on(self, rows: NDArray[np.float32]) -> TableInfo:
        """The same, fitted on the training rows (n, F)."""
        return replace(self, fitted=fit(rows, self.columns, self.wishes))


def fit(rows: NDArray[np.float32], columns: Sequence[TableColumn], wishes: Wishes) -> Preprocessing:
    """What turns columns into inputs, from training rows alone.

    Args:
        rows: (n, F) as they are stored.
        columns: (F,) what they hold.
        wishes: how it is to be done.
    """
    found = [_column(rows[:, place].astype(np.float64), column, wishes) for place, column in enumerate(columns)]
    numbers = [place for place, column in enumerate(columns) if not column.categories]
    categories = [place for place, column in enumerate(columns) if column.categories]
    gaps = tuple(np.flatnonzero(np.isnan(rows).any(0)).tolist()) if wishes.indicators else ()
    names, slots = [columns[place].name for place in numbers], []
    for place in categories:
        slots.append(tuple(slot + len(names) - len(numbers) if slot >= 0 else -1 for slot in found[place].slots))
        names += found[place].names
    return Preprocessing(
        inputs=(*names, *(f"{columns[place].name} is missing" for place in gaps)),
        fill=tuple(one.fill for one in found),
        centre=tuple(found[place].centre for place in numbers),
        spread=tuple(found[place].spread for place in numbers),
        slots=tuple(slots),
        indicators=gaps,
    )


@dataclass(frozen=True)
class _Fitted:
    """What is known of one column."""

    fill: float
    centre: float = 0.0
    spread: float = 1.0
    slots: tuple[int, ...] = ()
    names: tuple[str, ...] = ()


def _column(values: NDArray[np.float64], column: TableColumn, wishes: Wishes) -> _Fitted:
    present = values[~np.isnan(values)]
    if column.categories:
        return _categories(present.astype(np.int64), column, wishes.rare)
    fill = _filling(present, wishes.impute)
    whole = np.where(np.isnan(values), fill, values)  # scaled as it will be seen, imputed values and all
    if wishes.scale == "robust":
        low, middle, high = np.percentile(whole, (25, 50, 75)).tolist()
        return _Fitted(fill, middle, high - low or 1.0)
    if wishes.scale == "standard":
        return _Fitted(fill, float(whole.mean()), _deviation(whole))
    return _Fitted(fill)


def _deviation(values: NDArray[np.float64]) -> float:
    """The deviation; 1 of a constant column, whose mean need not be exact."""
    found = float(values.std())
    return found if found > 1e-12 * max(1.0, float(np.abs(values).max())) else 1.0


def _filling(present: NDArray[np.float64], impute: Impute) -> float:
    """What stands for a missing number; of several most frequent ones the smallest, and 0 where there are none."""
    if not len(present):
        return 0.0
    if impute == "most_frequent":
        values, counts = np.unique(present, return_counts=True)
        return float(values[counts.argmax()])
    return float(np.median(present) if impute == "median" else present.mean())


def _categories(codes: NDArray[np.int64], column: TableColumn, rare: int) -> _Fitted:
    """An input for each category that is frequent enough, and one for those that are rare, if there are such rows."""
    counts = np.bincount(codes, minlength=len(column.categories))
    own = np.flatnonzero(counts >= max(1, rare))
    other = bool(((counts > 0) & (counts < rare)).any())
    slots = np.full(len(column.categories) + 1, len(own) if other else -1)  # the last one is of unknown names
    slots[own] = np.arange(len(own))
    names = [f"{column.name}={column.categories[code]}" for code in own]
    fill = float(counts.argmax()) if len(codes) else 0.0
    return _Fitted(fill, slots=tuple(slots.tolist()), names=(*names, *([f"{column.name}=other"] if other else [])))
