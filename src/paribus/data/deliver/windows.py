"""Windows of series: a past and the horizon behind it, cut from the rows batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor

from paribus.chance import Seeds
from paribus.data import trees
from paribus.data.augmentation.transform import Transform
from paribus.data.dataset import Dataset
from paribus.data.info import DataInfo
from paribus.data.metadata import SeriesInfo
from paribus.data.prepare.split import in_time
from paribus.data.trees import Tree
from paribus.errors import DataError
from paribus.records.sections import Split

Count = Annotated[int, Field(ge=1)]
Season = Annotated[int, Field(ge=1)] | None
Scale = Literal["standard", "none"]

CHUNK = 4096  # windows looked at together


class Windows:
    """All windows of all series, none of them copied: an example is the row of its first forecast step.

    The past of row o is the rows o − length … o − 1, its horizon the rows o … o + horizon − 1. Both are views of the
    rows, gathered for one batch at a time.

    Args:
        dataset: rows (T, F), the targets first, one series after the other.
        length: steps of the past.
        horizon: steps to be forecast.
        stride: steps between neighbouring windows.
        season: steps after which the series repeats itself; by default that of its frequency.
        scale: whether networks see columns scaled by the moments of the training split.
    """

    sequential: ClassVar[bool] = False

    def __init__(
        self, dataset: Dataset, length: int, horizon: int, stride: int, season: Season = None, scale: Scale = "standard"
    ) -> None:
        self.dataset, self.length, self.horizon, self.stride, self.scale = dataset, length, horizon, stride, scale
        self.known = series_of(dataset)
        self.season = season or self.known.season
        self.columns, self.targets = self.known.columns, self.known.targets

    def __len__(self) -> int:
        """Windows of all series."""
        spans = [one.rows - self._before - self.horizon + 1 for one in self.known.series]
        return sum(-(-max(0, span) // self.stride) for span in spans)

    @property
    def device(self) -> torch.device:
        """Where the rows are."""
        return self.dataset.device

    @property
    def nbytes(self) -> int:
        """Size of the rows; windows take no room."""
        return trees.nbytes(self.dataset.inputs)

    def to(self, device: torch.device) -> Windows:
        """The same on a device."""
        moved = replace(self.dataset, inputs=self.values.to(device))
        return Windows(moved, self.length, self.horizon, self.stride, self.season, self.scale)

    @property
    def values(self) -> Tensor:
        """The rows (T, F)."""
        return trees.first(self.dataset.inputs)

    def follow(self, targets: Tree, transform: Transform) -> Tree:
        """As they are: windows are no pictures."""
        return targets

    def take(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Pasts (B, F, length) and horizons (B, horizon, targets) of some windows."""
        values = self.values
        pasts = values.unfold(0, self.length, 1)  # (T − length + 1, F, length), a view
        horizons = values[:, : self.targets].unfold(0, self.horizon, 1)  # (T − horizon + 1, targets, horizon), a view
        return pasts[rows - self.length], horizons[rows].transpose(1, 2)

    def split(self, section: Split, seeds: Seeds) -> dict[str, Tensor]:
        """Windows by the time of their horizons: no step is forecast in two splits, whatever the fold.

        A window of the validation or test split may look back into the one before it, as a forecaster would. Several
        series are cut at the same moment. With ``split.limit`` the latest training windows are kept.

        Raises:
            DataError: if a split has no room for a window.
        """
        series = self.known.series
        begin = min(one.offset for one in series)
        length = max(one.offset + one.rows for one in series) - begin
        rows = {}
        for name, (start, stop) in in_time(length, section).items():
            rows[name] = torch.cat(list(self._rows(begin + start, begin + stop)))
            if not len(rows[name]):
                raise self._too_short(name, stop - start, length)
        if section.limit is not None:
            rows["train"] = self._latest(rows["train"], section.limit)
        return rows

    def info(self, rows: Mapping[str, Tensor], decoding: Mapping[str, Any]) -> DataInfo:
        """Moments of the training rows, and what forecasts are measured by."""
        seen = self.covered(rows["train"], before=self.length)
        mean, deviation = moments(self.values[seen])
        scaled = self.scale == "standard"
        series = replace(
            self.known,
            length=self.length,
            horizon=self.horizon,
            season=self.season,
            seasonal_errors=self.seasonal_errors(seen),
            baselines={name: self.baselines(some) for name, some in rows.items() if name != "train"},
            ranges={name: self.ranges(some) for name, some in rows.items()},
        )
        return DataInfo(
            input_shape=(len(self.columns), self.length),
            classes=(),
            sizes={name: len(some) for name, some in rows.items()},
            class_counts=(),
            mean=tuple(mean.tolist()) if scaled else (),
            deviation=tuple(deviation.tolist()) if scaled else (),
            decoding=dict(decoding),
            target_shape=(self.horizon, self.targets),
            **{**vars(self.dataset.metadata), "series": series},
        )

    def covered(self, rows: Tensor, before: int = 0) -> Tensor:
        """The rows of the series that lie in the horizons of some windows, and ``before`` steps earlier."""
        change = torch.zeros(len(self.values) + 1, dtype=torch.int64)
        change.index_add_(0, rows - before, torch.ones_like(rows))
        change.index_add_(0, rows + self.horizon, -torch.ones_like(rows))
        return change.cumsum(0)[:-1].nonzero()[:, 0]

    def seasonal_errors(self, seen: Tensor) -> tuple[tuple[float, ...], ...]:
        """Mean |y(t) − y(t − season)| of each series and target over training rows: the unit of the MASE."""
        values, errors, stop = self.values[:, : self.targets], [], 0
        for one in self.known.series:
            start, stop = stop, stop + one.rows
            later = seen[(seen >= start + self.season) & (seen < stop)]
            steps = (values[later].double() - values[later - self.season].double()).abs()
            errors.append(tuple((steps.mean(0) if len(later) else torch.zeros(self.targets)).tolist()))
        return tuple(errors)

    def baselines(self, rows: Tensor) -> dict[str, float]:
        """Mean absolute error over some windows of the two forecasts that need no model.

        ``naive`` repeats the last value, ``seasonal`` the last season.
        """
        ahead = torch.arange(self.horizon)
        back = {"naive": ahead + 1, "seasonal": self.season * (ahead // self.season + 1)}
        sums = dict.fromkeys(back, 0.0)
        for some in rows.split(CHUNK):
            truth = self._targets(some[:, None] + ahead)
            for name, lag in back.items():
                sums[name] += float((truth - self._targets(some[:, None] + ahead - lag)).abs().sum())
        return {name: total / (len(rows) * self.horizon * self.targets) for name, total in sums.items()}

    def ranges(self, rows: Tensor) -> dict[str, tuple[float, ...]]:
        """Mean, deviation, least and largest value of each target in the horizons of some windows."""
        values = self._targets(self.covered(rows))
        mean, deviation = moments(values)
        low, high = values.aminmax(dim=0)
        entries = {"mean": mean, "deviation": deviation, "low": low, "high": high}
        return {name: tuple(entry.tolist()) for name, entry in entries.items()}

    @property
    def _before(self) -> int:
        """Steps before a window's first forecast: its past, and the season that the seasonal forecast repeats."""
        return max(self.length, self.season)

    def _targets(self, rows: Tensor) -> Tensor:
        return self.values[:, : self.targets][rows].double()

    def _rows(self, start: int, stop: int) -> Iterator[Tensor]:
        """Windows of every series whose horizon lies within some steps."""
        first = 0
        for one in self.known.series:
            low = max(self._before, start - one.offset)
            high = min(one.rows, stop - one.offset) - self.horizon + 1
            low += -(low - self._before) % self.stride  # all splits on the same raster
            yield first + torch.arange(low, max(low, high), self.stride)
            first += one.rows

    def _latest(self, rows: Tensor, limit: int) -> Tensor:
        if limit > len(rows):
            rule = "split.limit must not exceed the number of training windows"
            raise DataError(rule, got=limit, hint=f"set split.limit to at most {len(rows):,}, or leave it out")
        return rows[-limit:]

    def _too_short(self, split: str, steps: int, length: int) -> DataError:
        needed = f"{self.length} steps of the past and {self.horizon} to forecast"
        if self.season > self.length:
            needed += f", {self.season} steps back for the season"
        rule = f"the {split} split has no room for a single window ({needed})"
        hint = "choose a smaller data.horizon or data.length, another share in split, or a longer series"
        return DataError(rule, got=f"{steps} of {length} steps", hint=hint)


def series_of(dataset: Dataset) -> SeriesInfo:
    """What is known of the series in a data set.

    Raises:
        DataError: if it holds none.
    """
    if dataset.metadata.series is None:
        raise DataError("windows are cut from series, of which the source tells by Metadata(series=SeriesInfo(…))")
    return dataset.metadata.series


def moments(values: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and deviation of every column of (n, F), in double precision; a deviation of 0 becomes 1."""
    mean = values.double().mean(0)
    deviation = values.double().var(0, correction=0).sqrt()
    return mean, torch.where(deviation > 0, deviation, 1.0)
