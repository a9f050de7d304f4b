"""Pictures of another size are the same pictures, in the same order and the same splits."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from paribus.chance import Seeds
from paribus.data.prepare.cache import identity
from paribus.data.prepare.prepared import prepare
from paribus.data.sources.images.cifar import Cifar100
from paribus.data.sources.images.digits import Digits
from paribus.data.sources.images.size import resized
from paribus.errors import RecipeError
from paribus.records.recipe import Recipe

PICTURES = np.random.default_rng(0).integers(0, 256, (20, 3, 32, 32), dtype=np.uint8)


@pytest.mark.parametrize("size", [8, 16, 24, 48])
def test_pixels_are_those_of_pillow(size):
    found = resized(PICTURES, size)
    assert found.dtype == np.uint8
    for before, after in zip(PICTURES, found, strict=True):
        expected = Image.fromarray(before.transpose(1, 2, 0)).resize((size, size), Image.Resampling.BILINEAR)
        # Pillow keeps 8 bits between its two passes, one for each axis
        assert np.abs(after.astype(int) - np.asarray(expected).transpose(2, 0, 1)).max() <= 1


def test_their_own_size_leaves_them_alone():
    assert resized(PICTURES, None) is PICTURES
    assert resized(PICTURES, 32) is PICTURES


def test_a_size_is_another_set_of_decoded_data_and_none_is_the_published_one():
    assert Digits().key() == {}
    assert identity(Digits()) != identity(Digits(16))
    assert Cifar100("coarse", 16).key() == {"labels": 0, "size": 16}
    assert Digits(16).decoding == {"size": 16, "colour": "grey", "fit": "pad"}


def test_studies_of_size_compare_the_same_pictures():
    small, large = (prepare(Recipe.load("digits/cnn", {"data.size": size}), Seeds(3)) for size in (None, 16))
    assert large.info.input_shape == (1, 16, 16)
    for split in ("train", "val", "test"):
        assert small.rows[split].tolist() == large.rows[split].tolist()
    assert small.examples.targets.tolist() == large.examples.targets.tolist()
    assert np.array_equal(large.examples.inputs, resized(small.examples.inputs.numpy(), 16))


@pytest.mark.parametrize("size", [3, 513, "large"])
def test_impossible_sizes_are_refused(size):
    with pytest.raises(RecipeError, match=r"data\.size"):
        Recipe.load("digits/cnn", {"data.size": size}).resolved()
