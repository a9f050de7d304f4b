"""Wilson's interval against its closed form."""

from __future__ import annotations

import math

import pytest

from paribus.evidence.proportion import proportion


@pytest.mark.parametrize(("count", "of"), [(0, 9), (3, 10), (50, 50)])
def test_the_interval_is_wilsons(count, of):
    z, share = 1.959963984540054, count / of
    middle = (share + z**2 / (2 * of)) / (1 + z**2 / of)
    half = z * math.sqrt(share * (1 - share) / of + z**2 / (4 * of**2)) / (1 + z**2 / of)
    found = proportion(count, of)
    assert (found.value, found.low, found.high) == pytest.approx((share, middle - half, middle + half), abs=1e-12)
