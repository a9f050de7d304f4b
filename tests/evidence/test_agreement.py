"""Who flips: exact tests against scipy, false discoveries, swaps of arms."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom, fisher_exact

from paribus.errors import EvidenceError
from paribus.evidence.agreement import _fisher, consistency, discoveries, flips, holm, mcnemar


def test_mcnemar_is_a_sign_test_on_flips():
    assert mcnemar(5, 15) == pytest.approx(2 * binom.cdf(5, 20, 0.5))
    assert mcnemar(7, 7) == 1
    assert mcnemar(0, 0) == 1


def test_consistency_by_hand():
    one = np.array([1, 1, 1, 1, 0, 0, 1, 0, 1, 1]) > 0
    other = np.array([1, 1, 1, 0, 0, 0, 1, 1, 1, 1]) > 0
    found = consistency(one, other)
    assert found.observed == 0.8
    assert found.expected == pytest.approx(0.7 * 0.7 + 0.3 * 0.3)
    assert found.kappa.value == pytest.approx((0.8 - 0.58) / 0.42)
    assert consistency(one, one).kappa.value == 1
    assert consistency(np.ones(9) > 0, np.ones(9) > 0).kappa is None
    with pytest.raises(EvidenceError, match="same 4 examples"):
        consistency(one, other[:5])


def test_independent_errors_have_a_consistency_of_zero_within_its_interval():
    draw = np.random.default_rng(0)
    inside = 0
    for seed in range(200):
        found = consistency(draw.random(200) < 0.8, draw.random(200) < 0.7, seed=seed, draws=400).kappa
        inside += found.low <= 0 <= found.high
    assert 0.90 <= inside / 200 <= 0.99


@pytest.mark.parametrize("seeds", [2, 5, 8])
def test_fisher_is_that_of_scipy(seeds):
    counts = [(a, b) for a in range(seeds + 1) for b in range(seeds + 1)]
    ours = _fisher(*np.array(counts).T, seeds)
    theirs = [fisher_exact([[a, seeds - a], [b, seeds - b]]).pvalue for a, b in counts]
    assert np.allclose(ours, theirs)


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []


def test_examples_that_could_not_be_significant_are_no_tests():
    p, least = np.array([0.001, 0.5, 1.0, 1.0]), np.array([0.001, 0.4, 1.0, 1.0])
    q, tested = discoveries(p, least, 0.1)
    assert tested == 1
    assert q.tolist() == [0.001, 1, 1, 1]


def hits(chance: np.ndarray, seeds: int, draw: np.random.Generator) -> np.ndarray:
    return draw.random((seeds, len(chance))) < chance


def test_arms_that_do_not_matter_are_seldom_told_apart():
    """150 null studies of six seeds: p ≤ .05 in at most 5 % (error .018), a false discovery in at most 10 % (.024)."""
    draw = np.random.default_rng(2)
    chance = draw.beta(6, 1, size=150)
    found = [flips(hits(chance, 6, draw), hits(chance, 6, draw)) for _ in range(150)]
    assert np.mean([one.p <= 0.05 for one in found]) <= 0.09
    assert np.mean([min(one.q_of) <= 0.1 for one in found]) <= 0.15
    assert abs(np.mean([one.excess for one in found])) < 0.002
    assert found[0].least_p == 2 / 64


def test_examples_that_flip_with_the_arm_are_found():
    draw = np.random.default_rng(4)
    chance = np.full(200, 0.95)
    changed = chance.copy()
    changed[:20] = 0.02
    found = flips(hits(chance, 10, draw), hits(changed, 10, draw))
    named = np.flatnonzero(np.array(found.q_of) <= 0.1)
    assert len(named) >= 15
    assert (named < 20).mean() > 0.85
    assert found.p == pytest.approx(2 / 1024)
    assert found.between > found.within + 0.05


def test_churn_by_hand():
    one = np.array([[1, 1, 0], [1, 0, 0]]) > 0
    other = np.array([[0, 1, 1], [0, 1, 1]]) > 0
    found = flips(one, other)
    assert found.within == pytest.approx((1 / 3 + 0) / 2)
    assert found.between == pytest.approx((2 / 3 + 3 / 3) / 2)
    with pytest.raises(EvidenceError, match="two seeds"):
        flips(one[:1], other[:1])
