import math

import numpy as np
import pytest

from paribus.errors import EvidenceError
from paribus.evidence import Interval, mean_curve, mean_interval


@pytest.mark.parametrize("n", [1, 2, 5, 12])
@pytest.mark.parametrize("confidence", [0.9, 0.95])
def test_a_mean_curve_is_the_mean_of_every_point(n, confidence):
    table = np.random.default_rng(n).normal(0.5, 0.1, (n, 30))
    table[:, 3] = 0.7  # all alike
    table[:, 4] = 0.0
    for overlap in (0.0, 0.4):
        for found, values in zip(mean_curve(table, confidence, overlap), table.T, strict=True):
            known = mean_interval(values, confidence, overlap=overlap)
            assert (found.value, found.low, found.high) == pytest.approx((known.value, known.low, known.high))


def test_a_point_that_a_curve_lacks_has_no_mean():
    assert mean_curve([[1.0, None], [1.0, 2.0]]) == (Interval(1.0, -math.inf, math.inf), None)
    assert mean_curve([[]]) == ()


@pytest.mark.parametrize("curves", [[], [1.0, 2.0]])
def test_what_is_no_table_is_explained(curves):
    with pytest.raises(EvidenceError, match="one row each"):
        mean_curve(curves)
