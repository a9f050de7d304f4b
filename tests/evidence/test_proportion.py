import math

import pytest
from scipy import stats

from paribus.errors import EvidenceError
from paribus.evidence.proportion import proportion


@pytest.mark.parametrize(("hits", "n"), [(0, 300), (3, 20), (52, 52), (27, 54)])
@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_the_interval_is_that_of_wilson(hits, n, confidence):
    expected = stats.binomtest(hits, n).proportion_ci(confidence, method="wilson")
    found = proportion(hits, n, confidence)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert found.value == hits / n


def test_of_nothing_nothing_is_known():
    found = proportion(0, 0)
    assert (found.low, found.high) == (0, 1)
    assert math.isnan(found.value)
    with pytest.raises(EvidenceError, match="counted"):
        proportion(3, 2)
