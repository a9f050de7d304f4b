import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from paribus.evidence import equivalence_p, mean_interval
from paribus.evidence.skewness import FEWEST, TRUST, least, needed, skewness

SKEWED = np.random.default_rng(3).exponential(size=12)


def test_skewness_is_scipys():
    for values in (SKEWED, -SKEWED):
        assert skewness(values, values.std(ddof=1)) == pytest.approx(stats.skew(values))
    table = np.random.default_rng(0).normal(size=(11, 4))
    assert skewness(table, table.std(axis=0, ddof=1)) == pytest.approx(stats.skew(table))


def test_few_or_equal_differences_have_none():
    assert skewness(SKEWED[: FEWEST - 1], 1.0) == 0
    assert skewness(np.ones(10), 0.0) == 0


def test_hall_by_hand():
    """g(t) = t + a·t² + a²·t³/3 + b with a = γ/(3√n), b = γ/(6√n)."""
    assert least(-2.0, 1.5 / TRUST, 9) == pytest.approx(-2.0)  # a = 1/6, b = 1/12: g = −2 + 4/6 − 8/108 + 1/12 > −2
    assert least(-2.0, -1.5 / TRUST, 9) == pytest.approx(-2 - 4 / 6 - 8 / 108 - 1 / 12)


def test_the_overlap_leaves_less_to_bend():
    """With v = 1/(1 + n·overlap): at n = 9 and 8/9, v = 1/9, and a = γ·√(v/n)·(3 − v)/6, b = γ·√(v/n)·v/6."""
    a, b = 1.5 / 9 * (3 - 1 / 9) / 6, 1.5 / 9 / 9 / 6
    assert least(-2.0, -1.5 / TRUST, 9, 8 / 9) == pytest.approx(-2 - 4 * a - a**2 * 8 / 3 - b)


@given(st.floats(0.1, 6), st.floats(-3, 3), st.integers(10, 40), st.floats(0, 1))
def test_what_is_needed_is_where_the_least_reaches_it(critical, gamma, n, overlap):
    t = float(needed(critical, gamma, n, overlap))
    assert t >= critical
    assert float(least(t, gamma, n, overlap)) == pytest.approx(critical, rel=1e-4)


@pytest.mark.parametrize("overlap", [0.0, 0.43])
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_R34_interval_and_p_say_the_same_of_skewed_differences(confidence, overlap):
    for shift in np.linspace(-2, 1, 61):
        got = mean_interval(SKEWED + shift, confidence, overlap=overlap)
        assert (got.p < 1 - confidence) == (got.low > 0 or got.high < 0)
        within = equivalence_p(got, 0.8) < (1 - confidence) / 2
        assert within == (got.low > -0.8 and got.high < 0.8)
        assert got.at(confidence) == got


def test_the_longer_tail_gets_the_room():
    got, usual = mean_interval(SKEWED), stats.ttest_1samp(SKEWED, 0).confidence_interval()
    assert got.low == pytest.approx(usual.low)
    assert got.high > usual.high
    mirrored = mean_interval(-SKEWED)
    assert (mirrored.low, mirrored.high) == pytest.approx((-got.high, -got.low))
    assert mean_interval(-SKEWED - 1).p == pytest.approx(mean_interval(SKEWED + 1).p)


def test_symmetric_differences_and_few_ones_have_students_interval():
    for values in ([-4.0, -3, -2, -1, -0.5, 0.5, 1, 2, 3, 4], SKEWED[:9].tolist()):
        usual = stats.ttest_1samp(values, 0).confidence_interval()
        got = mean_interval(values)
        assert (got.low, got.high) == pytest.approx((usual.low, usual.high))


def test_a_seed_far_off_makes_a_finite_interval():
    got = mean_interval([0.0] * 9 + [1.0])
    assert -math.inf < got.low < 0 < got.value < 0.3 < got.high < math.inf
