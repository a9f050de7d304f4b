"""Trainings of one graph, in the middle of their first epoch."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import pytest
import torch

from paribus.data.prepare.prepared import prepare
from paribus.records.recipe import Recipe
from paribus.records.time import Time
from paribus.training.execution import Settings
from paribus.training.loop import Due, Loaders
from paribus.training.session import Session

SMALL = {"split.limit": 120, "training.batch_size": 32, "training.precision": "fp32"}  # 4 batches of 23 and 22
WIDTHS = {"digits/mlp": {"model.widths": [8, 8]}, "digits/cnn": {"model.widths": [4, 4]}}  # quick ones


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def begun(recipe: Recipe, seed: int) -> list[Due]:
    """The steps of the first epoch of a training."""
    seeds = recipe.seeds(seed)
    prepared = prepare(recipe, seeds)
    session = Session(recipe, prepared, seeds, Settings("cpu", 1))
    loaders = Loaders.of(recipe, prepared, "cpu")
    session.begin_epoch()
    session.stopwatch.pause()  # as who drives several does
    batches = loaders.train.shuffled(seeds, 0, augment=loaders.augment)
    return [Due(session, batch, Time(number, 12, 4)) for number, batch in enumerate(batches)]


@pytest.fixture
def trainings() -> Callable[..., list[list[Due]]]:
    """One training for each mapping of changes, seeds 0, 1, …; of each its first steps."""

    def make(changes: Sequence[Mapping[str, Any]], name: str = "digits/mlp", **common: Any) -> list[list[Due]]:
        base = {**SMALL, **WIDTHS.get(name, {}), **common}
        return [begun(Recipe.load(name, {**base, **its_own}), seed) for seed, its_own in enumerate(changes)]

    return make
