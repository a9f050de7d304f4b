import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from paribus.evidence import equivalence_p, mean_interval
from paribus.evidence.skewness import FEWEST, TRUST, skewness, stretch

SKEWED = np.random.default_rng(3).exponential(size=12)


def test_skewness_is_scipys():
    for values in (SKEWED, -SKEWED):
        assert skewness(values, values.std(ddof=1)) == pytest.approx(stats.skew(values))
    table = np.random.default_rng(0).normal(size=(11, 4))
    assert skewness(table, table.std(axis=0, ddof=1)) == pytest.approx(stats.skew(table))


def test_few_or_equal_differences_have_none():
    assert skewness(SKEWED[: FEWEST - 1], 1.0) == 0
    assert skewness(np.ones(10), 0.0) == 0


@pytest.mark.parametrize("overlap", [0.0, 8 / 9])
@pytest.mark.parametrize("gamma", [-2.0, -0.3, 1.0])
def test_at_the_end_of_the_interval_halls_t_is_students_quantile(gamma, overlap):
    """g(t) = t + a·t² + a²·t³/3 + b with a = γ·√(v/n)·(3 − v)/6, b = γ·√(v/n)·v/6, v = 1/(1 + n·overlap)."""
    n, critical = 12, stats.t.ppf(0.975, 11)
    v = 1 / (1 + n * overlap)
    a, b = (TRUST * gamma * math.sqrt(v / n) * part / 6 for part in (3 - v, v))
    t = critical * float(stretch(gamma, n, overlap))
    assert t >= critical
    found = t + a * t**2 + a**2 * t**3 / 3 + b
    assert found == pytest.approx(critical) if gamma < 0 else found > critical


@given(st.floats(-3, 3), st.integers(10, 40), st.floats(0, 1))
def test_no_interval_is_narrower_than_students(gamma, n, overlap):
    below, above = float(stretch(gamma, n, overlap)), float(stretch(-gamma, n, overlap))
    assert min(below, above) == 1
    assert 1 <= max(below, above) < 20


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
