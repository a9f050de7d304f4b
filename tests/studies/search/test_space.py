"""What may be searched: ranges and lists as people write them, checked against the recipe."""

from __future__ import annotations

import math

import pytest

from paribus.errors import ParibusError, RecipeError, StudyError
from paribus.records.recipe import Recipe
from paribus.studies.search.space import Space, decoded, encoded

RECIPE = Recipe.load("digits/cnn")


@pytest.mark.parametrize(
    ("text", "scale"),
    [
        ("1e-3..1", "log"),
        ("0.01..0.99", "linear"),
        ("1..100", "log"),
        ("1..99", "linear"),
        ("0..1000", "linear"),
        ("-1..1", "linear"),
        ("0.1..0.9:log", "log"),
        ("0.1..0.9 log", "log"),
        ("1e-3..1:linear", "linear"),
        ("1..1000..1", "linear"),
        ("a,b", "values"),
    ],
)
def test_a_range_is_logarithmic_from_a_factor_of_100_on_or_where_it_says_so(text, scale):
    assert Space.read("optimizer.lr", text).scale == scale


@pytest.mark.parametrize("text", ["1e-3..1", "2..6", "16..128..16", "0.1..0.9:log", "1..1000..1", "1e-3..1:linear"])
def test_what_is_read_is_written_as_it_was_meant(text):
    dimension = Space.read("training.batch_size", text)
    assert Space.read("training.batch_size", dimension.text) == dimension


def test_a_grid_is_spread_evenly_on_its_scale():
    assert Space.read("f", "1e-3..1").grid(4) == (0.001, 0.01, 0.1, 1.0)
    assert Space.read("f", "0.0..1.0").grid(5) == (0.0, 0.25, 0.5, 0.75, 1.0)
    assert Space.read("f", "0.0..1.0").grid(1) == (0.5,)
    assert Space.read("f", "2..6").grid(3) == (2, 4, 6)
    assert Space.read("f", "2..6").grid(99) == (2, 3, 4, 5, 6)
    assert Space.read("f", "16..130..16").grid(99) == tuple(range(16, 129, 16))
    assert Space.read("f", "0.1..0.3..0.1").grid(9) == (0.1, 0.2, 0.3)
    assert Space.read("f", "1..1000").grid(4) == (1, 10, 100, 1000)
    assert Space.read("f", "a,b,c").grid(2) == ("a", "c")
    with pytest.raises(StudyError, match="at least one"):
        Space.read("f", "a,b").grid(0)


@pytest.mark.parametrize("text", ["1e-3..1", "0..1", "2..6", "1..1000", "16..128..16", "a,b,c", "0.1..0.3..0.1"])
def test_shares_cover_all_of_a_dimension_and_nothing_else(text):
    dimension = Space.read("f", text)
    found = [dimension.at(i / 4000) for i in range(4000)]
    assert all(dimension.holds(value) for value in found)
    assert found[0] == dimension.ends[0]
    if dimension.count is not None and dimension.count < 10:
        counts = [found.count(value) for value in dimension.grid(99)]
        assert max(counts) - min(counts) <= 1  # equal room
    places = [dimension.place(value) for value in found]
    assert places == sorted(places)
    assert (places[0], round(places[-1], 2)) == (0.0, 1.0)


def test_on_a_logarithmic_scale_every_decade_has_equal_room():
    found = [Space.read("f", "1e-4..1").at(i / 1000) for i in range(1000)]
    decades = [math.floor(math.log10(value) + 1e-9) for value in found]
    assert [decades.count(decade) for decade in (-4, -3, -2, -1)] == [250] * 4


def test_whole_ends_of_a_field_for_any_number_are_a_range_of_numbers():
    assert not Space.of(RECIPE, {"optimizer.weight_decay": "0..1"})["optimizer.weight_decay"].whole
    assert Space.of(RECIPE, {"batch_size": "1e1..1e3"})["training.batch_size"].ends == (10, 1000)


def test_fields_of_parts_that_are_searched_exist_only_with_some_of_them():
    search = {"beta1": "0.5..0.99", "lr": "1e-3..1", "optimizer.use": "sgd,adam", "momentum": "0..0.9"}
    space = Space.of(RECIPE, search)
    assert next(one.field for one in space) == "optimizer.use"
    assert space["optimizer.beta1"].where == ("optimizer.use", ("adam",))
    assert space["optimizer.momentum"].where == ("optimizer.use", ("sgd",))
    assert space["optimizer.lr"].where is None
    assert not space.exists(space["optimizer.beta1"], {"optimizer.use": "sgd"})
    assert space.exists(space["optimizer.beta1"], {"optimizer.use": "adam"})


def test_values_may_be_given_in_python_as_lists_ranges_and_parts():
    space = Space.of(RECIPE, {"widths": [[8], [8, 16]], "training.batch_size": range(16, 65, 16), "lr": "1e-3..1"})
    assert space["model.widths"].values == ([8], [8, 16])
    assert space["training.batch_size"].grid(9) == (16, 32, 48, 64)
    for one in space:
        value = one.at(0.7)
        assert decoded(one, encoded(one, value)) == value


@pytest.mark.parametrize(
    ("search", "words"),
    [
        ({"lr": "1..1e-3"}, ["empty", "lr=0.001..1"]),
        ({"lr": "1..1"}, ["empty", "lr=1"]),
        ({"lr": "0..1:log"}, ["positive", "0..1:log", ":linear"]),
        ({"lr": "-1..1:log"}, ["positive"]),
        ({"lr": ""}, ["nothing to search"]),
        ({"lr": "a..b"}, ["numbers"]),
        ({"lr": "1..inf"}, ["numbers"]),
        ({"lr": "1..2..3..4"}, ["LOW..HIGH..STEP"]),
        ({"lr": "1..2..5"}, ["step"]),
        ({"lr": "1..2..0"}, ["step"]),
        ({"lr": "1..1000..1:log"}, ["step", "linear"]),
        ({"lr": "1..2:lag"}, ["log or linear"]),
        ({"lr": "0.1"}, ["two values"]),
        ({"lr": "0.1,0.1"}, ["twice"]),
        ({"lrr": "1..2"}, ["did you mean optimizer.lr"]),
        ({"optimizer.lrr": "1..2"}, ["did you mean 'lr'"]),
        ({"model.dropout": "0..2"}, ["less than 1"]),
        ({"model.norm": "none,batsch"}, ["did you mean 'batch'"]),
        ({"optimizer.use": "sgd,adamm"}, ["did you mean 'adam'"]),
        ({"epochs": "-1..5"}, ["budget.epochs", "greater than or equal to 0"]),
        ({"lr": "1e-3..1", "optimizer.lr": "1..2"}, ["twice"]),
        ({"optimizer": "sgd,adam", "optimizer.use": "sgd,adam"}, ["whole"]),
        ({"augment.crop": "true,false", "augment.crop.padding": "1..3"}, ["augment.crop"]),
        ({}, ["--search"]),
        ({"lr": 3}, ["a text or a list"]),
    ],
)
def test_what_cannot_be_searched_is_one_clear_error(search, words):
    with pytest.raises((StudyError, RecipeError)) as caught:
        Space.of(RECIPE, search)
    assert isinstance(caught.value, ParibusError)
    for word in words:
        assert word in str(caught.value)
