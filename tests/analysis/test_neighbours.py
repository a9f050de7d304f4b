"""Nearest neighbours against scikit-learn; bias and variance against their identity and simple cases."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from paribus.analysis.neighbours import Neighbours, decompose, neighbours, numbers_of_neighbours, votes
from paribus.errors import DataError
from paribus.inference.activations import look
from paribus.inference.trained import Trained, load
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.training import loop
from paribus.training.execution import Settings

DRAW = np.random.default_rng(0)


@pytest.fixture(scope="module")
def trained(original) -> Trained:
    return load(RunFolder(original))


@pytest.fixture(scope="module")
def found(trained) -> Neighbours:
    return neighbours(trained, most=200, train=300, draws=5, shown=6, near=3)


@pytest.mark.parametrize("layer", ["inputs", "penultimate"])
def test_accuracy_is_that_of_scikit_learn_for_every_k(trained, found, layer):
    """N1"""
    asked, known = look(trained, [layer], "val", 200), look(trained, [layer], "train", 300)
    x, y = (one.spaces[layer].values.double().numpy() for one in (known, asked))
    [curve] = [one for one in found.curves if one.layer == layer]
    for k, accuracy, own in zip(found.ks, curve.accuracy, curve.train, strict=True):
        oracle = KNeighborsClassifier(k, algorithm="brute").fit(x, known.targets.numpy())
        assert accuracy.value == pytest.approx(oracle.score(y, asked.targets.numpy()))
        some = np.linspace(0, 299, 200).round().astype(int)
        assert own == pytest.approx(oracle.score(x[some], known.targets.numpy()[some]))


def test_one_neighbour_knows_all_training_examples_and_all_of_them_know_the_largest_class(trained, found):
    """T28"""
    labels = look(trained, ["inputs"], "train", 300).targets
    truth = look(trained, ["inputs"], "val", 200).targets
    assert found.ks[0] == 1
    assert found.ks[-1] == found.train == 300
    for curve in found.curves:
        assert curve.train[0] == 1.0
        assert curve.accuracy[-1].value == pytest.approx((truth == labels.bincount().argmax()).double().mean())


def test_few_neighbours_have_the_variance_and_many_the_bias(found):
    for curve in found.curves:
        few, many = curve.errors[0], curve.errors[-1]
        assert few.bias < 0.2 < 0.7 < many.bias


def test_the_parts_add_up_to_the_error(found):
    for curve in found.curves:
        for one in curve.errors:
            assert one.error == pytest.approx(one.bias + one.unbiased - one.biased, abs=1e-12)


def test_parts_of_the_error_in_cases_that_are_known():
    truth = np.array([0, 0])
    unbiased = decompose(np.array([[0, 0], [0, 0], [1, 0], [0, 0]]), truth, 3)
    assert (unbiased.error, unbiased.bias, unbiased.unbiased, unbiased.biased) == (0.125, 0, 0.125, 0)
    biased = decompose(np.array([[1, 0], [1, 0], [0, 0], [2, 0]]), truth, 3)
    # the main answer 1 is wrong; of the half that differs from it only 0 helps
    assert (biased.error, biased.bias, biased.unbiased, biased.biased) == (0.375, 0.5, 0, 0.125)


def test_votes_of_a_training_set_drawn_anew_are_those_of_scikit_learn():
    x, y, labels = DRAW.normal(size=(40, 3)), DRAW.normal(size=(25, 3)), DRAW.integers(3, size=40)
    drawn = DRAW.integers(40, size=40)
    order = np.argsort(((y[:, None] - x) ** 2).sum(2), axis=1)
    ours = votes(order, labels, (1, 5, 40), 3, np.bincount(drawn, minlength=40))
    for k, answers in zip((1, 5, 40), ours, strict=True):
        assert np.array_equal(answers, KNeighborsClassifier(k).fit(x[drawn], labels[drawn]).predict(y))


def test_numbers_of_neighbours_are_odd_but_for_all():
    assert numbers_of_neighbours(300) == (1, 3, 5, 11, 21, 51, 101, 201, 300)
    assert numbers_of_neighbours(2) == (1, 2)


def test_mistakes_are_shown_first_with_the_training_examples_that_are_nearest(trained, found):
    wrong = [one.said != one.example.name for one in found.shown]
    assert wrong == sorted(wrong, reverse=True)
    first = found.shown[0]
    asked, known = look(trained, ["inputs"], "val", 200), look(trained, ["inputs"], "train", 300)
    place = asked.rows.tolist().index(first.example.row)
    values = known.spaces["inputs"].values - asked.spaces["inputs"].values[place]
    assert [one.row for one in first.neighbours["inputs"]] == known.rows[values.square().sum(1).argsort()[:3]].tolist()
    assert first.example.picture.startswith("data:image/png;base64,")


def test_tables_have_neighbours_too(session_cache, tmp_path):
    folder = RunFolder(tmp_path / "run")
    loop.train(
        folder, Recipe.load("wine/mlp", {"budget.epochs": 2, "training.precision": "fp32"}), 0, Settings("cpu", 1)
    )
    found = neighbours(load(folder), draws=3)
    assert found.curves[0].accuracy[0].value > 0.85  # of standardised columns
    assert {one.example.picture for one in found.shown} == {""}


def test_a_layer_that_is_not_there_is_named(trained):
    with pytest.raises(DataError, match=r"no layer of this name(.|\n)*stages"):
        neighbours(trained, layer="stages.9")
