import math

import numpy as np
import pytest
from scipy import stats

from paribus.errors import EvidenceError
from paribus.evidence import (
    InterimAnalyses,
    Verdict,
    alpha_at,
    contrast,
    main_effects,
    plan_analyses,
    sequential_test,
)

PLAN = InterimAnalyses((3, 5, 10, 20))


def judged_so_far(differences, delta=None, diverged=None):
    """The decision about differences that are given as they are, one column for each comparison."""
    table = np.asarray(differences)
    return sequential_test(table, np.eye(table.shape[1]), PLAN, delta=delta, higher_is_better=True, diverged=diverged)


def p_at_analyses(draws, sizes):
    """Two-sided p-values, (analyses, studies), of the first rows of (studies, seeds)."""
    return np.array([stats.ttest_1samp(draws[:, :n], 0, axis=1).pvalue for n in sizes])


def test_S19_all_of_alpha_is_spent_at_the_end():
    levels = alpha_at(PLAN.sizes, 20)
    assert sum(levels) == pytest.approx(0.05)
    assert list(levels) == sorted(levels)
    assert sum(alpha_at([3, 5], 20)) < 0.001
    assert alpha_at([20], 20) == pytest.approx((0.05,))


def test_S19_spending_of_five_equal_analyses():
    spent = np.cumsum(alpha_at([10, 20, 30, 40, 50], 50))
    by_hand = [2 * stats.norm.sf(stats.norm.isf(0.025) / math.sqrt(k / 5)) for k in range(1, 6)]
    assert spent == pytest.approx(by_hand)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [((3, 5, 10, 20), 0.049), ((3, 5, 10), 0.048), ((10,), 0.05), (tuple(range(3, 21)), 0.017)],
)
def test_S19_optional_stopping_keeps_the_error_rate(sizes, expected):
    p = p_at_analyses(np.random.default_rng(0).normal(size=(20_000, sizes[-1])), sizes)
    levels = np.array(alpha_at(sizes, sizes[-1]))[:, None]
    rate = (p < levels).any(axis=0).mean()
    assert rate <= 0.05 + 2.33 * math.sqrt(0.05 * 0.95 / 20_000)
    assert rate == pytest.approx(expected, abs=0.005)


def test_S19_naive_stopping_does_not():
    p = p_at_analyses(np.random.default_rng(0).normal(size=(20_000, 20)), PLAN.sizes)
    assert (p < 0.05).any(axis=0).mean() == pytest.approx(0.15, abs=0.01)


def test_S19_followed_null_studies_rarely_alarm_and_intervals_cover():
    rng = np.random.default_rng(3)
    alarms = covered = 0
    for _ in range(400):
        shared = rng.normal(size=(20, 1))  # the reference is common to both comparisons
        judged = judged_so_far(rng.normal(size=(20, 2)) - shared).judged
        alarms += any(one.verdict.word in ("better", "worse") for one in judged)
        covered += judged[0].estimate.low <= 0 <= judged[0].estimate.high
    assert alarms / 400 <= 0.05 + 2.33 * math.sqrt(0.05 * 0.95 / 400)
    assert covered / 400 >= 0.95 - 2.33 * math.sqrt(0.05 * 0.95 / 400)


def test_S19_followed_studies_rarely_miss_a_difference_of_delta():
    draws = np.random.default_rng(4).normal(1.0, 0.3, (400, 20, 1))
    words = [judged_so_far(d, delta=1.0).judged[0].verdict.word for d in draws]
    assert np.mean([word == "no difference" for word in words]) <= 0.05 + 2.33 * math.sqrt(0.05 * 0.95 / 400)


def test_S19_clear_effects_stop_early():
    draws = np.random.default_rng(5).normal(1.0, 0.1, (5, 1))
    decision = judged_so_far(draws)
    assert (decision.stop, decision.next_size) == (True, None)
    assert decision.judged[0].verdict.word == "better"


def test_S19_goes_on_until_decided_or_the_most():
    draws = np.random.default_rng(6).normal(0.0, 1.0, (20, 2))
    steps = [judged_so_far(draws[:n]) for n in (0, 2, 3, 9, 20)]
    assert [step.next_size for step in steps] == [3, 3, 5, 10, None]
    assert [step.stop for step in steps] == [False] * 4 + [True]
    assert [len(step.judged) for step in steps] == [0, 0, 2, 2, 2]
    assert steps[-1].judged[0].verdict.word == "undecided"


def test_S19_a_decision_stands_when_its_arm_is_run_no_more():
    rng = np.random.default_rng(7)
    draws = np.column_stack([rng.normal(1.0, 0.05, 10), rng.normal(0.0, 1.0, 10)])
    draws[5:, 0] = math.nan
    clear, unclear = judged_so_far(draws).judged
    assert (clear.verdict.word, clear.estimate.n) == ("better", 5)
    assert (unclear.verdict.word, unclear.estimate.n) == ("undecided", 10)


def test_S19_divergence_overrules_an_early_decision():
    draws = np.random.default_rng(8).normal(1.0, 0.05, (10, 1))
    (judged,) = judged_so_far(draws, diverged=(np.arange(10) == 7)[:, None]).judged
    assert judged.verdict == Verdict("diverged")
    assert (judged.estimate.n, judged.estimate.diverged) == (9, 1)


def test_S19_a_step_of_the_metric_counts_as_much_as_the_weights_of_the_arms():
    """A main effect of two factors averages two arms, so its smallest step is half a step of the metric."""
    effect = main_effects({"norm": ["none", "batch"], "lr": [0.1, 0.2]})[0]
    values = np.array([[0.5, 0.5, 0.53, 0.53]] * 3)  # no spread but that of rounding
    plan = InterimAnalyses((2, 3))
    (judged,) = sequential_test(
        values, [effect.weights], plan, delta=None, higher_is_better=True, resolution=0.01
    ).judged
    alone = contrast(values, effect.weights, judged.estimate.confidence, resolution=0.01)
    assert judged.estimate.sd == alone.sd == pytest.approx(0.005 / math.sqrt(12))


def test_plan_analyses():
    assert plan_analyses(3, 20, 4) == InterimAnalyses((3, 6, 11, 20))
    assert plan_analyses(3, 5, 10).sizes == (3, 4, 5)
    assert plan_analyses().planned_most == 20


@pytest.mark.parametrize("sizes", [(), (1, 5), (5, 5), (5, 30)])
def test_bad_analyses_are_explained(sizes):
    with pytest.raises(EvidenceError, match="from 2 to 20"):
        alpha_at(sizes, 20)


def test_bad_plans_are_explained():
    with pytest.raises(EvidenceError, match="received: 4 analyses from 1 to 20 seeds"):
        plan_analyses(1, 20)
    with pytest.raises(EvidenceError, match="analyses are at"):
        sequential_test([[1.0]], [[1.0]], InterimAnalyses(()), delta=None, higher_is_better=True)


def test_bad_tables_are_explained():
    with pytest.raises(EvidenceError, match="shape"):
        sequential_test([1.0, 2.0], [[1.0]], PLAN, delta=None, higher_is_better=True)
