import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from paribus.errors import EvidenceError
from paribus.evidence import (
    detectable_difference,
    equivalence_power_of,
    power_of,
    seeds_for,
    seeds_for_equivalence,
)


@pytest.mark.parametrize("n", [2, 3, 5, 20, 200])
@pytest.mark.parametrize("difference", [0.1, 0.5, 1.0, 3.0])
@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_S19_power_is_the_noncentral_t(n, difference, alpha):
    shift, edge = difference * math.sqrt(n), stats.t.isf(alpha / 2, n - 1)
    other_side = np.nan_to_num(stats.nct.cdf(-edge, n - 1, shift))  # not a number where it is about 0
    expected = stats.nct.sf(edge, n - 1, shift) + other_side
    assert power_of(difference, 1.0, n, alpha) == pytest.approx(expected, abs=5e-6)


@pytest.mark.parametrize(
    ("difference", "n", "published"),
    [
        (1.0, 20, 0.9886),  # R: power.t.test(n = 20, delta = 1, sd = 1, type = "paired")
        (0.421637, 50, 0.832114),  # manual of G*Power 3.1, two dependent means
    ],
)
def test_S19_power_published(difference, n, published):
    assert power_of(difference, 1.0, n) == pytest.approx(published, abs=1e-4)


@pytest.mark.parametrize(("difference", "n"), [(0.0, 5), (1.0, 5), (2.0, 3)])
def test_S19_power_by_simulation(difference, n):
    draws = np.random.default_rng(0).normal(difference, 1.0, (100_000, n))
    rejected = stats.ttest_1samp(draws, 0, axis=1).pvalue < 0.05
    assert power_of(difference, 1.0, n) == pytest.approx(rejected.mean(), abs=0.005)


@pytest.mark.parametrize(("difference", "n", "delta"), [(0.0, 5, 1.0), (0.0, 3, 1.5), (0.3, 10, 1.0), (1.0, 8, 1.0)])
def test_S19_equivalence_power_by_simulation(difference, n, delta):
    draws = np.random.default_rng(0).normal(difference, 1.0, (100_000, n))
    reach = stats.t.isf(0.05, n - 1) * draws.std(axis=1, ddof=1) / math.sqrt(n)
    shown = np.abs(draws.mean(axis=1)) + reach < delta
    assert equivalence_power_of(difference, 1.0, n, delta) == pytest.approx(shown.mean(), abs=0.005)


@given(n=st.integers(2, 60), sd=st.floats(1e-4, 1e3), alpha=st.sampled_from([0.05, 0.01, 1e-3, 1e-5]))
def test_S19_detectable_difference_has_the_power_asked_for(n, sd, alpha):
    assert power_of(detectable_difference(sd, n, alpha), sd, n, alpha) == pytest.approx(0.8, abs=1e-6)


@given(difference=st.floats(0.3, 5), sd=st.floats(0.5, 2), alpha=st.sampled_from([0.05, 0.01]))
def test_S19_seeds_for_is_the_fewest(difference, sd, alpha):
    n = seeds_for(difference, sd, alpha)
    assert n is not None
    assert power_of(difference, sd, n, alpha) >= 0.8 > power_of(difference, sd, n - 1, alpha)


@given(difference=st.floats(-0.5, 0.5), delta=st.floats(0.7, 2))
def test_S19_seeds_for_equivalence_is_the_fewest(difference, delta):
    n = seeds_for_equivalence(difference, 1.0, delta)
    assert n is not None
    assert equivalence_power_of(difference, 1.0, n, delta) >= 0.8
    assert equivalence_power_of(difference, 1.0, n - 1, delta) < 0.8


def test_seeds_beyond_the_most_are_none():
    assert seeds_for(0.001, 1.0) is None
    assert seeds_for(0.0, 1.0) is None
    assert seeds_for_equivalence(2.0, 1.0, delta=1.0) is None
    assert seeds_for(0.1, 1.0, most=100) is None


def test_no_spread_is_tested_by_sign():
    assert seeds_for(0.01, 0.0) == 6  # 2·2⁻⁶ < 0.05
    assert seeds_for_equivalence(0.01, 0.0, delta=0.1) == 5
    assert (detectable_difference(0.0, 5), detectable_difference(0.0, 6)) == (math.inf, 0.0)


def test_nothing_is_detectable_with_one_seed():
    assert power_of(5.0, 1.0, 1) == equivalence_power_of(0.0, 1.0, 1, 9.0) == 0.0
    assert detectable_difference(math.nan, 1) == math.inf


@pytest.mark.parametrize(("sd", "alpha"), [(-1.0, 0.05), (math.nan, 0.05), (1.0, 0.0), (1.0, 5.0)])
def test_bad_input_is_explained(sd, alpha):
    with pytest.raises(EvidenceError):
        seeds_for(1.0, sd, alpha)
