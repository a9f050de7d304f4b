"""Intervals that hold at every look."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import integrate, stats

from paribus.errors import EvidenceError
from paribus.evidence import Estimate, at_every_look, e_value, judge_anytime, mean_interval, seeds_for
from paribus.evidence.anytime import grown, level_at, mixture, reach, wider
from paribus.evidence.ranking import t_reach
from paribus.evidence.simulation.looks import either_rejected, ever_rejected, shared
from paribus.evidence.simulation.worlds import NOISES, Splits

GAINS = [0.020, 0.025, 0.018, 0.022, 0.030]


def bayes_factor(t: float, n: int, variance: float) -> float:
    """Of an effect size with a normal prior against none, by integration: the density of t is noncentral."""
    if not variance:
        return 1.0
    prior = stats.norm(scale=math.sqrt(variance))
    marginal, _ = integrate.quad(lambda d: prior.pdf(d) * stats.nct.pdf(t, n - 1, d * math.sqrt(n)), -60, 60, limit=300)
    return marginal / stats.t.pdf(t, n - 1)


@pytest.mark.parametrize("overlap", [0.0, 0.43])
@pytest.mark.parametrize("n", [2, 3, 5])
def test_S21_the_e_value_is_a_ratio_of_bayes_factors(n, overlap):
    estimate = replace(mean_interval(GAINS[:n]), overlap=overlap)
    t = estimate.value / (estimate.sd / math.sqrt(n))
    alpha = 0.5  # a narrow mixture, which quadrature takes in
    oracle = bayes_factor(t, n, overlap + mixture(alpha, overlap)) / bayes_factor(t, n, overlap)
    assert e_value(estimate, alpha) == pytest.approx(oracle, rel=1e-3)


@pytest.mark.parametrize("n", [2, 3, 5, 20])
def test_S21_its_mean_is_one_where_nothing_is_to_be_found(n):
    def weighted(t: float) -> float:
        return e_value(Estimate(t / math.sqrt(n), 0, 0, n, 1.0, n - 1, 1.0), 0.5) * stats.t.pdf(t, n - 1)

    total = 2 * integrate.quad(weighted, 0, math.inf, limit=500)[0]
    assert total == pytest.approx(1, abs=2e-3)


@pytest.mark.parametrize("overlap", [0.0, 0.25])
@pytest.mark.parametrize("alpha", [0.05, 0.01])
def test_S21_the_interval_holds_what_its_e_value_does_not_reject(alpha, overlap):
    wide = at_every_look(mean_interval(GAINS, overlap=overlap), alpha)
    assert [e_value(wide, alpha, end) for end in (wide.low, wide.high)] == pytest.approx([1 / alpha] * 2)
    assert wide.p == pytest.approx(min(1, 1 / e_value(wide, alpha)))
    level = level_at(5, alpha, overlap)
    alone = wide.at(1 - level)  # a t interval at a stricter level
    assert (wide.low, wide.high) == pytest.approx((alone.low, alone.high))
    ratio = (wide.high - wide.low) / (wide.at(1 - alpha).high - wide.at(1 - alpha).low)
    assert wider(5, alpha, overlap) == pytest.approx(ratio - 1)


@pytest.mark.parametrize("overlap", [0.0, 0.25, 0.43])
@pytest.mark.parametrize("alpha", [0.05, 0.05 / 3, 0.005])
def test_S21_intervals_begin_at_three_seeds_and_no_mixture_is_better_by_a_fifth(alpha, overlap, monkeypatch):
    seeds = (3, 5, 10, 20, 30)
    ours = [reach(n, alpha, overlap) for n in seeds]
    assert reach(2, alpha, overlap) == math.inf
    assert max(ours) < math.inf
    for factor in np.geomspace(0.01, 100, 30):
        monkeypatch.setattr("paribus.evidence.anytime.mixture", lambda *_, f=factor: f * mixture(alpha, overlap))
        assert all(mine <= 1.25 * reach(n, alpha, overlap) for n, mine in zip(seeds, ours, strict=True))


@pytest.mark.parametrize("overlap", [0.0, 0.43])
def test_S21_looks_from_2_to_50_seeds_together_err_in_at_most_5_percent(overlap):
    """4,000 studies: were the rate .05, more than .058 would be seen in one of a hundred such tests."""
    rng = np.random.default_rng(1)
    drawn = shared(rng.normal(size=(4000, 50)), overlap, rng)
    [rate] = ever_rejected(drawn, [50], overlap=overlap)
    assert rate <= 0.05 + 2.33 * math.sqrt(0.05 * 0.95 / 4000)
    assert rate >= 0.015  # and they are not idle: what is lost is lost to looks beyond 50 seeds


def test_S21_who_follows_live_verdicts_and_waits_for_the_end_otherwise_errs_a_little_more():
    """Two rules may err, and the documentation says by how much: .063 at 10 seeds."""
    drawn = np.random.default_rng(6).normal(size=(4000, 10))
    assert 0.05 < either_rejected(drawn, 10) < 0.075


@pytest.mark.parametrize(
    ("noise", "step", "most"), [("heavy-tailed", 0, 0.05), ("rounded", 1.0, 0.05), ("rounded", 0, 0.05)]
)
def test_S21_so_they_do_with_heavy_tails_and_where_seeds_often_agree_exactly(noise, step, most):
    drawn = NOISES[noise](np.random.default_rng(2), (4000, 50))
    assert ever_rejected(drawn, [50], resolution=step)[0] <= most


def test_S21_skewed_differences_err_more_often_but_a_fourth_as_often_as_looking_at_t():
    """A limit that the documentation states."""
    drawn = NOISES["skewed"](np.random.default_rng(3), (4000, 50))
    assert 0.05 < ever_rejected(drawn, [50])[0] < 0.15


def test_S21_real_classifiers_on_splits_of_one_data_set_err_in_at_most_5_percent_about_data_like_these():
    """200 data sets, looks from 2 to 20 seeds; were the rate .05, more than .086 would be seen once in a hundred."""
    world = Splits()
    drawn, _ = world.studies(np.random.default_rng(7), 200, 20)
    [rate] = ever_rejected(drawn, [20], overlap=world.overlap)
    [plain] = ever_rejected(drawn, [20], reach=t_reach)
    assert rate <= 0.05 + 2.33 * math.sqrt(0.05 * 0.95 / 200)
    assert plain > 0.4


def test_S21_equal_signs_speak_where_seeds_agree_to_the_last_digit():
    at = {n: at_every_look(mean_interval([0.1] * n)) for n in (5, 6)}
    assert (at[5].low, at[6].low) == (-math.inf, pytest.approx(0.1))
    assert e_value(at[6]) == 1 / at[6].p == 32
    assert e_value(mean_interval([0.0] * 9)) == 1


def test_S21_verdicts_follow_from_the_intervals():
    shape = stats.norm.ppf((np.arange(12) + 0.5) / 12)  # as normal as twelve numbers can be
    draws = [mean + 0.3 * shape for mean in (1, -1, 0, 0.35)]
    judged = judge_anytime([mean_interval(d) for d in draws], delta=0.6, higher_is_better=True)
    assert [one.verdict.word for one in judged] == ["better", "worse", "no difference", "undecided"]
    for one in judged:
        low, high = one.estimate.low, one.estimate.high
        assert (one.p_adjusted < 0.05) == (low > 0 or high < 0)
        assert (one.p_equivalence_adjusted < 0.05) == (-0.6 < low < high < 0.6)
        assert (one.family, one.alpha, one.estimate.confidence) == (4, 0.05, 1 - 0.05 / 4)


def test_S21_a_study_that_looks_too_early_or_lost_a_run_says_so():
    few, lost = mean_interval(GAINS[:2]), mean_interval([0.5, 0.6, 0.7], diverged=[False, False, True])
    one, two, three = judge_anytime([few, lost, mean_interval([0.1])], delta=0.01, higher_is_better=True)
    assert (one.verdict.word, one.estimate.low, one.detectable) == ("undecided", -math.inf, math.inf)
    assert (two.verdict.word, math.isnan(two.p_adjusted)) == ("diverged", True)
    assert (three.verdict.word, three.verdict.more_seeds) == ("undecided", 2)


def test_S21_the_seeds_proposed_decide_with_80_percent_power():
    before = Estimate(0.5, 0, 1, 4, 0.7, 3, 0.2)
    [judged] = judge_anytime([before], delta=None, higher_is_better=True)
    n = 4 + judged.verdict.more_seeds
    assert n > seeds_for(0.5, 0.7)  # looking has its price

    def power(n: int) -> float:
        draws = np.random.default_rng(5).normal(0.5, 0.7, (8000, n))
        return float((draws.mean(1) > reach(n) * draws.std(1, ddof=1) / math.sqrt(n)).mean())

    assert power(n) == pytest.approx(0.8, abs=0.03)
    assert power(n - 1) < 0.81


def test_no_number_of_seeds_will_do_on_few_data():
    [judged] = judge_anytime([Estimate(0.1, 0, 1, 4, 0.7, 3, 0.2, overlap=0.4)], delta=None, higher_is_better=True)
    assert (judged.verdict.more_seeds, judged.verdict.needs_data) == (None, True)


def test_studies_grow_by_a_fourth():
    assert grown(3, 20) == (3, 4, 5, 6, 8, 10, 12, 15, 19, 20)
    assert grown(4, 4) == (4,)
    with pytest.raises(EvidenceError, match="from 1 to 20"):
        grown(1, 20)


def test_bad_levels_are_explained():
    with pytest.raises(EvidenceError, match="alpha lies between 0 and 1"):
        at_every_look(mean_interval(GAINS), 1.5)
