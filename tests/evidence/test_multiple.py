import math
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paribus.errors import EvidenceError
from paribus.evidence import holm


@pytest.mark.parametrize(
    ("p", "adjusted"),
    [
        ([0.01, 0.04, 0.03, 0.005], [0.03, 0.06, 0.06, 0.02]),
        ([0.01, 0.02, 0.03, 0.04, 0.05], [0.05, 0.08, 0.09, 0.09, 0.09]),
        ([0.7, 0.6], [1.0, 1.0]),
        ([0.02], [0.02]),
        ([], []),
    ],
)
def test_holm_known_values(p, adjusted):
    assert holm(p) == pytest.approx(adjusted)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_holm_is_the_closure_of_bonferroni(p):
    def closed(i):
        families = [f for size in range(1, len(p) + 1) for f in combinations(range(len(p)), size) if i in f]
        return max(min(1.0, len(family) * min(p[j] for j in family)) for family in families)

    assert holm(p) == pytest.approx([closed(i) for i in range(len(p))])


def test_holm_counts_what_could_not_be_tested():
    adjusted = holm([0.01, math.nan, 0.04])
    assert adjusted[0] == pytest.approx(0.03)
    assert math.isnan(adjusted[1])
    assert adjusted[2] == pytest.approx(0.08)


def test_holm_rejects_what_is_no_probability():
    with pytest.raises(EvidenceError, match=r"1\.5"):
        holm([0.1, 1.5])
