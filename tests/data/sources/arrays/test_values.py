"""Inputs of every shape and type, recognised and arranged."""

import numpy as np
import pytest
import torch

from paribus.data.sources.arrays.values import arrangement, described, numbers
from paribus.errors import DataError

GREY = np.arange(5 * 6 * 7, dtype=np.uint8).reshape(5, 6, 7)


@pytest.mark.parametrize(
    ("shape", "dtype", "kind", "stored"),
    [
        ((9,), "float64", "vectors", (1,)),
        ((9, 4), "float64", "vectors", (4,)),
        ((9, 4), "int64", "vectors", (4,)),
        ((9, 6, 7), "uint8", "pictures", (1, 6, 7)),
        ((9, 6, 6), "float32", "pictures", (1, 6, 6)),
        ((9, 20, 3), "float32", "sequences", (3, 20)),
        ((9, 6, 7, 3), "uint8", "pictures", (3, 6, 7)),
        ((9, 3, 6, 7), "uint8", "pictures", (3, 6, 7)),
        ((9, 1, 6, 7), "bool", "pictures", (1, 6, 7)),
        ((9, 3, 6, 3), "float32", "pictures", (3, 3, 6)),  # both ends could be colours: NumPy has them last
    ],
)
def test_what_shapes_are_taken_for(shape, dtype, kind, stored):
    found = arrangement(np.zeros(shape, dtype))
    assert (found.kind, found.stored_shape) == (kind, stored)
    assert found.apply(np.zeros(shape, dtype)).shape == (9, *stored)
    assert {"vectors": "vectors", "pictures": "pixels", "sequences": "steps"}[kind] in described(found)


def test_torch_has_channels_first_where_both_ends_could_be_them():
    assert arrangement(np.zeros((9, 3, 6, 3)), first=True).stored_shape == (3, 6, 3)
    assert arrangement(np.zeros((9, 3, 6, 3)), channels="first").stored_shape == (3, 6, 3)


def test_values_go_where_their_axes_go():
    colours = np.stack([GREY, GREY + 1, GREY + 2], -1)  # (5, 6, 7, 3)
    stored = arrangement(colours).apply(colours)
    assert (stored == np.stack([GREY, GREY + 1, GREY + 2], 1)).all()
    series = np.random.default_rng(0).random((5, 8, 2))
    assert (arrangement(series).apply(series) == series.astype("float32").transpose(0, 2, 1)).all()


@pytest.mark.parametrize(
    ("given", "dtype", "expected"),
    [
        (GREY, "uint8", GREY),
        (GREY.astype("int64"), "uint8", GREY),
        (GREY.astype("float64"), "uint8", GREY),
        (GREY / 255, "uint8", GREY),
        (GREY.astype("float32") / 255, "uint8", GREY),
        (GREY > 100, "uint8", 255 * (GREY > 100)),
        (np.sqrt(GREY / 255), "float32", (255 * np.sqrt(GREY / 255)).astype("float32")),
        (GREY / 255 - 0.5, "float32", (GREY / 255 - 0.5).astype("float32")),
        (GREY.astype("uint16") * 7, "float32", GREY.astype("float32") * 7),
    ],
)
def test_pictures_are_stored_as_0_to_255_where_they_can_be(given, dtype, expected):
    found = arrangement(given, kind="pictures")
    stored = found.apply(given)
    assert stored.dtype == found.dtype == dtype
    assert (stored[:, 0] == expected).all()


def test_tensors_lists_and_half_precision():
    assert numbers(torch.ones(3, 2, dtype=torch.bfloat16), "inputs").dtype == "float32"
    assert numbers([torch.ones(2), torch.zeros(2)], "inputs").tolist() == [[1, 1], [0, 0]]
    assert numbers(torch.ones(3, requires_grad=True), "inputs").shape == (3,)
    assert numbers([[1, 2], [3, 4]], "inputs").shape == (2, 2)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["a", "b"], "inputs are numbers"),
        ([None, 1], "inputs are numbers"),
        (np.array([1 + 2j]), "inputs are numbers"),
        ([[1, 2], [3]], "all inputs have one shape"),
        ([np.zeros(2), np.zeros(3)], "all inputs have one shape"),
        ([], "at least one example"),
        (3.0, "at least one example"),
        ([[1.0], [float("nan")]], "finite"),
        ([[1.0], [1e300]], "finite"),
    ],
)
def test_what_is_no_data_is_refused(given, message):
    with pytest.raises(DataError, match=message) as caught:
        numbers(given, "inputs")
    assert len(str(caught.value)) < 300


def test_the_first_example_that_is_not_finite_is_named():
    values = np.zeros((10, 3))
    values[7, 1] = np.inf
    with pytest.raises(DataError) as caught:
        numbers(values, "inputs")
    assert "1 of 10" in caught.value.got
    assert "number 7" in caught.value.got


@pytest.mark.parametrize(("shape", "kind"), [((9, 2, 2, 2, 2), "auto"), ((9, 4), "pictures"), ((9, 6, 6, 9), "auto")])
def test_shapes_that_nothing_fits(shape, kind):
    with pytest.raises(DataError):
        arrangement(np.zeros(shape), kind=kind)
