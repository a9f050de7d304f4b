"""Cross-validation: seeds take folds, every example validates once, classes and groups are respected."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedKFold

from paribus.chance import Seeds
from paribus.data.dataset import Dataset
from paribus.data.prepare.split import in_time
from paribus.errors import DataError, RecipeError
from paribus.records.recipe import Recipe
from paribus.records.sections import Split


def made(targets, groups=None, **official):
    """Examples with nothing but a class, and a group."""
    targets = torch.as_tensor(targets)
    return Dataset(
        inputs=torch.zeros(len(targets), 1, dtype=torch.uint8),
        targets=targets,
        classes=tuple(f"class {label}" for label in range(int(targets.max()) + 1)),
        official=official or {"train": (0, len(targets))},
        moments=torch.zeros(len(targets), 1, 2, dtype=torch.float64),
        groups=None if groups is None else torch.as_tensor(groups),
    )


def mixed(counts):
    """Labels with so many of each class, in random order."""
    return np.random.default_rng(0).permutation(np.repeat(np.arange(len(counts)), counts))


def validated(dataset, seeds, **section):
    """The validation rows of each seed."""
    return [dataset.split(Split(**section), Seeds(seed))["val"] for seed in seeds]


@settings(deadline=None)
@given(
    counts=st.lists(st.integers(6, 30), min_size=2, max_size=5),
    folds=st.integers(2, 6),
    repetition=st.integers(0, 3),
    test=st.sampled_from([0.0, 0.3]),
    stratified=st.booleans(),
)
def test_every_example_validates_once_in_each_round_of_seeds(counts, folds, repetition, test, stratified):
    dataset = made(mixed([3 * count for count in counts]))
    seeds = range(repetition * folds, (repetition + 1) * folds)
    section = {"folds": folds, "test": test, "stratified": stratified}
    rows = [dataset.split(Split(**section), Seeds(seed)) for seed in seeds]
    held = rows[0].get("test", torch.tensor([], dtype=torch.int64))
    everything = torch.cat([held, *(some["val"] for some in rows)])
    assert torch.equal(everything.sort().values, torch.arange(len(dataset)))
    sizes = [len(some["val"]) for some in rows]
    assert max(sizes) - min(sizes) <= 1
    for some in rows:
        assert torch.equal(torch.cat(list(some.values())).sort().values, torch.arange(len(dataset)))
        assert all(torch.equal(part, part.sort().values) for part in some.values())


def test_folds_hold_the_classes_that_scikit_learn_gives_them():
    labels = mixed([50, 31, 12])
    ours = [np.bincount(labels[rows]) for rows in validated(made(labels), range(5), folds=5, test=0)]
    oracle = [np.bincount(labels[held]) for _, held in StratifiedKFold(5).split(labels, labels)]
    assert sorted(map(tuple, ours)) == sorted(map(tuple, oracle))


def test_the_next_round_of_seeds_deals_anew_and_the_same_seed_the_same():
    dataset = made(mixed([40, 20]))
    first, second = (validated(dataset, seeds, folds=5) for seeds in (range(5), range(5, 10)))
    assert not any(torch.equal(a, b) for a in first for b in second)
    assert all(map(torch.equal, first, validated(dataset, range(5), folds=5)))


def test_a_split_that_is_held_fixed_is_one_fold():
    dataset, section = made(mixed([40, 20])), Split(folds=5)
    fixed = [dataset.split(section, Seeds(seed, {"split": 7}))["val"] for seed in range(3)]
    assert all(torch.equal(rows, validated(dataset, [7], folds=5)[0]) for rows in fixed)


def test_a_limit_leaves_the_folds_as_they_are():
    dataset = made(mixed([40, 20]))
    rows = dataset.split(Split(folds=5, limit=10), Seeds(1))
    assert torch.equal(rows["val"], validated(dataset, [1], folds=5)[0])
    assert len(rows["train"]) == 10


@settings(deadline=None, max_examples=50)
@given(data=st.data(), folds=st.integers(2, 5), classes=st.integers(2, 3))
def test_groups_stay_together_in_folds_of_like_size(data, folds, classes):
    sizes = data.draw(st.lists(st.integers(1, 9), min_size=4 * folds, max_size=40))
    groups = np.repeat(np.arange(len(sizes)), sizes)
    labels = np.arange(len(groups)) % classes
    labels[np.searchsorted(groups, np.arange(len(sizes)))] = np.arange(len(sizes)) % classes
    dataset = made(labels, groups)
    try:
        rows = validated(dataset, range(folds), folds=folds, test=0)
    except DataError:  # a class in too few groups
        assert min(len(set(groups[labels == label])) for label in range(classes)) < folds
        return
    assert torch.equal(torch.cat(rows).sort().values, torch.arange(len(groups)))
    owners = [set(groups[some].tolist()) for some in rows]
    assert sum(map(len, owners)) == len(sizes)
    fold_sizes = [len(some) for some in rows]
    assert max(fold_sizes) - min(fold_sizes) <= 2 * max(sizes)


def test_groups_of_one_class_each_keep_the_mix_of_classes():
    owner = np.arange(60) // 3  # 20 groups of three
    labels = (owner >= 14).astype(int)  # 14 and 6 groups
    for rows in validated(made(labels, owner), range(2), folds=2, test=0):
        assert np.bincount(labels[rows]).tolist() == [21, 9]


@pytest.mark.parametrize(
    ("dataset", "section", "error", "said"),
    [
        (
            made(mixed([20, 3])),
            {"folds": 5},
            DataError,
            r"at least 5 examples to be dealt out to 5 folds.*class 1 \(2\)",
        ),
        (
            made([0, 1] * 20, [0, 1, 2, 3] * 10),
            {"folds": 5, "test": 0},
            DataError,
            "5 folds need 5 groups.*received: 4",
        ),
        (made([0] * 30 + [1] * 10, np.arange(40) // 5), {"folds": 3, "test": 0}, DataError, r"3 groups.*class 1 \(2\)"),
        (made([0, 1] * 20, train=(0, 30), val=(30, 40)), {"folds": 5}, RecipeError, "bring a validation split"),
        (made([0, 1] * 20), {"fold": 1}, RecipeError, "no order.*split.folds=5"),
    ],
    ids=["few of a class", "few groups", "class in few groups", "official", "fold in time"],
)
def test_what_cannot_be_dealt_out_is_refused(dataset, section, error, said):
    with pytest.raises(error, match=f"(?s){said}"):
        dataset.split(Split(**section), Seeds(0))


def test_what_has_an_order_is_not_dealt_out():
    with pytest.raises(RecipeError, match=r"(?s)at random.*split.folds=5.*split.fold=0,1,2"):
        in_time(100, Split(folds=5))


def test_one_fold_is_none():
    with pytest.raises(RecipeError, match=r"(?s)split.folds.*2"):
        Recipe.load("digits/mlp", {"split.folds": 1})
