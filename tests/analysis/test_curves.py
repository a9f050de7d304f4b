"""Means and intervals by epoch, as far as every run has come."""

from __future__ import annotations

import math

import pytest
from tests import made

from paribus.analysis.curves import RunCurve, band, learning_curves, limits
from paribus.evidence import mean_interval


def test_a_band_is_the_interval_of_the_mean_at_each_epoch():
    first, gap, last = band([(1.0, 2.0, 3.0), (2.0, None, 5.0)], 0.9)
    assert (first, gap, last) == (mean_interval([1.0, 2.0], 0.9), None, mean_interval([3.0, 5.0], 0.9))


def test_a_band_ends_with_the_shortest_curve():
    assert [mean is None for mean in band([(1.0, 2.0), (2.0,)], 0.95)] == [False, True]
    assert band([], 0.95) == ()


def test_diverged_runs_are_kept_but_not_averaged():
    (found,) = learning_curves(made.diverged(), "val/loss")
    assert [run.diverged for run in found.arms[1].runs] == [False, True, False, True, False]
    assert all(mean.n == 3 for mean in found.arms[1].band if mean)
    assert found.arms[2].band == ()


@pytest.mark.parametrize(
    ("curves", "loss", "expected"),
    [
        ([(0.5, None, 0.9)], False, (0.5, 0.9, False)),
        ([(2.0, 1.0)], True, (1.0, 2.0, False)),
        ([(2.0, 0.01)], True, (0.01, 2.0, True)),  # falls over decades
        ([(0.0, 2.0)], True, (0.0, 2.0, False)),  # which zero has none of
        ([(1e30, 2.0, 2.0)], True, (2.0, 200.0, True)),  # an explosion is cut off
    ],
)
def test_limits(curves, loss, expected):
    assert limits([RunCurve(0, False, values) for values in curves], loss) == expected


def test_limits_of_nothing_are_no_numbers():
    low, high, decades = limits([], True)
    assert math.isnan(low)
    assert math.isnan(high)
    assert not decades
