"""What a split looks at, and the random orders by which it divides."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from paribus import chance
from paribus.errors import DataError

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Divisible:
    """What a split looks at.

    Args:
        count: N, how many examples there are.
        classes: names of the classes.
        labels: (N,) class of every example, or ``None`` where they have none.
        groups: (N,) groups that must stay together, or ``None``.
    """

    count: int
    classes: Sequence[str]
    labels: Rows | None = None
    groups: Rows | None = None

    def known_labels(self) -> Rows:
        """(N,) the classes; of examples without any it is one and the same."""
        return np.zeros(self.count, np.int64) if self.labels is None else self.labels

    def of(self, rows: Rows) -> Divisible:
        """Some of the examples."""
        groups = None if self.groups is None else self.groups[rows]
        return Divisible(len(rows), self.classes, self.known_labels()[rows], groups)


def require(least: int, classes: Sequence[str], counts: Rows, what: str, done: str) -> None:
    """Refuse classes with fewer examples or groups than it takes.

    Args:
        least: how many it takes.
        classes: their names.
        counts: (K,) how many each has.
        what: examples or groups.
        done: what is done with them.
    """
    few = [f"{name} ({count})" for name, count in zip(classes, counts, strict=True) if count < least]
    if few:
        hint = f"add {what}, leave these classes out, or set split.stratified=false"
        raise DataError(f"every class needs at least {least} {what} to be {done}", got=", ".join(few), hint=hint)


def ranks(classes: Rows, key: int) -> Rows:
    """Random rank of every example within its class: 0, 1, …; classes are numbered 0 … K − 1."""
    order = np.lexsort((shuffled(len(classes), key), classes))
    starts = np.searchsorted(classes[order], np.arange(classes.max() + 1))
    found = np.empty_like(order)
    found[order] = np.arange(len(order)) - starts[classes[order]]
    return found


def shuffled(n: int, key: int) -> Rows:
    """A random order of n things."""
    return chance.permutation(key, n).numpy()
