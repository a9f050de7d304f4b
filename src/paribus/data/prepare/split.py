"""Which examples train, validate and test: a pure function of the data, the recipe and the seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from paribus import chance
from paribus.data.prepare.divisible import Divisible, Rows, ranks, require, shuffled
from paribus.data.prepare.folds import fold_of
from paribus.data.splits import SPLITS
from paribus.errors import DataError, RecipeError
from paribus.records.sections import Split

TEST = chance.key("test examples")  # no seed in it: the test split is the same in every run
TUNING = chance.key("tuning examples")  # nor here: no run of a study trains or validates on what its tuning looked at


def split(
    examples: Divisible, official: Mapping[str, tuple[int, int]], section: Split, seeds: chance.Seeds
) -> dict[str, Tensor]:
    """Rows of the examples of each split.

    The test split is the official one, or else a share that is the same for every seed. The validation split is
    the official one, or else a share of the rest that follows the ``split`` stream, or one of its ``folds``. With
    ``limit``, training keeps a subset that contains every smaller such subset.

    A share for tuning, the same for every seed, is held out before validation. It is no split of its own: where
    ``section.judged`` says so it takes the place of the validation split, whose examples are left out then.

    Args:
        examples: all of them.
        official: what the source itself defines, as half-open ranges of rows; always ``train``.
        section: the recipe's.
        seeds: the run's chance.

    Returns:
        ``train``, ``val`` and, unless ``section.test`` is 0 and there is no official one, ``test``:
        each sorted int64 of shape (n,).

    Raises:
        DataError: if the examples are all of one class, if examples or groups are too few, or the limit is too large.
        RecipeError: for a fold in time, and for folds where the source has a validation split.
    """
    if section.fold:
        rule = "split.fold goes back in time, and these examples have no order"
        hint = "leave it out; split.folds=5 is cross-validation, whose seeds take one fold after the other"
        raise RecipeError(rule, got=f"split.fold={section.fold}", hint=hint)
    if section.folds and "val" in official:
        rule = "split.folds divides one pool of examples, and these data bring a validation split of their own"
        hint = "leave split.folds out, or move the pictures of that split to those that train"
        raise RecipeError(rule, got=f"split.folds={section.folds}", hint=hint)
    examples = _checked(examples, section.stratified)
    rows = {name: np.arange(*bounds) for name, bounds in official.items()}
    if "test" not in rows and section.test:
        rows["train"], rows["test"] = hold_out(rows["train"], examples, section.test, TEST)
    check_tuning(section)
    if section.tuning:
        rows["train"], tuning = hold_out(rows["train"], examples, section.tuning, TUNING)
    if section.folds:
        folds = fold_of(rows["train"], examples, section.folds, seeds.of("split"))
        rows["train"], rows["val"] = rows["train"][~folds], rows["train"][folds]
    elif "val" not in rows:
        rows["train"], rows["val"] = hold_out(rows["train"], examples, section.val, seeds.key("split"))
    if section.judged == "tuning":
        rows["val"] = tuning
    if section.limit:
        rows["train"] = few(rows["train"], examples, section.limit, seeds)
    return {name: torch.from_numpy(rows[name]) for name in SPLITS if name in rows}


def check_tuning(section: Split, in_order: bool = False) -> None:
    """Refuse examples for tuning where there can be none, and figures of them where there are none."""
    if section.judged == "tuning" and not section.tuning:
        hint = "set split.tuning=0.1"
        raise RecipeError("split.judged=tuning needs examples for tuning", got="split.tuning=0", hint=hint)
    if section.tuning and in_order:
        rule = "split.tuning holds examples out at random, and neighbours of what has an order are alike"
        raise RecipeError(rule, got=section.tuning, hint="leave it out; compare values with split.fold instead")


def in_time(length: int, section: Split) -> dict[str, tuple[int, int]]:
    """Steps of each split of what has an order: training first, then validation, then test, as half-open ranges.

    With ``fold = k`` validation and the end of training lie k validation splits earlier, and what follows is not used.
    Training always begins at the beginning; the test split is the same for every fold.

    Raises:
        DataError: if there are too few examples.
        RecipeError: if the fold leaves nothing to train on, and for folds of a cross-validation.
    """
    check_tuning(section, in_order=True)
    if section.folds:
        rule = "split.folds deals examples out at random, and these follow each other in time: it would train on what "
        hint = "for walk-forward validation write --vary split.fold=0,1,2, which goes back by one validation split each"
        raise RecipeError(f"{rule}comes after what it validates on", got=f"split.folds={section.folds}", hint=hint)
    test = round(length * (1 - section.test))
    size = max(1, round(test * section.val))
    stop = test - section.fold * size
    if stop - size < 1:
        if not section.fold:
            raise DataError("there are too few examples for training and validation", got=length)
        most = max(0, (test - 1) // size - 1)
        raise RecipeError("split.fold leaves nothing to train on", got=section.fold, hint=f"at most {most}")
    bounds = {"train": (0, stop - size), "val": (stop - size, stop)}
    return {**bounds, "test": (test, length)} if section.test else bounds


def _checked(examples: Divisible, stratified: bool) -> Divisible:
    """The examples with the classes that a split keeps in their proportions."""
    if examples.labels is not None and len(np.unique(examples.labels)) < 2:
        raise DataError("there must be at least two classes", got=", ".join(examples.classes))
    if examples.labels is None or not stratified:
        return replace(examples, labels=None, classes=("all examples",))
    return examples


def hold_out(rows: Rows, examples: Divisible, share: float, key: int) -> tuple[Rows, Rows]:
    """Split rows into those that stay and those that are held out, both sorted.

    Args:
        rows: (n,) rows to split.
        examples: all examples of the data set.
        share: how much to hold out.
        key: of the draw.
    """
    some = examples.of(rows)
    draw = _stratified if some.groups is None else partial(_by_group, groups=some.groups)
    held = draw(some, share=share, key=key)
    return rows[~held], rows[held]


def few(rows: Rows, examples: Divisible, limit: int, seeds: chance.Seeds) -> Rows:
    """What ``split.limit`` keeps of the rows: the same for all who ask with these seeds."""
    return limited(rows, examples, limit, seeds.key("split", "limit"))


def limited(rows: Rows, examples: Divisible, limit: int, key: int) -> Rows:
    """``limit`` of the rows with their mix of classes; a smaller limit gives a subset of a larger one's."""
    if limit > len(rows):
        hint = f"set split.limit to at most {len(rows):,}, or leave it out"
        raise DataError("split.limit must not exceed the number of training examples", got=limit, hint=hint)
    _, classes, counts = np.unique(examples.known_labels()[rows], return_inverse=True, return_counts=True)
    # the k-th example of a class of n stands at (k + ½)/n: each prefix of this order has the mix of the whole
    position = (ranks(classes, key) + 0.5) / counts[classes]
    order = np.lexsort((shuffled(len(rows), key), position))
    return np.sort(rows[order[:limit]])


