"""What a run works with."""

from itertools import combinations

import numpy as np
import pytest
import torch

from paribus.chance import Seeds
from paribus.data.prepare import prepared
from paribus.data.prepare.prepared import forget, open_dataset, prepare, share
from paribus.records.parts import Part, register
from paribus.records.recipe import Recipe


class Blobs:
    """Features of two classes; counts how often it is decoded."""

    decoded = 0

    def __init__(self, count: int = 120, official: bool = False) -> None:
        self.count, self.official = count, official

    def key(self):
        return {"count": self.count, "official": self.official}

    def write(self, cache) -> None:
        Blobs.decoded += 1
        targets = np.arange(self.count) % 2
        inputs = np.random.default_rng(0).normal(targets[:, None], 1, (self.count, 3)).astype(np.float32)
        cache.start(classes=["a", "b"], shape=(3,), dtype="float32", count=self.count)
        parts = {"train": slice(0, 80), "val": slice(80, 100), "test": slice(100, None)}
        for part, rows in parts.items() if self.official else [("train", slice(None))]:
            cache.add(inputs[rows], targets[rows], part)


def recipe(**changes) -> Recipe:
    register("data", Blobs)
    return Recipe.read({"data": {"use": "Blobs", **changes}, "model": "mlp"})


@pytest.fixture(autouse=True)
def opened():
    yield
    forget()


@pytest.mark.parametrize("official", [False, True])
@pytest.mark.parametrize("seed", [0, 1])
def test_parts_are_disjoint_and_complete(official, seed):
    made = prepare(recipe(official=official), Seeds(seed))
    rows = {part: set(index.tolist()) for part, index in made.rows.items()}
    assert set(rows) == {"train", "val", "test"}
    assert not any(first & second for first, second in combinations(rows.values(), 2))
    assert set().union(*rows.values()) == set(range(120))
    assert {part: len(index) for part, index in rows.items()} == made.info.sizes


def test_the_test_part_is_the_same_for_every_seed():
    first, second = (prepare(recipe(), Seeds(seed)).rows for seed in (0, 1))
    assert torch.equal(first["test"], second["test"])
    assert not torch.equal(first["val"], second["val"])
    assert not torch.equal(first["train"], second["train"])


def test_a_feed_delivers_its_part_and_no_other():
    made = prepare(recipe(), Seeds(0))
    for part, rows in made.rows.items():
        batches = list(made.loader(part, 32, "cpu").in_order())
        assert torch.equal(torch.cat([batch.rows for batch in batches]), rows)
        assert torch.equal(torch.cat([batch.inputs for batch in batches]), made.examples.inputs[rows])


def test_shared_data_are_opened_once():
    part = recipe().data
    first = open_dataset(part)
    assert open_dataset(part) is not first
    share(part)
    shared = open_dataset(part)
    assert open_dataset(Part("Blobs")) is shared
    assert open_dataset(Part("Blobs", count=122)) is not shared
    forget()
    assert open_dataset(part) is not shared
    assert prepared._opened == {}


def test_on_the_cpu_the_data_stay_where_they_are():
    made = prepare(recipe(), Seeds(0))
    assert made.on("cpu") is made


def test_a_picture_source_says_how_it_decodes():
    made = prepare(Recipe.load("digits/mlp"), Seeds(0))
    assert made.info.decoding == {"size": 8, "colour": "grey", "fit": "pad"}
    assert prepare(recipe(), Seeds(0)).info.decoding == {}


@pytest.mark.parametrize("limit", [None, 100])
@pytest.mark.parametrize("tuning", [0.0, 0.3])
def test_S20_the_overlap_counts_examples_that_may_train(tuning, limit):
    recipe = Recipe.load("digits/mlp", {"split.tuning": tuning, "split.limit": limit})
    whole = prepare(recipe.override({"split.limit": None}), Seeds(0)).rows
    assert prepare(recipe, Seeds(0)).info.overlap == pytest.approx(len(whole["val"]) / len(whole["train"]))
