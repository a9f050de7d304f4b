"""What all tests share: a cache of the session's own, one thread, and no parts left over from other tests."""

from __future__ import annotations

import gc
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
import torch

from paribus.records import parts
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.training import loop
from paribus.training.execution import Settings

hypothesis.settings.register_profile("fixed", derandomize=True, deadline=None)
hypothesis.settings.load_profile("fixed")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Trainings of a minute come first: at the end all other processes would wait for them."""
    items.sort(key=lambda item: item.get_closest_marker("realdata") is None)


def pytest_collection_finish() -> None:
    """Twelve thousand tests stay to the end: looking through them for garbage would take a second each time."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def session_cache(tmp_path_factory) -> Iterator[Path]:
    """Data are decoded once per session, away from the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("session-cache")
        patch.setenv("PARIBUS_CACHE", str(folder))
        for name in ("PARIBUS_RUNS", "COLUMNS"):
            patch.delenv(name, raising=False)
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)  # hundreds of processes would compile paribus anew
        torch.set_num_threads(1)
        yield folder


@pytest.fixture(scope="module", autouse=True)
def no_parts_left_over_by_a_module() -> Iterator[None]:
    """What tests of a module share may register parts for all of them."""
    yield from _parts_as_before()


@pytest.fixture(scope="class", autouse=True)
def no_parts_left_over_by_a_class() -> Iterator[None]:
    """The same of a class."""
    yield from _parts_as_before()


@pytest.fixture(autouse=True)
def no_parts_left_over() -> Iterator[None]:
    yield from _parts_as_before()


def _parts_as_before() -> Iterator[None]:
    before = parts.registered()
    yield
    for kind, entries in parts._registered.items():
        entries.clear()
        entries.update(before[kind])


@pytest.fixture(autouse=True)
def ctrl_c_is_heard() -> Iterator[None]:
    """Here and in what is started from here, even where the tests themselves run in a background job of a script."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def here(tmp_path, monkeypatch) -> Path:
    """A current folder of this test."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


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
