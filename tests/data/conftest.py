"""A cache of its own for every test, and small pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

Picture = Callable[..., Path]


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


@pytest.fixture
def real_data() -> Path:
    import os

    if "PARIBUS_DATA" not in os.environ:
        pytest.skip("PARIBUS_DATA is not set")
    return Path(os.environ["PARIBUS_DATA"])


@pytest.fixture
def picture() -> Picture:
    """Write a picture of one colour, or of given pixels, and return its path."""

    def write(path: Path, colour: Any = "red", size: tuple[int, int] = (10, 8), **how: Any) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(colour) if isinstance(colour, np.ndarray) else Image.new("RGB", size, colour)
        image.save(path, **how)
        return path

    return write


@pytest.fixture
def classes(tmp_path, picture) -> Callable[..., Path]:
    """A folder with one folder per class, each with pictures that all differ."""

    def make(counts: dict[str, int], root: Path | None = None) -> Path:
        root = root or tmp_path / "pictures"
        for number, (name, count) in enumerate(counts.items()):
            for index in range(count):
                picture(root / name / f"{index:03}.png", (number * 20, index, len(root.name)))
        return root

    return make
