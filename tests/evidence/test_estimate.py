import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from paribus.errors import EvidenceError
from paribus.evidence import contrast, contrast_of_means, equivalence_p, judge_family, mean_interval, paired_difference
from paribus.evidence.simulation import NOISES, coverage, unpaired

numbers = st.floats(-1e6, 1e6).map(lambda x: round(x, 3))


@given(st.lists(st.tuples(numbers, numbers), min_size=2, max_size=9))  # from 10 on there is room for skewness
def test_S1_paired_difference_agrees_with_scipy(pairs):
    treatment, reference = np.array(pairs).T
    got = paired_difference(treatment, reference)
    if got.sd == 0:
        return
    expected = stats.ttest_rel(treatment, reference)
    interval = expected.confidence_interval()
    assert got.p == pytest.approx(expected.pvalue, rel=1e-6, abs=1e-12)
    assert (got.low, got.high) == pytest.approx((interval.low, interval.high), rel=1e-6, abs=1e-6)
    assert (got.n, got.df) == (len(pairs), expected.df)


def test_mean_interval_by_hand():
    got = mean_interval([1.0, 2.0, 3.0])  # t(0.975, 2) = 4.302653
    assert (got.value, got.sd) == (2.0, 1.0)
    assert got.high - got.value == pytest.approx(4.302653 / math.sqrt(3), rel=1e-6)


def test_equivalence_p_is_the_larger_of_two_one_sided_tests():
    values = np.array([0.1, -0.2, 0.15, 0.3, 0.05])
    lower = stats.ttest_1samp(values, -0.4, alternative="greater").pvalue
    upper = stats.ttest_1samp(values, 0.4, alternative="less").pvalue
    assert equivalence_p(mean_interval(values), 0.4) == pytest.approx(max(lower, upper))


def test_missing_runs_drop_their_pair_and_divergence_is_counted():
    table = [[1.0, 0.5], [None, 1.0], [3.0, 1.5], [None, 2.0], [5.0, None], [9.0, 1.0]]
    lost = [[False, False]] * 3 + [[True, False], [False, False], [True, False]]  # a figure does not excuse it
    got = contrast(table, [1.0, -1.0], diverged=lost)
    assert (got.n, got.dropped, got.diverged, got.value) == (2, 4, 2, 1.0)
    assert got.per_seed == (0.5, None, 1.5, None, None, None)


def test_an_estimate_holds_what_each_seed_says():
    got = paired_difference([1.0, 2.0, math.nan], [0.25, 0.5, 1.0])
    assert got.per_seed == (0.75, 1.5, None)
    assert got.value == pytest.approx(sum(filter(None, got.per_seed)) / got.n)
    assert mean_interval([]).per_seed == ()


@pytest.mark.parametrize(("treatment", "value"), [([], math.nan), ([2.0], 1.0), ([math.nan, 2.0], 1.0)])
def test_fewer_than_two_pairs_are_undecidable_not_an_error(treatment, value):
    got = paired_difference(treatment, [1.0] * len(treatment))
    assert got.value == pytest.approx(value, nan_ok=True)
    assert (got.low, got.high, got.df) == (-math.inf, math.inf, 0)
    assert np.isnan([got.sd, got.p, equivalence_p(got, 0.1)]).all()


@pytest.mark.parametrize(("n", "decided"), [(2, False), (5, False), (6, True), (9, True)])
def test_seeds_that_agree_exactly_are_tested_by_sign(n, decided):
    reference = np.linspace(0.1, 0.9, n)
    got = paired_difference(reference + 0.01, reference)  # agrees up to rounding
    assert got.sd == 0
    assert got.p == 2 * 0.5**n
    assert math.isfinite(got.low) == decided == (got.low > 0)


def test_equal_arms_differ_by_zero():
    got = paired_difference([0.1, 0.2, 0.3] * 2, [0.1, 0.2, 0.3] * 2)
    assert (got.value, got.low, got.high, got.p) == (0, 0, 0, 1)
    assert equivalence_p(got, 0.01) == 0.5**6


def test_resolution_is_a_floor_of_the_spread():
    step = 0.01
    got = paired_difference([0.91, 0.81, 0.71], [0.90, 0.80, 0.70], resolution=step)
    assert got.sd == pytest.approx(step / math.sqrt(12))
    assert 0.02 < got.p < 0.05
    wide = paired_difference([0.9, 0.5, 0.1], [0.1, 0.5, 0.8], resolution=step)
    assert wide == paired_difference([0.9, 0.5, 0.1], [0.1, 0.5, 0.8])


@pytest.mark.parametrize("spread", [0.2, 0.5, 1.0, 2.0])
@pytest.mark.parametrize("n", [2, 3, 5])
def test_resolution_keeps_false_alarms_below_alpha(n, spread):
    rng = np.random.default_rng(1)
    steps = np.round(rng.normal(0, spread, (1500, n)))
    alarms = np.mean([mean_interval(row, resolution=1.0).p < 0.05 for row in steps])
    assert alarms <= 0.05 + 2.33 * math.sqrt(0.05 * 0.95 / 1500)


def test_contrast_drops_seeds_only_for_arms_it_uses():
    values = [[1.0, 2.0, math.nan], [2.0, 4.0, 0.0], [3.0, 7.0, None]]
    got = contrast(values, [-1, 1, 0], diverged=[[False, False, row == 2] for row in range(3)])
    assert (got.n, got.value, got.diverged) == (3, pytest.approx(7 / 3), 0)


