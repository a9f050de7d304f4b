import numpy as np
import pytest
from scipy import stats

from paribus.evidence import contrast, judge_family, mean_interval
from paribus.evidence.curve import mean_intervals
from paribus.evidence.simulation import NOISES, alarm, coverage, false_alarms
from paribus.evidence.simulation.__main__ import SEEDS, main
from paribus.evidence.simulation.methods import METHODS, chosen, compared, critical_skewness, sign_flips, student
from paribus.evidence.simulation.rates import covers_rows, rejected
from paribus.evidence.simulation.worlds import RESOLUTION, Splits, correlated


def tolerated(rate, studies):
    """A rate that a true `rate` exceeds with probability 1 %."""
    return rate + 2.33 * np.sqrt(rate * (1 - rate) / studies)


def test_R34_the_published_tables_are_printed(capsys):
    main(["--studies", "20"])
    lines = capsys.readouterr().out.splitlines()
    for noise in NOISES:
        assert sum(line.startswith(noise) for line in lines) >= len(SEEDS)
        assert sum(line.startswith(f"shared part, {noise}") for line in lines) == len(SEEDS)
    for method in METHODS:
        assert sum(line[:19].strip() == method for line in lines) == len(SEEDS)


def test_tables_have_names(capsys):
    main(["designs", "--studies", "5"])
    assert "Alpaydin" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["design"])
    assert "there are these, like-these" in capsys.readouterr().err


@pytest.mark.parametrize("name", NOISES)
def test_noises_have_mean_0_and_variance_1(name):
    drawn = NOISES[name](np.random.default_rng(0), (400_000,))
    assert drawn.mean() == pytest.approx(0, abs=0.01)
    assert drawn.var() == pytest.approx(1 + RESOLUTION.get(name, 0) / 12, rel=0.08)


@pytest.mark.parametrize("n", [2, 5, 12])
@pytest.mark.parametrize("overlap", [0.0, 0.43])
def test_many_studies_at_once_are_judged_as_each_alone(n, overlap):
    table = NOISES["skewed"](np.random.default_rng(n), (60, n)) - 0.6
    table[:5] = 0.25
    found = zip(*(end.tolist() for end in mean_intervals(table.T, 0.95, 0.3, overlap)), strict=True)
    for (value, low, high), row in zip(found, table, strict=True):
        expected = mean_interval(row, resolution=0.3, overlap=overlap)
        assert (value, low, high) == pytest.approx((expected.value, expected.low, expected.high))
    words = [judge_family([mean_interval(row, overlap=overlap)], delta=None, higher_is_better=True) for row in table]
    assert rejected(table, overlap) == np.mean([alarm(judged) for [judged] in words])


def test_false_alarms_are_those_of_judged_families():
    rng = np.random.default_rng(4)
    rate = false_alarms(NOISES["normal"], 5, 3, 50, rng)
    values = np.random.default_rng(4)
    studies = NOISES["normal"](values, (50, 1, 5)) + NOISES["normal"](values, (50, 3, 5))
    asked = ([-1, 1, 0], [-1, 0, 1])
    judged = [
        judge_family([contrast(study.T, weights) for weights in asked], delta=None, higher_is_better=True)
        for study in studies
    ]
    assert rate == np.mean([any(map(alarm, one)) for one in judged])


@pytest.mark.parametrize("n", [10, 20])
@pytest.mark.parametrize("noise", ["normal", "skewed", "heavy-tailed", "bounded", "unequal variances"])
def test_R34_intervals_cover_whatever_the_shape(noise, n):
    got = coverage(NOISES[noise], n, 8000, np.random.default_rng(n))
    assert 0.93 <= got <= 0.975


