import math

import numpy as np
import pytest
from scipy import stats

from paribus.errors import EvidenceError
from paribus.evidence import mean_interval
from paribus.evidence.crossed import crossed_effects
from paribus.evidence.simulation.worlds import Answers

TABLE = np.array([[1, 0, 0, 1, 0], [1, -1, 0, 1, 0], [1, 0, 0, 0, 1]], float)


def test_mean_squares_by_hand():
    """Sums of squares from totals, as in a table of the analysis of variance."""
    total = (TABLE**2).sum() - TABLE.sum() ** 2 / 15
    seeds = (TABLE.sum(axis=1) ** 2).sum() / 5 - TABLE.sum() ** 2 / 15
    examples = (TABLE.sum(axis=0) ** 2).sum() / 3 - TABLE.sum() ** 2 / 15
    rest = (total - seeds - examples) / 8
    got = crossed_effects(TABLE)
    assert got.estimate.value == pytest.approx(TABLE.mean())
    assert got.rest == pytest.approx(rest)
    assert got.examples == pytest.approx((examples / 4 - rest) / 3)
    assert got.seeds == 0 > seeds / 2 - rest  # it comes out negative
    assert got.estimate.se**2 == pytest.approx(examples / 4 / 15)
    assert got.estimate.df == pytest.approx((examples / 4) ** 2 / (rest**2 / 2 + (examples / 4) ** 2 / 4 + rest**2 / 8))


def test_one_component_alone_is_a_t_interval_over_it():
    seeds = np.repeat([[0.1], [0.4], [0.0], [0.2]], 6, axis=1)
    for table, alone in ((seeds, seeds[:, 0]), (seeds.T, seeds[:, 0])):
        got, expected = crossed_effects(table).estimate, mean_interval(alone)
        assert (got.value, got.se, got.df) == pytest.approx((expected.value, expected.se, expected.df))
        assert (got.low, got.high, got.p) == pytest.approx((expected.low, expected.high, expected.p))


def test_many_seeds_that_agree_are_mcnemars_test():
    """With one answer per example, whatever the seed, the squared z is (b − c)²/(b + c − (b − c)²/N)·(N − 1)/N."""
    answers = np.array([1] * 30 + [-1] * 12 + [0] * 158, float)
    got = crossed_effects(np.tile(answers, (5, 1))).estimate
    z = got.value / got.se
    mcnemar = (30 - 12) ** 2 / (30 + 12)
    assert z**2 == pytest.approx(mcnemar, rel=0.06)
    assert got.p == pytest.approx(stats.chi2.sf(mcnemar, 1), abs=0.002)


def test_no_difference_anywhere():
    got = crossed_effects(np.zeros((6, 50))).estimate
    assert (got.value, got.low, got.high, got.p) == (0, 0, 0, 1)


def test_rows_with_missing_values_are_left_out():
    table = [[1, 0, 1], [None, 1, 0], [0, 0, 1]]
    got = crossed_effects(table)
    assert got.estimate.per_seed == (pytest.approx(2 / 3), None, pytest.approx(1 / 3))
    assert (got.estimate.n, got.estimate.dropped) == (2, 1)
    alone = crossed_effects(table[:2])
    assert (alone.estimate.low, alone.estimate.high) == (-math.inf, math.inf)
    assert math.isnan(alone.seeds)


@pytest.mark.parametrize("wrong", [[1.0, 2.0], [[1.0], [2.0]]])
def test_what_is_no_table_is_explained(wrong):
    with pytest.raises(EvidenceError, match="seeds by examples"):
        crossed_effects(wrong)


@pytest.mark.parametrize(("seeds", "examples"), [(3, 300), (10, 300)])
def test_R34_both_chances_are_covered(seeds, examples):
    rng, world, covers = np.random.default_rng(seeds), Answers(seeds, examples), []
    for _ in range(800):
        found = crossed_effects(world.differences(rng)).estimate
        covers.append(found.low <= world.truth <= found.high)
    assert np.mean(covers) >= 0.92  # three seeds cover more: no interval is narrower than that over seeds alone


def test_the_truth_of_made_answers():
    world = Answers(seeds=400, examples=4000)
    assert world.differences(np.random.default_rng(0)).mean() == pytest.approx(world.truth, abs=0.02)