def test_contrast_of_two_arms_is_the_paired_difference():
    values = np.random.default_rng(0).normal(size=(5, 2))
    assert contrast(values, [1, -1]) == paired_difference(values[:, 0], values[:, 1])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: paired_difference([1, 2], [1]),
        lambda: mean_interval([[1, 2]]),
        lambda: mean_interval([1, 2], confidence=95),
        lambda: mean_interval([1, 2], resolution=-1),
        lambda: contrast([[1, 2]], [1]),
        lambda: contrast([[1, 2]], [0, 0]),
        lambda: contrast([[1, 2]], [1, math.nan]),
        lambda: contrast([[1, 2]], [1, -1], diverged=[True]),
        lambda: mean_interval([1, math.inf]),
        lambda: equivalence_p(mean_interval([1, 2]), 0),
    ],
)
def test_bad_input_is_explained(wrong):
    with pytest.raises(EvidenceError):
        wrong()


@pytest.mark.parametrize("n", [3, 5, 10])
def test_R34_S1_interval_covers_the_planted_effect(n):
    got = coverage(NOISES["normal"], n, 8000, np.random.default_rng(n), effect=0.7)
    assert 0.93 <= got <= 0.97


def test_R34_pairing_narrows_the_interval_without_losing_coverage():
    covers, wider = unpaired(NOISES["normal"], 10, 4000, np.random.default_rng(0))
    assert covers > 0.97
    assert wider > 1.25  # √2 for half the variance shared, less what more degrees of freedom give back


def test_import_is_cheap():
    code = "import sys, paribus; old = set(sys.modules); import paribus.evidence; print(*set(sys.modules) - old)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert not {"scipy", "torch", "pandas"} & set(loaded.split())


groups = st.lists(numbers, min_size=2, max_size=9)


def table_of(*arms) -> list[list[float | None]]:
    return [[arm[row] if row < len(arm) else None for arm in arms] for row in range(max(map(len, arms)))]


@pytest.mark.filterwarnings("ignore:Precision loss")  # scipy's words on an arm whose runs are all equal
@given(groups, groups)
def test_S23_means_that_nothing_pairs_agree_with_welch_in_scipy(treatment, reference):
    got = contrast_of_means(table_of(treatment, reference), [1, -1])
    if got.sd == 0:
        return
    expected = stats.ttest_ind(treatment, reference, equal_var=False)
    interval = expected.confidence_interval()
    assert (got.p, got.df) == pytest.approx((expected.pvalue, expected.df), rel=1e-6, abs=1e-12)
    assert (got.low, got.high) == pytest.approx((interval.low, interval.high), rel=1e-6, abs=1e-6)
    assert got.n == min(len(treatment), len(reference))
    [judged] = judge_family([got], delta=None, higher_is_better=True)
    assert (judged.estimate.low, judged.p_adjusted) == pytest.approx((got.low, min(1, got.p)))


def test_a_main_effect_of_means_has_the_degrees_of_freedom_of_satterthwaite():
    arms = np.random.default_rng(0).normal(size=(4, 6)) * [[1], [2], [3], [4]]
    got = contrast_of_means(arms.T, [-0.5, -0.5, 0.5, 0.5])
    parts = arms.var(axis=1, ddof=1) / 4 / 6
    assert got.se == pytest.approx(math.sqrt(parts.sum()))
    assert got.df == pytest.approx(parts.sum() ** 2 / (parts**2 / 5).sum())


def test_an_overlap_widens_the_mean_of_each_arm():
    arms = [[1.0, 2.0, 4.0], [0.0, 5.0, 7.0, 8.0]]
    got = contrast_of_means(table_of(*arms), [1, -1], overlap=0.25)
    spreads = [np.var(arm, ddof=1) * (1 / len(arm) + 0.25) for arm in arms]
    assert got.se == pytest.approx(math.sqrt(sum(spreads)))


def test_arms_that_agree_exactly_and_single_runs_say_as_little_as_pairs_do():
    exact = contrast_of_means([[1.0, 2.0]] * 4, [1, -1])
    assert (exact.sd, exact.low, exact.p) == (0, -math.inf, 2 * 2**-4)
    assert contrast_of_means([[1.0, 2.0]] * 6, [1, -1]).high == -1.0
    alone = contrast_of_means([[1.0, 2.0], [None, 3.0]], [1, -1])
    assert (alone.value, alone.n, alone.high) == (-1.5, 1, math.inf)


def test_a_run_that_diverged_counts_in_its_own_arm():
    got = contrast_of_means([[1.0, 2.0], [1.1, 2.1], [1.2, 2.2]], [1, -1], diverged=[[0, 1], [0, 0], [0, 0]])
    assert (got.n, got.diverged, got.per_seed) == (2, 1, ())


@pytest.mark.parametrize(
    ("sizes", "spreads"), [((5, 5), (1, 1)), ((5, 15), (3, 1)), ((15, 5), (3, 1)), ((10, 10), (5, 1))]
)
def test_S23_intervals_of_means_cover_whatever_sizes_and_spreads(sizes, spreads):
    rng = np.random.default_rng(1)
    covered = 0
    for _ in range(2000):  # 95 ± 1.5 %: three standard errors of the rate
        arms = [spread * rng.normal(size=size) for size, spread in zip(sizes, spreads, strict=True)]
        got = contrast_of_means(table_of(*arms), [1, -1])
        covered += got.low <= 0 <= got.high
    assert 0.935 <= covered / 2000 <= 0.97
