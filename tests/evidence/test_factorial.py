from itertools import product

import numpy as np
import pytest

from paribus.errors import EvidenceError
from paribus.evidence import Contrast, contrast, interactions, main_effects

FACTORS = {"norm": ["none", "batch"], "lr": [0.01, 0.1, 1.0], "depth": [1, 2]}
ARMS = [dict(zip(FACTORS, arm, strict=True)) for arm in product(*FACTORS.values())]
Y = np.random.default_rng(0).normal(size=len(ARMS))


def mean_where(**levels):
    return np.mean([y for y, arm in zip(Y, ARMS, strict=True) if levels.items() <= arm.items()])


def test_S1_main_effects_are_differences_of_marginal_means():
    effects = main_effects(FACTORS)
    assert [(e.factors, e.levels, e.reference) for e in effects] == [
        (("norm",), ("batch",), ("none",)),
        (("lr",), (0.1,), (0.01,)),
        (("lr",), (1.0,), (0.01,)),
        (("depth",), (2,), (1,)),
    ]
    for e in effects:
        expected = mean_where(**{e.factors[0]: e.levels[0]}) - mean_where(**{e.factors[0]: e.reference[0]})
        assert np.array(e.weights) @ Y == pytest.approx(expected)


def test_S1_interactions_are_differences_of_differences():
    found = interactions(FACTORS)
    assert len(found) == 1 * 2 + 1 * 1 + 2 * 1
    for e in found:
        (f, g), (a, b), (a0, b0) = e.factors, e.levels, e.reference
        expected = (mean_where(**{f: a, g: b}) - mean_where(**{f: a0, g: b})) - (
            mean_where(**{f: a, g: b0}) - mean_where(**{f: a0, g: b0})
        )
        assert np.array(e.weights) @ Y == pytest.approx(expected)


def test_S1_additive_studies_have_no_interactions():
    additive = [len(arm["norm"]) + 3 * arm["lr"] - arm["depth"] for arm in ARMS]
    assert [np.array(e.weights) @ additive for e in interactions(FACTORS)] == pytest.approx([0] * 5, abs=1e-12)


def test_S1_planted_interaction_is_estimated_from_seeds():
    rng = np.random.default_rng(0)
    planted = [0.5 * (arm["norm"] == "batch" and arm["depth"] == 2) for arm in ARMS]
    values = planted + rng.normal(0, 0.01, (5, len(ARMS))) + rng.normal(0, 3, (5, 1))  # seeds shift all arms
    estimates = {(e.factors, e.levels): contrast(values, e.weights).value for e in interactions(FACTORS)}
    assert estimates[("norm", "depth"), ("batch", 2)] == pytest.approx(0.5, abs=0.03)
    assert estimates[("norm", "lr"), ("batch", 0.1)] == pytest.approx(0, abs=0.03)


def test_one_factor_is_compared_to_its_first_level():
    (effect,) = main_effects({"norm": ["none", "batch"]})
    assert effect == Contrast("main", ("norm",), ("batch",), ("none",), (-1.0, 1.0))
    assert interactions({"norm": ["none", "batch"]}) == main_effects({}) == ()


def test_levels_that_are_equal_but_not_the_same_are_two():
    assert len(main_effects({"bias": [True, 1, 0]})) == 2


@pytest.mark.parametrize("levels", [[], [1, 1]])
def test_levels_are_distinct(levels):
    with pytest.raises(EvidenceError, match="lr"):
        main_effects({"lr": levels})