def test_R34_no_more_false_alarms_about_data_like_these_than_stated():
    """Two classifiers that are equally good over data sets: as if seeds were independent, far more than 5 %."""
    world = Splits()
    found, expected = world.studies(np.random.default_rng(0), 1000, 20)
    assert expected.mean() == pytest.approx(0, abs=0.001)
    for n in SEEDS:
        assert rejected(found[:, :n], world.overlap) <= tolerated(0.05, 1000)
    assert rejected(found[:, :3]) > 0.07
    assert rejected(found) > 0.35


def test_R34_a_planted_effect_about_data_like_these_is_covered():
    world = Splits(gain=1.15)
    found, expected = world.studies(np.random.default_rng(1), 1000, 10)
    truth = expected.mean()
    assert truth > 0.02
    for n in (3, 5, 10):
        _, low, high = mean_intervals(found[:, :n].T, overlap=world.overlap)
        assert 0.93 <= np.mean((low <= truth) & (truth <= high)) <= 0.98


def test_R34_claims_about_these_data_hold_for_random_splits():
    world, rng = Splits(examples=200, features=5), np.random.default_rng(2)
    found = world.compared(rng, 25, lambda: world.random_splits(rng, 600))
    for n in (3, 5, 10):
        assert 0.935 <= covers_rows(found, n) <= 0.965


def test_what_seeds_share_is_counted_once():
    drawn = correlated(NOISES["skewed"], 0.3)(np.random.default_rng(0), (40_000, 2))
    assert np.corrcoef(drawn.T)[0, 1] == pytest.approx(0.3, abs=0.02)
    assert drawn.var() == pytest.approx(1, rel=0.05)


def test_each_part_of_a_split_is_what_it_says():
    world, rng = Splits(examples=60), np.random.default_rng(0)
    assert (world.random_splits(rng, 5).sum(axis=1) == 18).all()
    assert (world.folds(rng, 5).sum(axis=0) == 1).all()
    assert (world.halves(rng).sum(axis=0) == 5).all()


def test_students_interval_is_scipys_and_sign_flips_need_six():
    values = np.random.default_rng(0).normal(size=(4, 6))
    expected = stats.ttest_1samp(values, 0, axis=1).confidence_interval()
    assert student(values)[0] == pytest.approx(expected.low)
    low, _ = sign_flips(values)
    assert low == pytest.approx(values.min(axis=1))  # 1 of 64 subsets is left out at each end: the least single value
    assert np.isinf(sign_flips(values[:, :5])[0]).all()


def test_R34_the_chosen_method_costs_little_where_differences_are_normal():
    rng = np.random.default_rng(0)
    for n, most in ((10, 1.08), (20, 1.04)):
        normal, skewed = (NOISES[name](rng, (8000, n)) for name in ("normal", "skewed"))
        (low, high), (least, largest) = student(normal), chosen(normal)
        assert 1 < (largest - least).mean() / (high - low).mean() < most
        (low, high), (least, largest) = student(skewed), chosen(skewed)
        assert ((least <= 0) & (largest >= 0)).mean() > 0.925 > ((low <= 0) & (high >= 0)).mean()


def test_every_method_is_compared():
    found = compared(np.random.default_rng(0).normal(size=(40, 10)))
    assert list(found) == list(METHODS)
    assert found["Student"][1] == 1
    assert all(0.7 < covers <= 1 and 0.9 < width < 2 for covers, width in found.values())


def test_critical_skewness_is_scipys_at_twenty():
    """D'Agostino's approximation holds from eight on."""
    critical = critical_skewness(20, np.random.default_rng(0))
    n = 20
    y = critical * np.sqrt((n + 1) * (n + 3) / (6 * (n - 2)))
    b = 3 * (n**2 + 27 * n - 70) * (n + 1) * (n + 3) / ((n - 2) * (n + 5) * (n + 7) * (n + 9))
    w = np.sqrt(2 * (b - 1)) - 1
    z = np.arcsinh(y / np.sqrt(2 / (w - 1))) / np.sqrt(np.log(w) / 2)
    assert z == pytest.approx(1.96, abs=0.04)
