import numpy as np
import pytest
from scipy import stats

from paribus.errors import EvidenceError
from paribus.evidence import mean_interval
from paribus.evidence.folds import five_by_two, k_folds
from paribus.evidence.simulation.worlds import Splits

TABLE = [[0.02, 0.05], [0.01, 0.03], [0.04, 0.00], [0.03, 0.03], [0.02, 0.06]]


def test_five_by_two_by_hand():
    """s² of a repetition is half the squared difference: Σs² = (9 + 4 + 16 + 0 + 16)·10⁻⁴/2."""
    got = five_by_two(TABLE)
    within = 45e-4 / 2
    assert got.value == pytest.approx(0.029)
    assert got.t == pytest.approx(0.02 / np.sqrt(within / 5))
    assert got.p_t == pytest.approx(2 * stats.t.sf(got.t, 5))
    assert got.f == pytest.approx((np.array(TABLE) ** 2).sum() / (2 * within))
    assert got.p_f == pytest.approx(stats.f.sf(got.f, 10, 5))


@pytest.mark.parametrize("wrong", [TABLE[:4], [[0.1, 0.1]] * 5, [[0.1, None]] * 5])
def test_what_is_no_five_by_two_is_explained(wrong):
    with pytest.raises(EvidenceError):
        five_by_two(wrong)


def test_folds_overlap_by_one_of_the_others():
    values = [0.01, 0.03, -0.01, 0.02, 0.02]
    assert k_folds(values) == mean_interval(values, overlap=1 / 4)


@pytest.mark.parametrize("wrong", [[0.1], [0.1, None, 0.2], [[0.1, 0.2]]])
def test_a_missing_fold_is_explained(wrong):
    with pytest.raises(EvidenceError, match="two folds"):
        k_folds(wrong)


def test_R34_false_alarms_about_data_like_these():
    rng, world, alarms = np.random.default_rng(0), Splits(examples=200, features=5), []
    for row in world.compared(rng, 600, lambda: world.halves(rng)):
        found = five_by_two(row.reshape(5, 2))
        alarms.append((found.p_t < 0.05, found.p_f < 0.05))
    folds = world.compared(rng, 600, lambda: world.folds(rng, 10))
    rates = *np.mean(alarms, axis=0), np.mean([k_folds(row).p < 0.05 for row in folds])
    assert max(rates) <= 0.05 + 2.33 * np.sqrt(0.05 * 0.95 / 600)
