"""A cache of its own for every test."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def cache_folder(tmp_path_factory, monkeypatch) -> Path:
    folder = tmp_path_factory.mktemp("cache")
    monkeypatch.setenv("PARIBUS_CACHE", str(folder))
    monkeypatch.setattr("paribus.cache.paths.fallback", lambda: folder / "fallback")
    return folder


@pytest.fixture
def own_data(tmp_path, monkeypatch) -> Path:
    """An empty PARIBUS_DATA."""
    folder = tmp_path / "own"
    folder.mkdir()
    monkeypatch.setenv("PARIBUS_DATA", str(folder))
    return folder
