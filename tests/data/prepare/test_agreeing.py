"""Training examples whose neighbours say something else are left out: as scikit-learn's neighbours have it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.datasets import load_digits, load_wine
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import StandardScaler

from paribus.chance import Seeds
from paribus.data import arrays
from paribus.data.dataset import Dataset
from paribus.data.prepare import agreeing as subject
from paribus.data.prepare.agreeing import agreeing
from paribus.data.prepare.prepared import prepare
from paribus.errors import RecipeError
from paribus.records.recipe import Recipe

DRAW = np.random.default_rng(4)


def dataset(inputs, labels) -> Dataset:
    count = len(labels)
    names = tuple(map(str, range(int(labels.max()) + 1)))
    return Dataset(
        torch.as_tensor(inputs), torch.as_tensor(labels), names, {"train": (0, count)}, torch.zeros(count, 1, 2)
    )


def spoiled(labels, share):
    wrong = DRAW.permutation(len(labels))[: round(share * len(labels))]
    found = labels.copy()
    found[wrong] = (found[wrong] + DRAW.integers(1, labels.max() + 1, len(wrong))) % (labels.max() + 1)
    return found, np.isin(np.arange(len(labels)), wrong)


@pytest.mark.parametrize("load", [load_wine, load_digits])
def test_those_are_kept_that_the_majority_of_their_neighbours_confirms(load, monkeypatch):
    monkeypatch.setattr(subject, "AT_ONCE", 20_000)  # several pieces
    inputs, labels = load(return_X_y=True)
    pictures = load is load_digits
    inputs = inputs[:600].reshape(-1, 1, 8, 8) if pictures else inputs
    labels, _ = spoiled(labels[:600], 0.2)
    kept = agreeing(dataset(inputs.astype(np.float32), labels), torch.arange(len(labels)), 9)
    flat = inputs.reshape(len(labels), -1)
    scaled = flat if pictures else StandardScaler().fit_transform(flat)
    near = KNeighborsClassifier(9).fit(scaled, labels).kneighbors(return_distance=False)  # of the others
    votes = np.stack([(labels[near] == label).sum(1) for label in range(labels.max() + 1)], 1)
    expected = np.flatnonzero(votes[np.arange(len(labels)), labels] == votes.max(1))
    agree = len({*kept.tolist()} & {*expected.tolist()}) / len({*kept.tolist()} | {*expected.tolist()})
    assert agree > 0.99  # neighbours at the same distance may be taken in another order


def test_most_wrong_labels_go_and_hardly_any_right_ones():
    inputs, labels = load_digits(return_X_y=True)
    given, wrong = spoiled(labels, 0.3)
    data = arrays.Data(inputs.astype(np.float32), given).part
    recipe = Recipe.read({"data": data, "model": "mlp", "split": {"test": 0.0}})
    whole, left = (prepare(recipe.override({"training.agreeing": k}), Seeds(0)) for k in (0, 10))
    assert torch.equal(whole.rows["val"], left.rows["val"])
    kept, before = left.rows["train"].numpy(), whole.rows["train"].numpy()
    assert {*kept.tolist()} < {*before.tolist()}
    assert wrong[kept].mean() < 0.02
    assert (~wrong)[kept].sum() > 0.95 * (~wrong)[before].sum()
    assert left.info.sizes["train"] == len(kept) == sum(left.info.class_counts)


def test_a_field_that_is_not_used_is_no_part_of_a_recipe():
    recipe = Recipe.load("digits/mlp")
    assert recipe.identity == recipe.override({"training.agreeing": 0}).identity
    assert recipe.identity != recipe.override({"training.agreeing": 5}).identity


def test_what_cannot_be_asked_is_said():
    numbers = Dataset(torch.rand(9, 2), torch.rand(9), (), {"train": (0, 9)}, torch.zeros(9, 1, 2))
    with pytest.raises(RecipeError, match="that each have one class"):
        agreeing(numbers, torch.arange(9), 2)
    mixed = dataset(np.arange(9, dtype=np.float32)[:, None], np.array([0, 0, 0, 1, 0, 0, 0, 0, 0]))
    with pytest.raises(RecipeError, match="leaves examples of every class"):
        agreeing(mixed, torch.arange(9), 2)
    with pytest.raises(RecipeError, match="other training examples, 8"):
        agreeing(mixed, torch.arange(9), 9)
