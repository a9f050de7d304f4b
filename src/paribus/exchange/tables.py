"""Runs as plain tables: a row for each figure of each epoch, and a row for each run."""

from __future__ import annotations

import csv as standard
import io
import math
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from paribus.exchange.logged import Logged
from paribus.exchange.ours import FINAL
from paribus.files import dumps

Row = Mapping[str, Any]


def metrics(runs: Sequence[Logged]) -> list[Row]:
    """A row for each figure of each epoch; of the final weights see :func:`results`."""
    return [
        {**_about(run), "epoch": step, "metric": name, "value": value}
        for run in runs
        for name, points in run.curves.items()
        if not name.startswith(FINAL)
        for step, value in points
    ]


def results(runs: Sequence[Logged]) -> list[Row]:
    """A row for each run, with the figures of its final weights and all of its settings."""
    return [
        {
            **_about(run),
            "state": run.state,
            **{name.removeprefix(FINAL): points[-1][1] for name, points in run.curves.items() if _is_final(name)},
            **{name: value for name, value in run.params.items() if name != "seed"},
        }
        for run in runs
    ]


def csv(runs: Sequence[Logged], folder: Path, place: Path) -> None:
    """Write both tables as CSV."""
    for name, rows in _both(runs).items():
        (folder / f"{name}.csv").write_text(to_csv(rows), encoding="utf-8")


def parquet(runs: Sequence[Logged], folder: Path, place: Path) -> None:
    """Write both tables as Parquet, by pyarrow, or by polars."""
    for name, rows in _both(runs).items():
        columns = {head: _column([row.get(head) for row in rows]) for head in heads(rows)}
        if find_spec("pyarrow"):
            from pyarrow import parquet as arrow
            from pyarrow import table

            arrow.write_table(table(columns), folder / f"{name}.parquet")
        else:
            from polars import DataFrame

            DataFrame(columns).write_parquet(folder / f"{name}.parquet")


def heads(rows: Sequence[Row]) -> list[str]:
    """The columns of rows, in the order in which they come."""
    return list(dict.fromkeys(head for row in rows for head in row))


def to_csv(rows: Sequence[Row]) -> str:
    """Rows as CSV; a text that a spreadsheet would take for a formula is quoted."""
    target = io.StringIO()
    columns = heads(rows)
    writer = standard.writer(target, lineterminator="\n")
    writer.writerow(map(_cell, columns))
    writer.writerows([_cell(row.get(head)) for head in columns] for row in rows)
    return target.getvalue()


def _both(runs: Sequence[Logged]) -> dict[str, list[Row]]:
    return {"metrics": metrics(runs), "results": results(runs)}


def _about(run: Logged) -> dict[str, Any]:
    return {"study": run.study, "arm": run.arm, **run.settings, "seed": run.seed}


def _is_final(name: str) -> bool:
    return name.startswith(FINAL)


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return "'" + value if value[:1] in {"=", "+", "-", "@", "\t", "\r"} else value
    if isinstance(value, (Mapping, list, tuple, bool)):
        return dumps(value)
    return value


def _column(values: list[Any]) -> list[Any]:
    """A column of one type: where its values have several, as texts."""
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {int, float} and len(kinds) > 1:
        return [None if value is None else float(value) for value in values]
    if len(kinds) > 1 or kinds & {dict, list, tuple}:
        return [value if value is None or isinstance(value, str) else dumps(value) for value in values]
    return [None if isinstance(value, float) and math.isnan(value) else value for value in values]
