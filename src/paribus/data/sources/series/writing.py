"""Regular series on their way into the cache: one row for every step of every series."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from paribus.data.metadata import Metadata, SeriesInfo, Span
from paribus.data.sources.series.frequency import Frequency, calendar
from paribus.data.sources.series.grid import Duplicates, Gaps, Regular, regular, require_variation
from paribus.data.sources.series.reading import Layout, read
from paribus.data.write.writer import Writer
from paribus.errors import DataError


def write_file(
    cache: Writer, path: Path, layout: Layout, gaps: Gaps, duplicates: Duplicates, dates: bool, since: str | None = None
) -> None:
    """Read, check and write all series of a CSV file."""
    tables = read(path, layout, since)
    made = [regular(table, layout, path.name, gaps, duplicates) for table in tables]
    frequencies = {frequency for _, frequency in made}
    if len(frequencies) > 1:
        names = ", ".join(sorted(frequency.name for frequency in frequencies))
        raise DataError(f"the series of {path.name} are of different frequency", got=names, hint="keep those of one")
    series = [one for one, _ in made]
    require_variation(np.concatenate([one.values for one in series]), layout.columns, path.name)
    write(cache, series, frequencies.pop(), layout, dates)


def write(cache: Writer, series: Sequence[Regular], frequency: Frequency, layout: Layout, dates: bool) -> None:
    """Write series as rows (T, F): targets, exogenous columns, and the calendar if asked for."""
    extra = calendar(series[0].times, frequency) if dates else {}
    info = SeriesInfo(
        columns=(*layout.columns, *extra),
        targets=len(layout.targets),
        frequency=frequency.name,
        season=frequency.season,
        series=tuple(Span(one.name, len(one.values), one.offset) for one in series),
        merged=sum(one.duplicates for one in series),
        filled=sum(one.missing for one in series),
        filled_values=sum(one.empty for one in series),
    )
    cache.start(
        classes=(),
        shape=(len(info.columns),),
        dtype="float32",
        count=sum(one.rows for one in info.series),
        target_dtype="uint8",
        metadata=Metadata(series=info),
    )
    for number, one in enumerate(series):
        values = with_calendar(one, frequency) if dates else one.values
        cache.add(values.astype(np.float32), np.zeros(len(values)), groups=np.full(len(values), number))


def with_calendar(one: Regular, frequency: Frequency) -> np.ndarray[Any, np.dtype[np.float64]]:
    """(n, F + calendar) values with the features of their times."""
    features = calendar(one.times, frequency).values()
    return np.column_stack([one.values, *features])
