"""Skill and its interval: coverage on processes of which the truth is known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.signal import lfilter
from sklearn.metrics import r2_score

from paribus.errors import EvidenceError
from paribus.evidence.bootstrap import block_length, mean_interval, r2_interval, skill_interval

MEMORY = 0.8


def errors(seed: int, n: int = 400, memory: float = MEMORY) -> tuple[np.ndarray, np.ndarray]:
    """Errors of two forecasts with means 1.5 and 2, whose difference remembers."""
    draws = np.random.default_rng(seed).standard_normal((2, n + 100))
    noise = lfilter([1], [1, -memory], draws, axis=1)[:, 100:] * np.sqrt(1 - memory**2)
    return 1.5 + 0.3 * noise[0], 2 + 0.2 * noise[0] + 0.2 * noise[1]


def test_the_value_is_the_ratio_of_means():
    e, b = errors(0)
    found = skill_interval(e, b)
    assert found.value == pytest.approx(1 - e.mean() / b.mean(), rel=1e-12)
    assert found.low < found.value < found.high
    assert found.n == 400
    assert found == skill_interval(e, b)


@pytest.mark.parametrize("memory", [0.0, MEMORY])
def test_intervals_cover_the_truth(memory):
    """A percentile interval of blocks covers somewhat less than it says; one that took neighbours for independent ones
    would cover about half of the time at this memory (its deviation is 1/√((1 + 0.8)/(1 − 0.8)) = a third)."""
    covered = [
        one.low <= 0.25 <= one.high
        for one in (skill_interval(*errors(seed, memory=memory), draws=400) for seed in range(200))
    ]
    assert 0.86 <= np.mean(covered) <= 0.99  # 200 draws: a standard error of 0.02


def test_no_difference_is_no_skill():
    e, _ = errors(1)
    found = skill_interval(e, e)
    assert (found.value, found.low, found.high) == pytest.approx((0, 0, 0), abs=1e-12)
    assert found.p == 1


def test_a_clear_difference_is_clear():
    e, b = errors(2)
    assert skill_interval(e, b + 1).p == pytest.approx(1 / 2000)
    worse = skill_interval(b + 1, e)
    assert worse.high < 0
    assert worse.p < 0.01


def test_blocks_grow_with_the_memory():
    lengths = [
        np.mean([block_length(errors(seed, 1000, memory)[0]) for seed in range(20)]) for memory in (0, 0.5, 0.8, 0.95)
    ]
    assert lengths == sorted(lengths)
    assert lengths[0] < 4
    # for an autoregression of the first order g/d gives (6·a²/(1 − a²)²)^(1/3)·n^(1/3)/… = 22.7 at a = 0.8 (circular)
    a = 0.8
    exact = (2 * (2 * a / (1 - a) ** 2 / (1 - a**2) * (1 - a**2)) ** 2 / (4 / 3 * ((1 + a) / (1 - a)) ** 2)) ** (
        1 / 3
    ) * 10
    assert lengths[2] == pytest.approx(exact, rel=0.35)


def test_a_constant_row_has_blocks_of_one():
    assert block_length([3.0] * 50) == 1


@pytest.mark.parametrize(
    ("e", "b", "message"),
    [
        ([1, 2, 3], [1, 2, 3], "at least 4"),
        ([1, 2, 3, 4], [1, 2, 3, 4, 5], "same windows"),
        ([1, 2, 3, 4], [0, 0, 0, 0], "a baseline that errs"),
        ([1, 2, 3, np.nan], [1, 2, 3, 4], "finite"),
    ],
)
def test_what_cannot_be_compared_is_refused(e, b, message):
    with pytest.raises(EvidenceError, match=message):
        skill_interval(e, b)


def regression(seed: int, n: int = 80) -> tuple[np.ndarray, np.ndarray]:
    """Targets of variance 1 + 1, of which the prediction knows one half."""
    known, noise = np.random.default_rng(seed).standard_normal((2, n))
    return known + noise, known


def test_r2_is_that_of_scikit_learn():
    truth, said = regression(0)
    found = r2_interval(truth + 1e6, said + 1e6)
    assert found.value == pytest.approx(r2_score(truth, said), rel=1e-6)
    assert found.low < found.value < found.high
    assert found.n == 80


def test_intervals_of_r2_cover_the_truth():
    """1 − 1/2 = 0.5; percentile intervals of 80 examples cover a little less than they say."""
    covered = [one.low <= 0.5 <= one.high for one in (r2_interval(*regression(k), draws=300) for k in range(120))]
    assert 0.87 <= np.mean(covered) <= 0.99  # a standard error of 0.02


@pytest.mark.parametrize(("truth", "said"), [([1, 2, 3], [1, 2, 3]), ([1] * 9, range(9)), ([1, 2] * 9, [1, 2])])
def test_r2_needs_what_it_is_a_share_of(truth, said):
    with pytest.raises(EvidenceError, match="R² needs"):
        r2_interval(truth, list(said))


def test_the_mean_of_differences_between_examples():
    draws = np.random.default_rng(1)
    values = draws.choice([-1.0, 0.0, 1.0], 500, p=[0.1, 0.7, 0.2])
    found = mean_interval(values)
    assert found.value == pytest.approx(values.mean())
    half = 1.96 * values.std(ddof=1) / np.sqrt(500)  # the normal one, which it approaches with many examples
    assert (found.value - found.low, found.high - found.value) == pytest.approx((half, half), rel=0.1)
    assert found.p < 0.05
    assert mean_interval(np.zeros(9)).p == 1
    with pytest.raises(EvidenceError, match="at least 4"):
        mean_interval([1, 2, 3])


def test_R34_intervals_over_examples_cover_the_truth():
    """What one network gains over another: right where that was wrong 8 times in 100, wrong 4 times."""
    covered = []
    for seed in range(300):
        values = np.random.default_rng(seed).choice([-1.0, 0.0, 1.0], 200, p=[0.04, 0.88, 0.08])
        one = mean_interval(values, draws=400)
        covered.append(one.low <= 0.04 <= one.high)
    assert 0.92 <= np.mean(covered) <= 0.98  # 300 draws: a standard error of 0.013


def test_many_examples_are_drawn_in_pieces(monkeypatch):
    values = np.arange(50.0)
    whole = mean_interval(values)
    monkeypatch.setattr("paribus.evidence.bootstrap.AT_ONCE", 120)
    assert mean_interval(values) == whole
