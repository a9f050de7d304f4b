"""Grids of options that are thinned out where nothing is lost."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any


def pairwise(*axes: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Rows in which any two values of different axes meet at least once: far fewer than all combinations."""
    places = list(itertools.combinations(range(len(axes)), 2))

    def pairs(row: tuple[Any, ...]) -> set[tuple[Any, ...]]:
        return {(i, j, row[i], row[j]) for i, j in places}

    every, rows = list(itertools.product(*axes)), []
    missing = set().union(*map(pairs, every))
    while missing:
        rows.append(max(every, key=lambda row: len(pairs(row) & missing)))
        missing -= pairs(rows[-1])
    return rows
