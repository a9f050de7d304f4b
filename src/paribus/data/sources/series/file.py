"""Series from a CSV file."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from paribus.cache import paths
from paribus.data.dataset import Dataset
from paribus.data.deliver.windows import Count, Scale, Season, Windows
from paribus.data.origin import origin
from paribus.data.originals import Originals, existing
from paribus.data.sources.series.grid import Duplicates, Gaps
from paribus.data.sources.series.reading import Layout
from paribus.data.sources.series.writing import write_file
from paribus.data.write.writer import Writer


@origin("your own")
class Series:
    """Time series of your own from a CSV file, cut into windows: a past to look at, a horizon to forecast.

    Args:
        path: the file, from the current folder or below PARIBUS_DATA; plain or with gzip.
        targets: columns to be forecast.
        time: the column of the times.
        exogenous: further columns that the network sees, but does not forecast.
        series: the column that names the series, where the file holds several.
        calendar: whether the network sees hour, weekday and month.
        gaps: whether missing times and values stop the training or are put on a line between their neighbours; fill
            refuses to make up more rows than there are, fill-any does not.
        duplicates: what becomes of rows that repeat a time.
        since: leave out what is earlier.
        length: steps of the past in a window.
        horizon: steps that are forecast.
        stride: steps between the beginnings of neighbouring windows.
        season: steps after which the series repeats itself; by default what its frequency suggests.
        scale: whether columns are scaled to mean 0 and deviation 1 of the training split.
    """

    def __init__(
        self,
        path: str,
        targets: tuple[str, ...],
        time: str = "time",
        exogenous: tuple[str, ...] = (),
        series: str | None = None,
        calendar: bool = True,
        gaps: Gaps = "refuse",
        duplicates: Duplicates = "refuse",
        since: str | None = None,
        length: Count = 48,
        horizon: Count = 12,
        stride: Count = 1,
        season: Season = None,
        scale: Scale = "standard",
    ) -> None:
        self.path, self.targets, self.time, self.exogenous, self.series = path, targets, time, exogenous, series
        self.calendar, self.gaps, self.duplicates, self.since = calendar, gaps, duplicates, since
        self.length, self.horizon, self.stride, self.season, self.scale = length, horizon, stride, season, scale

    @property
    def decoding(self) -> Mapping[str, Any]:
        """How the file was read, so that another one is read alike."""
        names = ("targets", "time", "exogenous", "series", "calendar", "gaps", "duplicates")
        return {name: getattr(self, name) for name in names}

    def key(self) -> Mapping[str, Any]:
        """How the file is read."""
        return {**self.decoding, "since": self.since}

    def originals(self) -> Originals:
        """The one file."""
        return Originals.of(self._file().parent, [self._file().name])

    def write(self, cache: Writer) -> None:
        """Read, check and write every row."""
        layout = Layout(self.time, self.targets, self.exogenous, self.series)
        write_file(cache, self._file(), layout, self.gaps, self.duplicates, self.calendar, self.since)

    def to_examples(self, dataset: Dataset) -> Windows:
        """The rows as windows."""
        return Windows(dataset, self.length, self.horizon, self.stride, self.season, self.scale)

    def _file(self) -> Path:
        return existing(paths.find_folder(self.path))
