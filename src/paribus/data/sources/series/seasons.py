"""A generated series of which the best possible forecast is known."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from paribus.data.dataset import Dataset
from paribus.data.deliver.windows import Count, Scale, Season, Windows, series_of
from paribus.data.origin import origin
from paribus.data.sources.series.frequency import HOUR, NAMED
from paribus.data.sources.series.grid import Regular
from paribus.data.sources.series.reading import Layout
from paribus.data.sources.series.writing import write
from paribus.data.write.writer import Writer

START = np.datetime64("2020-01-01T00:00:00", "s")
LEVEL = 100.0


@origin("generated")
class Seasons:
    """A generated hourly series: level, trend, a season of a day, and noise that remembers.

    y(t) = 100 + trend·t + 10·sin(2πt/24) + 4·sin(4πt/24) + e(t), with e(t) = memory·e(t − 1) + noise·ε(t), ε normal.
    The best forecast of e(t + h) is memory^h·e(t), with errors of variance
    noise²·(1 − memory^(2h)) / (1 − memory²): no network has smaller expected errors.

    Args:
        steps: how many hours.
        trend: change per hour.
        noise: deviation of what is new in every hour.
        memory: share of the last hour's deviation that stays.
        seed: of the noise.
        calendar: whether the network sees hour, weekday and month.
        length: steps of the past in a window.
        horizon: steps that are forecast.
        stride: steps between the beginnings of neighbouring windows.
        season: steps after which the series repeats itself; by default 24.
        scale: whether columns are scaled to mean 0 and deviation 1 of the training split.
    """

    def __init__(
        self,
        steps: Annotated[int, Field(ge=10)] = 4000,
        trend: float = 0.0,
        noise: Annotated[float, Field(ge=0)] = 1.0,
        memory: Annotated[float, Field(ge=0, lt=1)] = 0.8,
        seed: int = 0,
        calendar: bool = False,
        length: Count = 48,
        horizon: Count = 12,
        stride: Count = 1,
        season: Season = None,
        scale: Scale = "standard",
    ) -> None:
        self.steps, self.trend, self.noise, self.memory, self.seed = steps, trend, noise, memory, seed
        self.calendar, self.length, self.horizon, self.stride = calendar, length, horizon, stride
        self.season, self.scale = season, scale

    def key(self) -> Mapping[str, Any]:
        """All that the series depends on."""
        names = ("steps", "trend", "noise", "memory", "seed", "calendar")
        return {name: getattr(self, name) for name in names}

    @property
    def decoding(self) -> Mapping[str, Any]:
        """How a file of such a series is read."""
        return {"time": "time", "targets": ("value",), "calendar": self.calendar}

    def write(self, cache: Writer) -> None:
        """Generate the series."""
        hourly = NAMED[HOUR]
        times = np.concatenate([[START], hourly.after(START, self.steps - 1)])
        values = self.values()[:, None]
        one = Regular("", int(hourly.steps(times)[0]), times, values)
        write(cache, [one], hourly, Layout("time", ("value",)), self.calendar)

    def to_examples(self, dataset: Dataset) -> Windows:
        """The rows as windows, with the errors of the best possible forecast."""
        series = replace(series_of(dataset), optimal=self.optimal())
        known = replace(dataset, metadata=replace(dataset.metadata, series=series))
        return Windows(known, self.length, self.horizon, self.stride, self.season, self.scale)

    def values(self) -> NDArray[np.float64]:
        """(steps,) the series."""
        t = np.arange(self.steps)
        season = 10 * np.sin(2 * np.pi * t / 24) + 4 * np.sin(4 * np.pi * t / 24)
        return np.asarray(LEVEL + self.trend * t + season + self._noise())

    def _noise(self) -> NDArray[np.float64]:
        """e(t), as if it had always gone on."""
        from scipy.signal import lfilter  # a second of imports or more, for which lists of sources need not wait

        draws = np.random.default_rng(self.seed).standard_normal(self.steps) * self.noise
        draws[0] /= math.sqrt(1 - self.memory**2)
        noise: NDArray[np.float64] = lfilter([1.0], [1.0, -self.memory], draws)
        return noise

    def optimal(self) -> dict[str, float]:
        """Expected errors of the best forecast over the horizon: of a normal error, E|e| = σ·√(2/π)."""
        h = np.arange(1, self.horizon + 1)
        variance = self.noise**2 * (1 - self.memory ** (2 * h)) / (1 - self.memory**2)
        mae = np.sqrt(2 / np.pi * variance).mean()
        return {"mae": float(mae), "rmse": float(np.sqrt(variance.mean()))}
