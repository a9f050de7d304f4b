"""How often a series was measured, and where its times stand."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from paribus.data.sources.series.frequency import calendar, infer

START = datetime.datetime(2021, 3, 1)
HOUR = datetime.timedelta(hours=1)


@pytest.mark.parametrize(
    ("times", "name", "season"),
    [
        (np.arange("2020-01-01", "2020-01-09", 3600, "datetime64[s]"), "hourly", 24),
        (np.arange("2020-01-01", "2020-03-09", 86400, "datetime64[s]"), "daily", 7),
        (np.arange("2020-01-01", "2022-03-09", 7 * 86400, "datetime64[s]"), "weekly", 52),
        (np.arange("2020-01", "2022-03", dtype="datetime64[M]").astype("datetime64[s]"), "monthly", 12),
        (np.arange("2020-01", "2025-01", 3, dtype="datetime64[M]").astype("datetime64[s]"), "quarterly", 4),
        (np.arange("1990-01", "2025-01", 12, dtype="datetime64[M]").astype("datetime64[s]"), "yearly", 1),
        (np.arange("2020-01-01", "2020-01-02", 900, "datetime64[s]"), "every 900 seconds", 96),
    ],
)
def test_the_frequency_is_the_commonest_step(times, name, season):
    found = infer(times)
    assert (found.name, found.season) == (name, season)
    np.testing.assert_array_equal(np.diff(found.steps(times)), 1)
    np.testing.assert_array_equal(found.after(times[0], len(times) - 1), times[1:])
    with_gap = np.delete(times, [4, 5])
    assert infer(with_gap) == found
    assert found.steps(with_gap)[4] - found.steps(with_gap)[3] == 3


def test_the_calendar_agrees_with_pythons():
    times = np.arange("2019-12-25", "2020-03-09", 3600, "datetime64[s]")
    found = calendar(times, infer(times))
    for place in (0, 5, 200, 1500):
        when = times[place].astype(datetime.datetime)
        angles = {"hour": when.hour / 24, "weekday": when.weekday() / 7, "month": (when.month - 1) / 12}
        for name, share in angles.items():
            assert found[f"sin {name}"][place] == pytest.approx(np.sin(2 * np.pi * share), abs=1e-12)
            assert found[f"cos {name}"][place] == pytest.approx(np.cos(2 * np.pi * share), abs=1e-12)


def test_the_calendar_is_no_finer_than_the_steps():
    monthly = np.arange("2020-01", "2022-03", dtype="datetime64[M]").astype("datetime64[s]")
    assert list(calendar(monthly, infer(monthly))) == ["sin month", "cos month"]
