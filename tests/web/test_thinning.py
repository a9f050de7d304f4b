"""Few points that look like many: against the definition of the method, and what must not be lost."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paribus.web.thinning import largest_triangles, thin


def by_definition(x, y, edges) -> list[int]:
    """Largest-triangle-three-buckets, point by point."""
    chosen = [0]
    for bucket in range(1, len(edges) - 2):
        after = range(edges[bucket + 1], edges[bucket + 2])
        to = (sum(x[i] for i in after) / len(after), sum(y[i] for i in after) / len(after))
        at = chosen[-1]

        def area(i: int, at: int = at, to: tuple[float, float] = to) -> float:
            return abs((x[at] - to[0]) * (y[i] - y[at]) - (x[at] - x[i]) * (to[1] - y[at])) / 2

        chosen.append(max(range(edges[bucket], edges[bucket + 1]), key=area))
    return [*chosen, len(x) - 1]


@given(st.lists(st.integers(-100, 100), min_size=12, max_size=60), st.integers(3, 12))
def test_the_points_are_those_of_the_definition(values, points):
    x, y = np.arange(float(len(values))), np.array(values, dtype=float)
    edges = np.array([0, *np.linspace(1, len(x) - 1, points - 1).astype(int), len(x)])
    found, expected = largest_triangles(x, y, edges), by_definition(x, y, edges)
    # where two triangles are equally large either point will do, and decides about the next: compare up to there
    for mine, theirs in zip(found, expected, strict=True):
        if mine != theirs:
            break
        assert mine == theirs
    assert found[0] == 0
    assert found[-1] == len(x) - 1
    assert (np.diff(found) > 0).all()


def test_irrational_values_have_no_equal_triangles_and_all_points_are_those_of_the_definition():
    x = np.arange(500.0)
    y = np.sin(x * np.sqrt(2)) + np.sqrt(x)
    edges = np.array([0, *np.linspace(1, 499, 39).astype(int), 500])
    assert largest_triangles(x, y, edges).tolist() == by_definition(x, y, edges)


@given(st.integers(1, 400), st.integers(3, 50), st.integers(0, 99))
def test_no_spike_is_lost_and_no_more_points_are_given_than_asked_for(size, points, seed):
    y = np.random.default_rng(seed).normal(size=size)
    curve = thin(np.arange(float(size)), y, points)
    assert len(curve.x) == len(curve.y) <= max(points, 0)
    if curve.exact:
        np.testing.assert_array_equal(curve.y, y)
    else:
        assert curve.low.min() == y.min()
        assert curve.high.max() == y.max()
        assert (curve.low <= curve.y).all()
        assert (curve.y <= curve.high).all()
        assert (curve.x[0], curve.x[-1]) == (0, size - 1)


def test_gaps_are_left_out_where_a_curve_is_thinned():
    y = np.full(1000, np.nan)
    y[::10] = np.arange(100)
    assert thin(np.arange(1000.0), y, 200).y.tolist() == list(range(100))
    curve = thin(np.arange(1000.0), y, 20)
    assert not curve.exact
    assert np.isfinite(curve.y).all()


def test_a_curve_of_nothing():
    assert thin(np.arange(1000.0), np.full(1000, np.nan), 20).x.size == 0


@pytest.mark.parametrize("points", [3, 4, 600])
def test_a_million_points(points):
    y = np.zeros(1_000_000)
    y[123_456] = 1
    curve = thin(np.arange(1_000_000.0), y, points)
    assert curve.high.max() == 1
