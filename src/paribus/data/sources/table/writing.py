"""A table as it stands in a file → rows of numbers, as they are stored."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from paribus.data.metadata import Metadata
from paribus.data.preprocessing import TableColumn, TableInfo
from paribus.data.sources.table.columns import Found, Kind, Layout, gaps_in, kinds, no_number, plain_numbers
from paribus.data.sources.table.reading import Chunk, TableFile, is_number
from paribus.data.sources.table.targets import TargetKind, spelt, target_of
from paribus.data.write.writer import Writer
from paribus.errors import DataError
from paribus.records.store import uncollected

LARGEST = float(np.finfo(np.float32).max)
Cells = Mapping[str, Sequence[str]]  # of some rows, by the name of their column


@uncollected()
def write(
    cache: Writer,
    file: TableFile,
    layout: Layout,
    found: Sequence[Found],
    target_kind: TargetKind,
    classes: Mapping[str, Sequence[str | int | float]],
) -> None:
    """Write the rows of a table whose columns were looked at; those without a target are left out, and counted.

    Raises:
        DataError: naming line and column of what cannot be learned from.
    """
    name, by_name = file.path.name, {column.name: column for column in found}
    if layout.group and (column := by_name[layout.group]).missing:
        raise DataError(f"every row of {name} needs a group", got=f"{layout.group}: none in {column.where}")
    chosen, notes = kinds(found, layout, name)
    columns = columns_of(chosen, by_name)
    targets = [
        target_of(by_name[one], target_kind if len(layout.targets) == 1 else "numbers", classes, name)
        for one in layout.targets
    ]
    notes += [
        f"rows without {one} are left out: {by_name[one].missing:,}, {by_name[one].where}"
        for one in layout.targets
        if by_name[one].missing
    ]
    cache.start(
        classes=targets[0].classes,
        shape=(len(columns),),
        dtype="float32",
        count=found[0].rows,
        target_shape=() if len(targets) == 1 else (len(targets),),
        target_dtype="int64" if targets[0].classes else "float32",
        quantities=False,
        gaps=True,
        metadata=Metadata(table=TableInfo(columns, layout.targets, tuple(notes))),
    )
    groups: dict[str, int] = {}
    for chunk in file.chunks():
        whole = _with_target(chunk, [column.name for column in found], layout)
        cells = dict(zip((column.name for column in found), whole.columns, strict=True))
        if not whole.lines:
            continue
        answers = np.array([one.values(cells[one.name], whole.lines, name) for one in targets]).T  # (n, targets)
        cache.add(
            inputs_of(cells, whole.lines, columns, layout.missing, layout.zeros, name),
            answers[:, 0] if len(targets) == 1 else answers,
            groups=[groups.setdefault(one, len(groups)) for one in cells[layout.group]] if layout.group else None,
        )


def columns_of(chosen: Mapping[str, Kind], found: Mapping[str, Found]) -> tuple[TableColumn, ...]:
    """The columns that networks see, with the names of their categories."""
    numbers = [TableColumn(name) for name, kind in chosen.items() if kind == "number"]
    categories = [
        TableColumn(name, tuple(sorted({spelt(value) for value in found[name].counts})))
        for name, kind in chosen.items()
        if kind == "category"
    ]
    order = {name: place for place, name in enumerate(chosen)}
    return tuple(sorted((*numbers, *categories), key=lambda column: order[column.name]))


def inputs_of(
    cells: Cells,
    lines: Sequence[int],
    columns: Sequence[TableColumn],
    missing: Collection[str],
    zeros: Collection[str],
    file: str,
) -> NDArray[np.float32]:
    """Rows as they are stored (n, F): numbers, indices of categories, NaN where a value is missing.

    A category that has no index gets the next one, which is that of unknown names.

    Raises:
        DataError: naming line and column of a text where a number should be.
    """
    rows = np.empty((len(lines), len(columns)), np.float32)
    for place, column in enumerate(columns):
        some = cells[column.name]
        if column.categories:
            different = set(some)
            gaps = gaps_in(different, missing)
            index = {name: code for code, name in enumerate(column.categories)}
            codes = {cell: math.nan if cell in gaps else index.get(spelt(cell), len(index)) for cell in different}
            rows[:, place] = [codes[cell] for cell in some]
        else:
            rows[:, place] = _numbers(some, missing, lines, column.name, file)
            if column.name in zeros:
                rows[rows[:, place] == 0, place] = math.nan
    return rows


def _numbers(
    cells: Sequence[str], missing: Collection[str], lines: Sequence[int], column: str, file: str
) -> NDArray[np.float32]:
    if (values := plain_numbers(cells, missing)) is None:
        gaps = gaps_in(set(cells), missing)
        known = {
            cell: math.nan if cell in gaps else float(cell) if is_number(cell) else math.inf for cell in set(cells)
        }
        values = np.array([known[cell] for cell in cells])
    wrong = np.abs(values) > LARGEST
    if wrong.any():
        place = int(wrong.argmax())
        raise no_number(lines[place], cells[place], column, file)
    return values.astype(np.float32)


def _with_target(chunk: Chunk, names: Sequence[str], layout: Layout) -> Chunk:
    """The rows that have all targets."""
    columns = [chunk.columns[names.index(one)] for one in layout.targets]
    gaps = gaps_in(set().union(*columns), layout.missing)
    if not gaps:
        return chunk
    keep = [not gaps.intersection(answers) for answers in zip(*columns, strict=True)]
    lines = [line for line, kept in zip(chunk.lines, keep, strict=True) if kept]
    return Chunk(lines, [[cell for cell, kept in zip(one, keep, strict=True) if kept] for one in chunk.columns])
