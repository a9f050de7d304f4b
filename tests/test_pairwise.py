from __future__ import annotations

from itertools import combinations, product

from tests.pairwise import pairwise


def test_every_two_values_meet_in_few_combinations():
    axes = ([1, 2], "abc", [0, 1, 2], [True, False], "xyz")
    found = pairwise(*axes)
    assert len(found) <= 13  # of 108
    for i, j in combinations(range(5), 2):
        assert {(one[i], one[j]) for one in found} == set(product(axes[i], axes[j]))
