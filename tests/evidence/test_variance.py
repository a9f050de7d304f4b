import math

import numpy as np
import pytest
from scipy import stats

from paribus.errors import EvidenceError
from paribus.evidence import variance_components

PLANTED = {"initialisation": 4.0, "order": 1.0, "augmentation": 0.25}


def study(rng, n=10, n_total=10):
    streams = {name: rng.normal(0.9, math.sqrt(variance), n) for name, variance in PLANTED.items()}
    total = rng.normal(0.9, math.sqrt(sum(PLANTED.values())), n_total)
    return variance_components(streams, total)


def test_S18_planted_variances_are_recovered():
    budget = study(np.random.default_rng(0), n=20_000, n_total=20_000)
    for component in budget.components:
        planted = PLANTED[component.stream]
        assert component.variance.value == pytest.approx(planted, rel=0.05)
        assert component.share.value == pytest.approx(planted / 5.25, rel=0.05)
    assert budget.total.value == pytest.approx(5.25, rel=0.05)
    assert budget.remaining.value == pytest.approx(0, abs=0.3)


def test_S18_intervals_cover_as_they_say():
    rng = np.random.default_rng(1)
    covered = {"variance": [], "share": [], "remaining": []}
    for _ in range(1500):
        budget = study(rng)
        first = budget.components[0]
        covered["variance"].append(first.variance.low <= 4 <= first.variance.high)
        covered["share"].append(first.share.low <= 4 / 5.25 <= first.share.high)
        covered["remaining"].append(budget.remaining.low <= 0 <= budget.remaining.high)
    rates = {name: np.mean(hits) for name, hits in covered.items()}
    assert all(0.93 <= rate <= 0.98 for rate in rates.values()), rates


def test_S18_interactions_make_the_remainder_negative_on_average():
    rng = np.random.default_rng(2)
    remaining = []
    for _ in range(300):  # y = a·b, so that V(y) = 1 while each stream alone shows the other's square
        (a, b), (fixed_a, fixed_b) = rng.normal(size=(2, 200)), rng.normal(size=2)
        streams = {"initialisation": a * fixed_b, "order": fixed_a * b}
        remaining.append(variance_components(streams, a * b).remaining.value)
    assert np.mean(remaining) == pytest.approx(1 - 2, abs=0.35)


def test_S18_interval_by_hand():
    budget = variance_components({"order": [1.0, 2.0, 3.0, 4.0]})
    (component,) = budget.components
    assert component.variance.value == pytest.approx(5 / 3)
    assert component.variance.low == pytest.approx(5 / stats.chi2.ppf(0.975, 3))
    assert component.variance.high == pytest.approx(5 / stats.chi2.ppf(0.025, 3))
    assert (component.n, component.share.value, budget.total, budget.remaining) == (4, 1.0, None, None)


def test_S18_too_few_runs_say_nothing():
    budget = variance_components({"order": [1.0, math.nan], "noise": [0.5, 0.5, 0.5]}, total=[1.0, 2.0, 3.0])
    order, noise = budget.components
    assert (order.n, order.variance.low, order.variance.high) == (1, 0, math.inf)
    assert np.isnan([order.variance.value, budget.remaining.value]).all()
    assert (noise.variance.value, noise.share.value) == (0, 0)


def test_bad_input_is_explained():
    with pytest.raises(EvidenceError):
        variance_components({})
    with pytest.raises(EvidenceError):
        variance_components({"order": [1, 2]}, confidence=95)
