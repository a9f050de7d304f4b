"""Targets of every kind as class indices."""

import numpy as np
import pytest
import torch

from paribus.data.sources.arrays.labels import labels, masks
from paribus.errors import DataError


@pytest.mark.parametrize(
    ("given", "classes", "indices"),
    [
        ([0, 1, 2, 1], ("0", "1", "2"), [0, 1, 2, 1]),
        ([10, 30, 30, 20], ("10", "20", "30"), [0, 2, 2, 1]),
        (np.array([0.0, 1.0, 0.0]), ("0", "1"), [0, 1, 0]),
        ([True, False, True], ("False", "True"), [1, 0, 1]),
        (["cat", "ant", "cat"], ("ant", "cat"), [1, 0, 1]),
        (np.array(["cat", "ant"], dtype=object), ("ant", "cat"), [1, 0]),
        (np.array([[2], [0], [1]], "uint8"), ("0", "1", "2"), [2, 0, 1]),
        (np.eye(3)[[2, 0]], ("0", "1", "2"), [2, 0]),
        (torch.tensor([1, 0]), ("0", "1"), [1, 0]),
    ],
)
def test_classes_of_any_type(given, classes, indices):
    found = labels({"train": given})
    assert found.classes == classes
    assert found.indices["train"].tolist() == indices
    assert found.indices["train"].dtype == np.int64


def test_names_belong_to_numbers_and_order_words():
    assert labels({"train": [0, 2]}, ["a", "b", "c"]).classes == ("a", "b", "c")
    assert labels({"train": ["y", "n"]}, ["y", "n"]).indices["train"].tolist() == [0, 1]
    assert labels({"train": np.eye(2)}, ["y", "n"]).classes == ("y", "n")
    with pytest.raises(DataError, match="one of the classes"):
        labels({"train": [0, 3]}, ["a", "b", "c"])
    with pytest.raises(DataError, match="differ"):
        labels({"train": [0, 1]}, ["a", "a"])


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ([0.0, float("nan")], "targets are classes"),
        ([0.5, float("nan")], "finite numbers"),
        ([None, 1], "numbers or words"),
        (np.ones((4, 3)), "one-hot"),
        (np.zeros((4, 3, 2)), "the class of each example"),
    ],
)
def test_what_are_no_classes(given, message):
    with pytest.raises(DataError, match=message):
        labels({"train": given})


@pytest.mark.parametrize("given", [[0.5, 1.5], np.arange(5000), np.linspace(0, 1, 12).reshape(4, 3)])
def test_fractions_and_very_many_numbers_are_to_be_predicted(given):
    found = labels({"train": given, "test": given})
    assert found.classes == ()
    assert found.indices["test"].dtype == np.float32
    assert np.array_equal(found.indices["train"], np.asarray(given, np.float32))
    with pytest.raises(DataError, match="targets of test are finite numbers"):
        labels({"train": given, "test": ["a", "b"]})


def test_a_split_has_no_class_that_training_lacks():
    with pytest.raises(DataError, match="one of the classes") as caught:
        labels({"train": [0, 1], "test": [1, 2]})
    assert "test: 2" in caught.value.got


def test_masks_hold_classes_and_what_is_ignored():
    mask = np.array([[[0, 2], [255, 1]]])
    found = masks({"train": mask})
    assert found.classes == ("0", "1", "2")
    assert found.indices["train"].dtype == np.uint8
    for wrong in (mask - 1, mask + 1, mask / 2):
        with pytest.raises(DataError):
            masks({"train": wrong})
    with pytest.raises(DataError, match="0 … 1"):
        masks({"train": mask}, ["a", "b"])
