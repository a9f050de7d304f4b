"""One finished training on the digits, for all questions about it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.training import loop
from paribus.training.execution import Settings


@pytest.fixture(scope="session")
def original(session_cache, tmp_path_factory) -> Path:
    recipe = Recipe.load("digits/cnn", {"model.widths": [8, 8], "model.norm": "batch", "model.dropout": 0.2})
    recipe = recipe.override({"budget.epochs": 4, "training.ema": 0.9, "training.precision": "fp32"})
    folder = tmp_path_factory.mktemp("trained") / "run"
    loop.train(RunFolder(folder), recipe, 3, Settings("cpu", 1))
    return folder


@pytest.fixture
def run(original, tmp_path) -> RunFolder:
    """A copy that a test may harm."""
    return RunFolder(shutil.copytree(original, tmp_path / "run"))
