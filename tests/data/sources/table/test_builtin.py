"""Tables that come with scikit-learn."""

import pytest
from sklearn import datasets

from paribus.data.prepare import cache
from paribus.records.parts import Part, build

SHAPES = {"wine": (178, 13, 3), "breast_cancer": (569, 30, 2), "diabetes_progression": (442, 10, 0)}


@pytest.mark.parametrize("name", SHAPES)
def test_they_are_whole(name):
    rows, columns, classes = SHAPES[name]
    dataset = cache.load(build("data", Part(name)))
    assert dataset.inputs.shape == (rows, columns)
    assert len(dataset.classes) == classes
    assert not dataset.inputs.isnan().any()


def test_progression_is_a_number_in_its_own_unit():
    dataset = cache.load(build("data", Part("diabetes_progression")))
    assert dataset.targets.tolist() == datasets.load_diabetes().target.tolist()
