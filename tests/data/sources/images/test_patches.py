"""Pieces of pictures."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from paribus.chance import Seeds
from paribus.data.prepare import cache
from paribus.data.sources.images.patches import Patches, cut
from paribus.errors import DataError
from paribus.records.sections import Split


def test_pieces_lie_side_by_side_about_the_middle():
    picture = np.arange(7 * 11).reshape(1, 7, 11)
    pieces = list(cut(picture, 3))
    assert len(pieces) == 2 * 3
    assert pieces[0].tolist() == picture[:, 0:3, 1:4].tolist()
    assert pieces[-1].tolist() == picture[:, 3:6, 7:10].tolist()
    with pytest.raises(DataError, match=r"8 × 8 pixels or more\n.*: 11 × 7"):
        list(cut(picture, 8))


def test_pieces_of_a_picture_stay_together(tmp_path):
    for number in range(6):
        pixels = np.full((20, 33), number * 10, np.uint8)
        (tmp_path / ("new" if number == 5 else "old")).mkdir(exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / ("new" if number == 5 else "old") / f"{number}.png")
    dataset = cache.load(Patches(str(tmp_path), size=10, train="old", test="new"))
    assert dataset.official == {"train": (0, 30), "test": (30, 36)}
    rows = dataset.split(Split(val=0.2), Seeds(0))
    apart = [set(dataset.inputs[rows[part]].flatten().tolist()) for part in ("train", "val", "test")]
    assert apart[2] == {50}
    assert len(apart[1]) == 1
    assert not apart[0] & apart[1]


def test_folders_that_cannot_serve_are_named(tmp_path):
    with pytest.raises(DataError, match=r"is missing\n.*nowhere"):
        cache.load(Patches(str(tmp_path / "nowhere")))
    with pytest.raises(DataError, match="holds no pictures"):
        cache.load(Patches(str(tmp_path)))
