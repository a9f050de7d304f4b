"""The table of models: every entry can be built and explains its options."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest
import torch

from paribus.errors import RecipeError
from paribus.models import GROUPS, PARTS
from paribus.records.options import common_options, describe, options
from paribus.records.parts import Part, build, find
from paribus.records.recipe import Recipe, shipped


def test_every_model_is_for_something():
    assert sorted(name for some in GROUPS.values() for name in some) == sorted(PARTS)


@pytest.mark.parametrize("name", PARTS)
def test_every_model_explains_its_options(name):
    factory = find("model", name)
    summary, texts = describe(factory)
    assert summary.endswith(".")
    assert set(texts) == set(inspect.signature(factory).parameters)
    common = common_options("model")
    assert {option.name for option in options("model", factory)} <= {*texts, *(option.name for option in common)}
    assert all(option.text.endswith(".") for option in common)


STEPPED = [what for what in GROUPS if "whole" in what and "fitted at once" not in what]
WHOLE = {name for what in STEPPED for name in GROUPS[what]}


@pytest.mark.parametrize("name", [name for name in shipped() if Recipe.load(name).model.use in WHOLE])
def test_the_models_of_the_shipped_recipes_can_be_built(name):
    part = Recipe.load(name).model
    net = build("model", part, input_shape=(3, 32, 32), num_outputs=10).eval()
    assert net(torch.randn(1, 3, 32, 32)).shape == (1, 10)


@pytest.mark.parametrize("part", [Part("cnn", kernel=4), Part("mlp", widths=[0]), Part("mlp", dropout=1.0)])
def test_impossible_options_are_refused(part):
    with pytest.raises(RecipeError, match="model"):
        build("model", part, input_shape=(1, 8, 8), num_outputs=2)


def test_the_table_needs_no_torch():
    code = "import sys, paribus.models; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)
