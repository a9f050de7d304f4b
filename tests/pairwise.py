"""Grids of settings without all of their products: every pair of values of two settings still occurs."""

from __future__ import annotations

from itertools import combinations, product
from typing import Any


def pairwise(*axes: Any) -> list[tuple[Any, ...]]:
    """Few combinations of one value from each axis, such that each two values of different axes meet in one of them.

    Most mistakes need no more than two settings to show (Kuhn, Wallace and Gallo 2004). Greedy: the next combination
    is the one with the most pairs that have not met.
    """
    every = list(product(*axes))
    missing = {pair for one in every for pair in _pairs(one)}
    found = []
    while missing:
        best = max(every, key=lambda one: len(missing.intersection(_pairs(one))))
        missing.difference_update(_pairs(best))
        found.append(best)
    return found


def _pairs(one: tuple[Any, ...]) -> set[Any]:
    return set(combinations(enumerate(one), 2))
