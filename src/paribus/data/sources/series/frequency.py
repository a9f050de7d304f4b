"""How often a series was measured: read off its times, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paribus.errors import DataError

Times = NDArray[np.datetime64]  # datetime64[s]
Steps = NDArray[np.int64]

HOUR, DAY, WEEK = 3600, 86400, 604800  # seconds
LONGEST_MONTH, SHORTEST_MONTH = 31 * DAY, 28 * DAY


@dataclass(frozen=True)
class Frequency:
    """The step of a regular series.

    Args:
        name: as people say it.
        seconds: the step, where all steps are equally long.
        months: the step in calendar months, where they are not.
        season: steps after which a series usually repeats itself; 1 where nothing is usual.
    """

    name: str
    seconds: int = 0
    months: int = 0
    season: int = 1

    def steps(self, times: Times) -> Steps:
        """How many steps each time lies behind the first moment of its kind (1970-01-01 00:00).

        A time between two steps is rounded down; :meth:`off_grid` finds those.
        """
        if self.months:
            return times.astype("datetime64[M]").astype(np.int64) // self.months
        return times.astype(np.int64) // self.seconds

    def off_grid(self, times: Times) -> NDArray[np.bool_]:
        """Which times lie between two steps, counted from the first one."""
        if self.months:
            months = times.astype("datetime64[M]")
            inside = (times - months.astype("datetime64[s]")).astype(np.int64)
            apart = (months - months[0]).astype(np.int64) % self.months
            return np.asarray((inside != inside[0]) | (apart != 0))
        wrong: NDArray[np.bool_] = (times - times[0]).astype(np.int64) % self.seconds != 0
        return wrong

    def after(self, time: np.datetime64, count: int) -> Times:
        """The next ``count`` times behind one."""
        ahead = np.arange(1, count + 1)
        if not self.months:
            return np.asarray(time.astype("datetime64[s]") + ahead * np.timedelta64(self.seconds, "s"))
        month = time.astype("datetime64[M]")
        inside = time.astype("datetime64[s]") - month.astype("datetime64[s]")
        return np.asarray((month + ahead * self.months).astype("datetime64[s]") + inside)


NAMED: Mapping[int, Frequency] = {
    HOUR: Frequency("hourly", HOUR, season=24),
    DAY: Frequency("daily", DAY, season=7),
    WEEK: Frequency("weekly", WEEK, season=52),
}
MONTHS: Mapping[int, Frequency] = {
    1: Frequency("monthly", months=1, season=12),
    3: Frequency("quarterly", months=3, season=4),
    12: Frequency("yearly", months=12, season=1),
}


def infer(times: Times) -> Frequency:
    """The frequency of increasing times: their commonest step.

    Raises:
        DataError: if there are fewer than three times.
    """
    if len(times) < 3:
        raise DataError("a series needs at least three different times", got=f"{len(times)}", hint="use a longer one")
    gaps, counts = np.unique(np.diff(times).astype(np.int64), return_counts=True)
    step = int(gaps[counts.argmax()])
    if step >= SHORTEST_MONTH:
        apart, counts = np.unique(np.diff(times.astype("datetime64[M]")).astype(np.int64), return_counts=True)
        months = int(apart[counts.argmax()])
        return MONTHS.get(months, Frequency(f"every {months} months", months=months))
    return NAMED.get(step, Frequency(f"every {step} seconds", step, season=DAY // step if DAY % step == 0 else 1))


def calendar(times: Times, frequency: Frequency) -> dict[str, NDArray[np.float64]]:
    """Where each time stands in the day, the week and the year, as far as steps are finer than that.

    Each as sine and cosine of its angle, so that the end of a cycle lies beside its beginning.
    """
    step = frequency.seconds or frequency.months * SHORTEST_MONTH
    days = times.astype("datetime64[D]")
    months = times.astype("datetime64[M]").astype(np.int64) % 12
    cycles = {  # share of the cycle that has passed, and its length in seconds
        "hour": ((times - days.astype("datetime64[s]")).astype(np.int64) / DAY, DAY),
        "weekday": (((days.astype(np.int64) + 3) % 7) / 7, WEEK),  # 1970-01-01 was a Thursday
        "month": (months / 12, 12 * SHORTEST_MONTH),
    }
    features = {}
    for name, (share, length) in cycles.items():
        if step < length:
            features[f"sin {name}"] = np.sin(2 * np.pi * share)
            features[f"cos {name}"] = np.cos(2 * np.pi * share)
    return features
