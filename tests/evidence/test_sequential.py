import math

import numpy as np
import pytest
from scipy import stats

from paribus.errors import EvidenceError
from paribus.evidence import Looks, alpha_at, follow, plan_looks

LOOKS = Looks((3, 5, 10, 20))


def p_at_looks(draws, sizes):
    """Two-sided p-values, (looks, studies), of the first rows of (studies, seeds)."""
    return np.array([stats.ttest_1samp(draws[:, :n], 0, axis=1).pvalue for n in sizes])


def test_S19_all_of_alpha_is_spent_at_the_end():
    levels = alpha_at(LOOKS.sizes, 20)
    assert sum(levels) == pytest.approx(0.05)
    assert list(levels) == sorted(levels)
    assert sum(alpha_at([3, 5], 20)) < 0.001
    assert alpha_at([20], 20) == pytest.approx((0.05,))


def test_S19_spending_of_five_equal_looks():
    spent = np.cumsum(alpha_at([10, 20, 30, 40, 50], 50))
    by_hand = [2 * stats.norm.sf(stats.norm.isf(0.025) / math.sqrt(k / 5)) for k in range(1, 6)]
    assert spent == pytest.approx(by_hand)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [((3, 5, 10, 20), 0.049), ((3, 5, 10), 0.048), ((10,), 0.05), (tuple(range(3, 21)), 0.017)],
)
def test_S19_optional_stopping_keeps_the_error_rate(sizes, expected):
    p = p_at_looks(np.random.default_rng(0).normal(size=(20_000, sizes[-1])), sizes)
    levels = np.array(alpha_at(sizes, sizes[-1]))[:, None]
    rate = (p < levels).any(axis=0).mean()
    assert rate <= 0.05 + 2.33 * math.sqrt(0.05 * 0.95 / 20_000)
    assert rate == pytest.approx(expected, abs=0.005)


def test_S19_naive_stopping_does_not():
    p = p_at_looks(np.random.default_rng(0).normal(size=(20_000, 20)), LOOKS.sizes)
    assert (p < 0.05).any(axis=0).mean() == pytest.approx(0.15, abs=0.01)


def test_S19_followed_null_studies_rarely_alarm_and_intervals_cover():
    rng = np.random.default_rng(3)
    alarms = covered = 0
    for _ in range(400):
        shared = rng.normal(size=(20, 1))  # the reference is common to both comparisons
        judged = follow(rng.normal(size=(20, 2)) - shared, LOOKS, delta=None, higher_is_better=True).judged
        alarms += any(one.verdict.word in ("better", "worse") for one in judged)
        covered += judged[0].estimate.low <= 0 <= judged[0].estimate.high
    assert alarms / 400 <= 0.05 + 2.33 * math.sqrt(0.05 * 0.95 / 400)
    assert covered / 400 >= 0.95 - 2.33 * math.sqrt(0.05 * 0.95 / 400)


def test_S19_followed_studies_rarely_miss_a_difference_of_delta():
    draws = np.random.default_rng(4).normal(1.0, 0.3, (400, 20, 1))
    words = [follow(d, LOOKS, delta=1.0, higher_is_better=True).judged[0].verdict.word for d in draws]
    assert np.mean([word == "no difference" for word in words]) <= 0.05 + 2.33 * math.sqrt(0.05 * 0.95 / 400)


def test_S19_clear_effects_stop_early():
    draws = np.random.default_rng(5).normal(1.0, 0.1, (5, 1))
    decision = follow(draws, LOOKS, delta=None, higher_is_better=True)
    assert (decision.stop, decision.next_look) == (True, None)
    assert decision.judged[0].verdict.text == "better"


def test_S19_goes_on_until_decided_or_the_most():
    draws = np.random.default_rng(6).normal(0.0, 1.0, (20, 2))
    steps = [follow(draws[:n], LOOKS, delta=None, higher_is_better=True) for n in (0, 2, 3, 9, 20)]
    assert [step.next_look for step in steps] == [3, 3, 5, 10, None]
    assert [step.stop for step in steps] == [False] * 4 + [True]
    assert [len(step.judged) for step in steps] == [0, 0, 2, 2, 2]
    assert steps[-1].judged[0].verdict.text.startswith("undecided: ")


def test_S19_a_decision_stands_when_its_arm_is_run_no_more():
    rng = np.random.default_rng(7)
    draws = np.column_stack([rng.normal(1.0, 0.05, 10), rng.normal(0.0, 1.0, 10)])
    draws[5:, 0] = math.nan
    clear, unclear = follow(draws, LOOKS, delta=None, higher_is_better=True).judged
    assert (clear.verdict.text, clear.estimate.n) == ("better", 5)
    assert (unclear.verdict.word, unclear.estimate.n) == ("undecided", 10)


def test_S19_divergence_overrules_an_early_decision():
    draws = np.random.default_rng(8).normal(1.0, 0.05, (10, 1))
    draws[7] = -math.inf
    (judged,) = follow(draws, LOOKS, delta=None, higher_is_better=True).judged
    assert judged.verdict.text == "diverged in 1 of 10 seeds"


def test_plan_looks():
    assert plan_looks(3, 20, 4) == Looks((3, 6, 11, 20))
    assert plan_looks(3, 5, 10).sizes == (3, 4, 5)
    assert plan_looks().planned_most == 20


@pytest.mark.parametrize("sizes", [(), (1, 5), (5, 5), (5, 30)])
def test_bad_looks_are_explained(sizes):
    with pytest.raises(EvidenceError, match="from 2 to 20"):
        alpha_at(sizes, 20)


def test_bad_plans_are_explained():
    with pytest.raises(EvidenceError, match="received: 4 looks from 1 to 20 seeds"):
        plan_looks(1, 20)
    with pytest.raises(EvidenceError, match="looks are at"):
        follow([[1.0]], Looks(()), delta=None, higher_is_better=True)


def test_bad_tables_are_explained():
    with pytest.raises(EvidenceError, match="shape"):
        follow([1.0, 2.0], LOOKS, delta=None, higher_is_better=True)
