"""The folds of a cross-validation: every example validates exactly once in each repetition."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from paribus import chance
from paribus.data.prepare.divisible import Divisible, Rows, require, shuffled
from paribus.errors import DataError


def fold_of(rows: Rows, examples: Divisible, folds: int, number: int) -> NDArray[np.bool_]:
    """Which of some rows validate in the fold that belongs to a seed.

    Seeds 0 … k − 1 take the k folds of one random division, the next k seeds those of another one, and so on. The
    division follows from the number of its repetition alone, so all arms of all studies share it.

    Args:
        rows: (n,) those that train or validate.
        examples: all examples of the data set, with the classes that folds keep in their proportions.
        folds: k, how many there are, at least 2.
        number: the seed of the ``split`` stream.

    Raises:
        DataError: if a class has fewer examples than there are folds, or fewer groups.
    """
    repetition, fold = divmod(number, folds)
    some, key = examples.of(rows), chance.key("folds", folds, repetition)
    dealt = deal(some, folds, key) if some.groups is None else deal_groups(some, some.groups, folds, key)
    return np.asarray(dealt == fold)


def deal(examples: Divisible, folds: int, key: int) -> Rows:
    """(n,) the fold of every example: one class after the other, in random order, so that all folds differ by one."""
    present, classes, counts = np.unique(examples.known_labels(), return_inverse=True, return_counts=True)
    names = [examples.classes[label] for label in present]
    require(folds, names, counts, "examples", f"dealt out to {folds} folds")
    dealt = np.empty(len(classes), np.int64)
    dealt[np.lexsort((shuffled(len(classes), key), classes))] = np.arange(len(classes)) % folds
    return dealt


def deal_groups(examples: Divisible, groups: Rows, folds: int, key: int) -> Rows:
    """(n,) the fold of every example, with whole groups in one fold.

    Large groups first, those of like size in random order; each goes where it brings the classes' shares nearest to
    even ones. Fold sizes are as even as the groups allow.
    """
    present, classes = np.unique(examples.known_labels(), return_inverse=True)
    names, owner = np.unique(groups, return_inverse=True)
    if len(names) < folds:
        hint = f"write split.folds={len(names)} or fewer" if len(names) > 1 else "name another data.group, or none"
        raise DataError(f"{folds} folds need {folds} groups of examples that stay together", got=len(names), hint=hint)
    table = np.zeros((len(names), len(present)), np.int64)  # (groups, classes)
    np.add.at(table, (owner, classes), 1)
    called = [examples.classes[label] for label in present]
    require(folds, called, (table > 0).sum(0), "groups", f"dealt out to {folds} folds")
    goal, total = table.sum(0) / folds, table.sum(0)
    sizes = np.log2(table.sum(1)).astype(np.int64)  # alike within a factor of two
    taken, fold = np.zeros((folds, len(present))), np.empty(len(names), np.int64)
    for group in np.lexsort((shuffled(len(names), key), -sizes)):
        before, after = goal - taken, goal - taken - table[group]
        fold[group] = np.argmin(((after**2 - before**2) / total).sum(1))
        taken[fold[group]] += table[group]
    dealt: Rows = fold[owner]
    return dealt
