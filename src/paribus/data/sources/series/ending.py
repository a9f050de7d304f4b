"""The ends of series in a file, from which a trained network goes on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from paribus.data.info import DataInfo
from paribus.data.sources.series.grid import regular
from paribus.data.sources.series.reading import Layout, read
from paribus.data.sources.series.writing import with_calendar
from paribus.errors import DataError


@dataclass(frozen=True)
class Ending:
    """The last window of a series.

    Args:
        name: of the series.
        inputs: (1, F, length) its last steps.
        times: those of the horizon, as text.
    """

    name: str
    inputs: Tensor
    times: tuple[str, ...]


def endings(path: Path, info: DataInfo) -> list[Ending]:
    """The last windows of all series of a file that has the columns of the training file.

    Raises:
        DataError: if it cannot be read, is of another frequency, or is too short.
    """
    how = info.decoding
    layout = Layout(how["time"], tuple(how["targets"]), tuple(how.get("exogenous", ())), how.get("series"))
    gaps, duplicates = how.get("gaps", "refuse"), how.get("duplicates", "refuse")
    known, length, horizon = info.series, info.input_shape[1], info.target_shape[0]
    assert known is not None  # the task has refused other data
    found = []
    for table in read(path, layout):
        series, frequency = regular(table, layout, path.name, gaps, duplicates)
        if frequency.name != known.frequency:
            rule = f"the network was trained on a series that is {known.frequency}"
            raise DataError(rule, got=f"{path.name}: {frequency.name}")
        values = with_calendar(series, frequency) if how.get("calendar") else series.values
        if len(values) < length:
            raise DataError(f"the network looks back {length} steps", got=f"{len(values)} rows in {path.name}")
        inputs = torch.from_numpy(values[-length:]).float().T[None].contiguous()
        times = tuple(str(time).replace("T", " ") for time in frequency.after(series.times[-1], horizon))
        found.append(Ending(table.name, inputs, times))
    return found
