from __future__ import annotations

from importlib import resources
from typing import Annotated

import pytest
from pydantic import Field

from paribus.records import yaml
from paribus.records.choices import choices
from paribus.records.parts import register
from paribus.records.recipe import Recipe, shipped
from paribus.records.schema import recipe_schema

validator = pytest.importorskip("jsonschema").Draft202012Validator


def valid(raw, schema=None) -> bool:
    return bool(validator(schema or recipe_schema()).is_valid(raw))


@pytest.fixture(scope="module")
def shipping():
    """The schema of what ships: it takes a tenth of a second to make."""
    return recipe_schema()


def test_the_schema_is_one():
    validator.check_schema(recipe_schema())


@pytest.mark.parametrize("name", shipped())
def test_shipped_recipes_fit_the_schema(name, shipping):
    text = resources.files("paribus.recipes").joinpath(f"{name}.yaml").read_text()
    assert valid(yaml.parse(text), shipping)
    assert valid(Recipe.load(name).plain(), shipping)


GOOD = {"data": "digits", "model": {"use": "cnn", "widths": [8]}, "augment": {"flip": True, "crop": {"padding": 1}}}


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"base": "digits/cnn"},
        {"optimizer": {"use": "sgd", "lr": 0.1}},
        {"training": {"clip_norm": None}},
        {"name": "mine", "about": "Mine."},
        {"augment": {"flip": False}},
        {"augment": {"second": {"use": "crop", "padding": 1}}},
    ],
)
def test_good_recipes_fit(change, shipping):
    assert valid(GOOD | change, shipping)


@pytest.mark.parametrize(
    "change",
    [
        {"optimiser": "sgd"},
        {"model": "cn"},
        {"model": {"use": "cn"}},
        {"model": {"use": "cnn", "width": [8]}},
        {"model": {"use": "cnn", "norm": "bach"}},
        {"model": {"widths": [8]}},
        {"augment": {"crop": {"paddin": 1}}},
        {"augment": {"crop": 3}},
        {"augment": {"corp": True}},
        {"augment": {"second": {"padding": 1}}},
        {"training": {"batch_size": 0}},
        {"training": {"batchsize": 1}},
        {"split": {"val": 1}},
        {"budget": {"epochs": "many"}},
        {"name": 3},
    ],
)
def test_mistakes_do_not_fit(change, shipping):
    assert not valid(GOOD | change, shipping)


def test_parts_of_ones_own_are_in_the_schema():
    @register("model")
    class Mine:
        """Mine."""

        def __init__(self, input_shape, width: Annotated[int, Field(ge=1)] = 8): ...

    assert valid(GOOD | {"model": {"use": "Mine", "width": 3}})
    assert not valid(GOOD | {"model": {"use": "Mine", "width": 0}})


def test_the_schema_explains_every_field():
    fields = recipe_schema()["properties"]
    assert all(fields[name].get("description") for name in fields)
    for section in ("split", "training", "budget", "chance"):
        assert all(option.get("description") for option in fields[section]["properties"].values())
    for kind in ("model", "optimizer", "schedule", "stopping", "task", "data"):
        for part in fields[kind]["anyOf"][1:]:
            assert part["description"]
            assert all(option.get("description") for name, option in part["properties"].items() if name != "use")


EVERYTHING = {
    "augment.crop.padding": 1, "augment.flip": True, "schedule.use": "cosine", "stopping.use": "patience",
    "optimizer.use": "adamw",
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name in shipped() if not name.startswith("folder")])
def test_every_choice_has_a_sentence(name):
    recipe = Recipe.load(name, EVERYTHING)
    found = choices(recipe)
    assert all(choice.meaning and choice.value for choice in found)
    fields = [choice.field for choice in found]
    assert len(set(fields)) == len(fields)
    resolved = recipe.resolved()
    expected = {f"{group}.{key}" for group, entries in resolved.items() if group != "augment" for key in entries}
    expected |= {f"augment.{part}.{key}" for part, entries in resolved["augment"].items() for key in entries}
    assert {field for field in expected if not field.endswith(".use")} <= set(fields)


def test_no_augmentation_is_a_choice_too():
    found = {choice.field: choice.value for choice in choices(Recipe.load("digits/cnn", {"augment": {}}))}
    assert found["augment"] == "none"
