"""What a table holds, before anything is trained on it: its columns, what is missing, what gives the target away."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paribus.data import trees
from paribus.data.dataset import Dataset
from paribus.data.preprocessing import TableColumn
from paribus.data.sources.table.columns import Found, kinds, look
from paribus.data.sources.table.table import Table
from paribus.data.sources.table.targets import target_of
from paribus.progress import Announce, silent

GIVEN_AWAY = 0.99  # area under the ROC curve, or rank correlation, of a single column
EACH = 10  # rows for each category, from which its share of a class says something
SHOWN = 5  # values that are shown of a column


@dataclass(frozen=True)
class TableColumnSurvey:
    """One column.

    Args:
        name: of it.
        kind: number, category, target, group, or why it is left out.
        missing: share of the rows.
        values: the most frequent categories, or the smallest and the largest number.
    """

    name: str
    kind: str
    missing: float
    values: str


@dataclass(frozen=True)
class TableSurvey:
    """A table that was looked at.

    Args:
        rows: how many.
        columns: each of them.
        classes: class of the target → rows; empty where it is a number, or nobody said which it is.
        notes: columns and rows that are left out, and why.
        duplicates: rows that repeat another one in all columns.
        warnings: what gives the target away.
    """

    rows: int
    columns: tuple[TableColumnSurvey, ...]
    classes: Mapping[str, int]
    notes: tuple[str, ...]
    duplicates: int
    warnings: tuple[str, ...]


def survey_table(source: Table, progress: Announce = silent) -> TableSurvey:
    """Look at a table as a training would; where its source names no target, at its columns alone.

    Raises:
        DataError: for what a training would refuse.
    """
    from paribus.data.prepare import cache

    file, layout = source.file(), source.layout()
    found = look(file, layout, progress)
    chosen, notes = kinds(found, layout, file.path.name)
    known = {**chosen, **dict.fromkeys(layout.drop, "left out"), **dict.fromkeys(layout.targets, "target")}
    if layout.group:
        known[layout.group] = "group"
    by_name = {column.name: column for column in found}
    for name in layout.targets:
        target_of(by_name[name], source.target_kind, source.classes or {}, file.path.name)
    dataset = cache.load(source, progress) if layout.targets else None
    if dataset is not None and dataset.metadata.table is not None:
        notes = list(dataset.metadata.table.notes)
    repeated = Counter(hash(row) for chunk in file.chunks() for row in zip(*chunk.columns, strict=True))
    return TableSurvey(
        rows=found[0].rows,
        columns=tuple(
            TableColumnSurvey(one.name, known[one.name], one.missing / one.rows, _values(one)) for one in found
        ),
        classes=_classes(dataset) if dataset is not None else {},
        notes=tuple(notes),
        duplicates=sum(count - 1 for count in repeated.values()),
        warnings=tuple(given_away(dataset)) if dataset is not None else (),
    )


def _values(column: Found) -> str:
    if column.numbers and column.numbers == column.present:
        return f"{column.least:.6g} … {column.most:.6g}"
    common = [value for value, _ in column.counts.most_common(SHOWN)]
    return ", ".join(common) + (", …" if len(column.counts) > SHOWN else "")


def _classes(dataset: Dataset) -> dict[str, int]:
    labels = dataset.labels
    counts = labels.bincount(minlength=len(dataset.classes)).tolist() if labels is not None else []
    return dict(zip(dataset.classes, counts, strict=False))


def given_away(dataset: Dataset) -> Iterator[str]:
    """Columns that alone say nearly all there is to say of the target: is it known when a prediction is needed?"""
    table = dataset.metadata.table
    inputs, targets = trees.first(dataset.inputs).double().numpy(), trees.first(dataset.targets).double().numpy()
    for place, column in enumerate(table.columns if table else ()):
        score = _score(inputs[:, place], targets, column, len(dataset.classes))
        if score >= GIVEN_AWAY:
            figure = f"area under its ROC curve {score:.3f}" if dataset.classes else f"rank correlation {score:.3f}"
            yield f"{column.name} alone gives the target away ({figure}): is it known before the target is?"


def _score(values: NDArray[np.float64], targets: NDArray[np.float64], column: TableColumn, classes: int) -> float:
    """How well a single column orders the target, 1 for perfectly; 0 where that cannot be said."""
    if targets.ndim > 1:
        return 0.0
    there = ~np.isnan(values)
    values, targets = values[there], targets[there]
    if column.categories and len(values) < EACH * len(column.categories):
        return 0.0
    if not classes:
        ordered = _means(values, targets) if column.categories else values
        return _rank_correlation(ordered, targets)
    areas = []
    for one in np.unique(targets):
        hits = (targets == one).astype(float)
        areas.append(_area(_means(values, hits) if column.categories else values, hits))
    return float(np.mean(areas)) if areas else 0.0


def _means(codes: NDArray[np.float64], targets: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of the target among the rows of the same category."""
    index = codes.astype(np.int64)
    means: NDArray[np.float64] = np.bincount(index, targets) / np.maximum(np.bincount(index), 1)
    return means[index]


def _area(values: NDArray[np.float64], hits: NDArray[np.float64]) -> float:
    """Area under the ROC curve, of the better direction: the normalised statistic of Mann and Whitney."""
    from scipy.stats import rankdata

    positive, negative = hits.sum(), (1 - hits).sum()
    if not positive or not negative:
        return 0.0
    area = float((rankdata(values)[hits == 1].sum() - positive * (positive + 1) / 2) / (positive * negative))
    return max(area, 1 - area)


def _rank_correlation(values: NDArray[np.float64], targets: NDArray[np.float64]) -> float:
    from scipy.stats import rankdata

    if len(values) < EACH or not np.ptp(values) or not np.ptp(targets):
        return 0.0
    return abs(float(np.corrcoef(rankdata(values), rankdata(targets))[0, 1]))
