"""Rows brought to a regular grid: repeated times made one, missing ones filled, everything else refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from paribus.data.sources.series.frequency import Frequency, Times, infer
from paribus.data.sources.series.reading import Layout, Table
from paribus.errors import DataError

Gaps = Literal["refuse", "fill", "fill-any"]
Duplicates = Literal["refuse", "mean", "first"]


@dataclass(frozen=True)
class Regular:
    """One series, a row for every step.

    Args:
        name: of the series.
        offset: the step of its first row, counted alike in all series.
        times: (n,) datetime64[s].
        values: (n, F) float64, finite.
        duplicates: rows that repeated a time and were merged.
        missing: steps that had no row and were filled in.
        empty: single values that were missing and were filled in.
    """

    name: str
    offset: int
    times: Times
    values: NDArray[np.float64]
    duplicates: int = 0
    missing: int = 0
    empty: int = 0


def regular(table: Table, layout: Layout, file: str, gaps: Gaps, duplicates: Duplicates) -> tuple[Regular, Frequency]:
    """A series on its grid, and how often it was measured.

    Filled values lie on the straight line between their neighbours in time. Where gaps are filled, rows at either end
    that lack a target are left out, for nothing lies on both sides of them.

    Args:
        table: the rows.
        layout: what their columns mean.
        file: name of the file, for messages.
        gaps: whether steps without a row, and missing values, are filled in; ``fill`` refuses to make up more rows
            than there are, as one wrong year would, ``fill-any`` does not.
        duplicates: what becomes of rows with the same time.

    Raises:
        DataError: with the file and the line of the first row that cannot stay as it is.
    """
    columns = layout.columns
    if gaps != "refuse":
        table = _trimmed(table, len(layout.targets))
    _require_order(table, file)
    first = np.concatenate([[True], table.times[1:] != table.times[:-1]])
    repeated = np.flatnonzero(~first)
    if len(repeated) and duplicates == "refuse":
        row = repeated[0]
        rule = f"line {table.lines[row]} of {file} repeats the time of the line before ({len(repeated)} such rows)"
        raise DataError(rule, got=_said(table.times[row]), hint="set data.duplicates=mean or data.duplicates=first")
    values = _merged(table.values, first) if duplicates == "mean" else table.values[first]
    times, lines = table.times[first], table.lines[first]
    frequency = infer(times)
    _require_grid(times, lines, frequency, file)
    steps = frequency.steps(times)
    if gaps == "refuse":
        _require_whole(times, lines, steps, values, columns, file)
    if gaps == "fill":
        _require_more_known(times, lines, steps, file)
    whole, filled = _filled(steps, values, columns, file)
    every = np.concatenate([times[:1], frequency.after(times[0], len(whole) - 1)])
    missing = len(whole) - len(steps)
    empty = int(np.isnan(values).sum())
    return Regular(table.name, int(steps[0]), every, filled, len(repeated), missing, empty), frequency


def require_variation(values: NDArray[np.float64], columns: Sequence[str], file: str) -> None:
    """Refuse columns that never change: nothing can be learned from them, or about them."""
    constant = np.flatnonzero(values.max(0) == values.min(0))
    if len(constant):
        column = columns[constant[0]]
        hint = f"leave the column {column!r} out"
        raise DataError(f"column {column!r} of {file} is constant", got=f"{values[0, constant[0]]:g}", hint=hint)


def _trimmed(table: Table, targets: int) -> Table:
    """Without the rows before the first and behind the last that have all targets."""
    whole = np.flatnonzero(~np.isnan(table.values[:, :targets]).any(1))
    if not len(whole):
        return table
    kept = slice(whole[0], whole[-1] + 1)
    return Table(table.name, table.times[kept], table.values[kept], table.lines[kept])


def _require_order(table: Table, file: str) -> None:
    back = np.flatnonzero(np.diff(table.times).astype(np.int64) < 0)
    if len(back):
        row = back[0] + 1
        rule = f"line {table.lines[row]} of {file} goes back in time"
        got = f"{_said(table.times[row])} after {_said(table.times[row - 1])}"
        raise DataError(rule, got=got, hint="sort the rows by time; several series need data.series=COLUMN")


def _require_grid(times: Times, lines: NDArray[np.int64], frequency: Frequency, file: str) -> None:
    wrong = np.flatnonzero(frequency.off_grid(times))
    if len(wrong):
        rule = f"line {lines[wrong[0]]} of {file} lies between the steps of a series that is {frequency.name}"
        raise DataError(
            rule, got=_said(times[wrong[0]]), hint="give every row a time that is a whole step from the first"
        )


def _require_whole(
    times: Times,
    lines: NDArray[np.int64],
    steps: NDArray[np.int64],
    values: NDArray[np.float64],
    columns: Sequence[str],
    file: str,
) -> None:
    gaps = np.flatnonzero(np.diff(steps) > 1)
    if len(gaps):
        row, missing = gaps[0] + 1, int(steps[-1] - steps[0] + 1 - len(steps))
        rule = f"before line {lines[row]} of {file} rows are missing ({missing} missing times in all)"
        got = f"{_said(times[row])} after {_said(times[row - 1])}"
        raise DataError(
            rule, got=got, hint="set data.gaps=fill to put them on a straight line between their neighbours"
        )
    empty = np.argwhere(np.isnan(values))
    if len(empty):
        row, column = empty[0]
        rule = f"line {lines[row]} of {file} has no value in column {columns[column]!r} ({len(empty)} missing values)"
        raise DataError(
            rule, got=_said(times[row]), hint="set data.gaps=fill, data.since=TIME, or leave the column out"
        )


def _require_more_known(times: Times, lines: NDArray[np.int64], steps: NDArray[np.int64], file: str) -> None:
    """Refuse to make up more rows than there are: one wrong year in a time would."""
    missing = int(steps[-1] - steps[0] + 1 - len(steps))
    if missing > len(steps):
        row = int(np.diff(steps).argmax()) + 1
        rule = (
            f"filling the gaps of {file} would make up {missing:,} rows beside the {len(steps):,} that there are; the "
            f"longest gap stands before line {lines[row]}: is a time wrong there?"
        )
        got = f"{_said(times[row])} after {_said(times[row - 1])}"
        raise DataError(
            rule, got=got, hint="correct the time, or set data.gaps=fill-any if the gap is meant to be filled"
        )


def _merged(values: NDArray[np.float64], first: NDArray[np.bool_]) -> NDArray[np.float64]:
    """Means over rows with the same time."""
    owner = np.cumsum(first) - 1
    sums = np.zeros((int(owner[-1]) + 1, values.shape[1]))
    np.add.at(sums, owner, values)
    means: NDArray[np.float64] = sums / np.bincount(owner)[:, None]
    return means


def _filled(
    steps: NDArray[np.int64], values: NDArray[np.float64], columns: Sequence[str], file: str
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    whole = np.arange(steps[0], steps[-1] + 1)
    filled = np.empty((len(whole), values.shape[1]))
    for column, name in enumerate(columns):
        known = ~np.isnan(values[:, column])
        if not known[0] or not known[-1]:  # nothing lies on both sides
            end = "beginning" if not known[0] else "end"
            hint = "set data.since to a later time, or leave the column out"
            raise DataError(
                f"column {name!r} of {file} is empty at its {end}", got=f"{(~known).sum()} empty", hint=hint
            )
        filled[:, column] = np.interp(whole, steps[known], values[known, column])
    return whole, filled


def _said(time: np.datetime64) -> str:
    return str(time).replace("T", " ")
