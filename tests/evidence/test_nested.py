import math

import numpy as np
import pytest

from paribus.errors import EvidenceError
from paribus.evidence import mean_interval
from paribus.evidence.nested import nested_effects

OVERLAP = 3 / 7


def test_components_by_hand():
    """Mean squares within 1 and between splits' means 8; the component is 8 − 1/2."""
    table = [[0.0, 2**0.5], [4.0, 4 + 2**0.5]]
    got = nested_effects(table, OVERLAP)
    assert got.seeds.value == pytest.approx(1)
    assert got.splits.value == pytest.approx(8 - 1 / 2)
    assert got.these == mean_interval([2**0.5 / 2, 4 + 2**0.5 / 2])
    assert got.like_these.se == pytest.approx(math.sqrt(8 * (1 / 2 + OVERLAP)))
    assert got.standard_error(2, 2) == pytest.approx(got.like_these.se)


def test_a_split_with_more_seeds_does_not_count_more():
    got = nested_effects([[1.0, 1.0, 1.0, 1.0], [3.0, None, None, None], [None] * 4, [2.0, 2.5, None, None]], OVERLAP)
    assert got.these.value == pytest.approx((1 + 3 + 2.25) / 3)
    assert got.these.n == 3


def test_more_seeds_on_each_split_help_less_and_less():
    table = np.random.default_rng(0).normal(size=(6, 1)) + np.random.default_rng(1).normal(size=(6, 5))
    got = nested_effects(table, OVERLAP)
    assert got.standard_error(6, 1) > got.standard_error(6, 5) > got.standard_error(6, 1000)
    assert got.standard_error(10**9, 5) == pytest.approx(math.sqrt((got.splits.value + got.seeds.value / 5) * OVERLAP))


@pytest.mark.parametrize("table", [[1.0, 2.0], [[1.0, 2.0]], [[1.0], [2.0]], [[1.0, 2.0], [None, None]]])
def test_too_little_is_explained(table):
    with pytest.raises(EvidenceError):
        nested_effects(table, OVERLAP)


@pytest.mark.parametrize("seeds", [2, 5])
def test_R34_both_claims_are_covered(seeds):
    """Splits of one data set share a part of their variance, 0.3; every seed counted as one would cover far less."""
    rng, truths, covers, naive = np.random.default_rng(seeds), [], [], []
    for _ in range(1500):
        common = math.sqrt(0.3) * rng.normal()
        splits = common + math.sqrt(0.7) * rng.normal(size=(5, 1))
        table = splits + rng.normal(size=(5, seeds))
        got, alone = nested_effects(table, OVERLAP), mean_interval(table.ravel())
        truths.append(got.these.low <= common <= got.these.high)
        covers.append(got.like_these.low <= 0 <= got.like_these.high)
        naive.append(alone.low <= 0 <= alone.high)
    assert 0.93 <= np.mean(truths) <= 0.97
    assert 0.93 <= np.mean(covers) <= 0.98
    assert np.mean(naive) < 0.85


def test_R34_components_are_covered():
    rng, splits, seeds = np.random.default_rng(0), [], []
    for _ in range(1500):
        got = nested_effects(rng.normal(size=(8, 1)) + rng.normal(size=(8, 3)), OVERLAP)
        splits.append(got.splits.low <= 1 <= got.splits.high)
        seeds.append(got.seeds.low <= 1 <= got.seeds.high)
    assert 0.93 <= np.mean(splits) <= 0.97
    assert 0.93 <= np.mean(seeds) <= 0.97
