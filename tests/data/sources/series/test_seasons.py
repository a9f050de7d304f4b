"""The generated series."""

from __future__ import annotations

import datetime

import numpy as np
import pytest

from paribus.data.sources.series.seasons import Seasons

START = datetime.datetime(2021, 3, 1)
HOUR = datetime.timedelta(hours=1)


def test_the_noise_of_the_generated_series_is_what_it_says():
    source = Seasons(steps=200_000, memory=0.8, noise=2.0)
    t = np.arange(source.steps)
    noise = source.values() - 100 - 10 * np.sin(2 * np.pi * t / 24) - 4 * np.sin(4 * np.pi * t / 24)
    fresh = noise[1:] - 0.8 * noise[:-1]
    assert fresh.std() == pytest.approx(2.0, rel=0.01)  # its standard error is 2/√(2n) = 0.003
    assert np.corrcoef(fresh[1:], fresh[:-1])[0, 1] == pytest.approx(0, abs=0.01)  # 1/√n = 0.002
    for h in (1, 5, 12):  # the errors of whoever forecasts memory^h·e(t)
        errors = noise[h:] - 0.8**h * noise[:-h]
        variance = 4 * (1 - 0.8 ** (2 * h)) / (1 - 0.64)
        assert errors.var() == pytest.approx(variance, rel=0.05)  # 12-step errors overlap: about n/12 independent ones
    one = Seasons(memory=0.8, noise=2.0, horizon=1).optimal()
    assert one["rmse"] == pytest.approx(2.0)
    assert one["mae"] == pytest.approx(np.abs(fresh).mean(), rel=0.01)
