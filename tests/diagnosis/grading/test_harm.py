"""The kill test against scipy, and what counts as what."""

import math

import numpy as np
import pytest
from scipy import stats

from paribus.diagnosis.grading.harm import Harm, harm


def test_p_and_d_are_those_of_the_textbook():
    draw = np.random.default_rng(0)
    twins, planted = draw.normal(0.9, 0.02, 8), draw.normal(0.85, 0.03, 8)
    found = harm(planted.tolist(), twins.tolist(), higher_is_better=True)
    assert found.p == pytest.approx(stats.ttest_rel(twins, planted).pvalue)
    pooled = math.sqrt((twins.var(ddof=1) + planted.var(ddof=1)) / 2)
    assert found.d == pytest.approx((twins.mean() - planted.mean()) / pooled)
    assert found.verdict == "harmful"
    assert harm((1 - planted).tolist(), (1 - twins).tolist(), higher_is_better=False).d == pytest.approx(found.d)


@pytest.mark.parametrize(
    ("loss", "d", "p", "n", "verdict"),
    [
        (0.1, 0.6, 0.04, 10, "harmful"),
        (0.1, 0.4, 0.04, 10, "harmless"),
        (0.1, 0.6, 0.06, 10, "harmless"),
        (-0.1, -0.6, 0.01, 10, "harmless"),
        (0.1, 0.6, 0.06, 5, "undecided"),
        (math.nan, math.nan, math.nan, 0, "undecided"),
    ],
)
def test_both_must_hold(loss, d, p, n, verdict):
    assert Harm(loss, d, p, n).verdict == verdict


def test_without_spread_the_sign_decides():
    assert harm([0.0] * 6, [1.0] * 6, higher_is_better=True).verdict == "harmful"
    assert harm([1.0] * 10, [1.0] * 10, higher_is_better=True).verdict == "harmless"
