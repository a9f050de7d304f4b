"""Predictions for the rows of a table, for tasks that predict for files."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from torch import Tensor

from paribus.data.info import DataInfo
from paribus.data.sources.table.asking import rows_of
from paribus.errors import DataError
from paribus.records.wording import count
from paribus.tasks.prediction import Prediction

CHUNK = 4096  # rows predicted at a time

Answer = Callable[[Tensor], Sequence[Mapping[str, float | str]]]  # rows (B, F) → for each, column → what is said


def for_rows(files: Sequence[Path], info: DataInfo, answer: Answer) -> list[Prediction]:
    """A table for each file, with a row for each of its own; a file that cannot be read gets its reason."""
    return [_file(path, info, answer) for path in files]


def _file(path: Path, info: DataInfo, answer: Answer) -> Prediction:
    try:
        rows, lines = rows_of(path, info)
    except DataError as error:
        return Prediction(str(path), problem=str(error).replace("\n", ";"))
    said = [one for some in rows.split(CHUNK) for one in answer(some)]
    table: dict[str, list[float | str]] = {"line": [float(line) for line in lines]}
    table |= {name: [one[name] for one in said] for name in said[0]}
    return Prediction(str(path), count(len(lines), "row"), table=table)