def quotas(counts: Rows, share: float) -> Rows:
    """How many of each class to hold out: largest remainders are rounded up, no class is left out or emptied.

    Args:
        counts: (K,) examples of each class, at least 2.
    """
    exact = counts * share
    taken = np.floor(exact).astype(np.int64)
    missing = round(float(exact.sum())) - int(taken.sum())
    taken[np.argsort(taken - exact, kind="stable")[:missing]] += 1
    quota: Rows = np.clip(taken, 1, counts - 1)
    return quota


def _stratified(examples: Divisible, share: float, key: int) -> NDArray[np.bool_]:
    present, classes, counts = np.unique(examples.known_labels(), return_inverse=True, return_counts=True)
    require(2, [examples.classes[label] for label in present], counts, "examples", "divided")
    return ranks(classes, key) < quotas(counts, share)[classes]


def _by_group(examples: Divisible, groups: Rows, share: float, key: int) -> NDArray[np.bool_]:
    """Whole groups, in random order, each held out if that brings the classes' shares nearer to the goal."""
    present, classes = np.unique(examples.known_labels(), return_inverse=True)
    names, owner = np.unique(groups, return_inverse=True)
    table = np.zeros((len(names), len(present)), np.int64)  # (groups, classes)
    np.add.at(table, (owner, classes), 1)
    require(2, [examples.classes[label] for label in present], (table > 0).sum(0), "groups", "divided")
    goal, total = share * table.sum(0), table.sum(0)
    held, taken = np.zeros(len(names), bool), np.zeros(len(present))
    for group in shuffled(len(names), key):
        gap = goal - taken
        if (((gap - table[group]) ** 2 - gap**2) / total).sum() < 0:
            held[group], taken = True, taken + table[group]
    held = _on_both_sides(held, table)
    rows: NDArray[np.bool_] = held[owner]
    return rows


def _on_both_sides(held: NDArray[np.bool_], table: Rows) -> NDArray[np.bool_]:
    """Move small groups so that every class is held out, if that can be, and that every class stays."""
    for side in (True, False):
        for label in range(table.shape[1]):
            if not table[held == side, label].any():
                others = np.flatnonzero(table[:, label])
                held[others[np.argmin(table[others].sum(1))]] = side
    return held
