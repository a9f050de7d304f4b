"""``paribus sample`` and ``paribus diagnose`` on runs of generators."""

from __future__ import annotations

import json

from PIL import Image

from paribus.tasks.sheet import GAP, LINE, MARGIN

SMALL = ["budget.epochs=1", "model.widths=[8]", "--threads", "1"]


def size(name: str) -> tuple[int, int]:
    with Image.open(name) as picture:
        return picture.size


def sheet_of(columns: int, rows: int, side: int) -> tuple[int, int]:
    """The size of a sheet of square pictures of 8 × 8 pixels with a title."""
    gap = max(GAP, side // 8 // 2)
    return columns * (side + gap) - gap + 2 * MARGIN, LINE + rows * (side + gap) + 2 * MARGIN


def test_pictures_are_drawn_and_written(paribus, here):
    paribus("run", "digits/vae", *SMALL)
    said = paribus("sample", "last")
    assert said.out.strip().endswith("seed-0.png")
    paribus("sample", "last", "--count", "5", "--seed", "3", "--out", "five.png")
    assert size("five.png") == sheet_of(3, 2, 192)
    paribus("sample", "last", "--count", "2", "--set", "walk=true", "--out", "walk.png")
    assert size("walk.png") == sheet_of(10, 2, 96)


def test_mistakes_are_one_message(paribus, here):
    paribus("run", "digits/mlp", "budget.epochs=1", "--threads", "1")
    assert "draws no examples" in paribus("sample", "last").err
    paribus("run", "digits/vae", *SMALL)
    said = paribus("sample", "last", "--set", "wlak=true").err
    assert "there is no wlak" in said
    assert "did you mean 'walk'" in said
    assert "two numbers" in paribus("sample", "last", "--set", "map=true").err
    assert "at least 1" in paribus("sample", "last", "--count", "0").err


def test_a_gan_is_diagnosed(paribus, here):
    paribus("run", "gaussians/gan", "data.examples=1000", "task.extractor=values", *SMALL)
    found = json.loads(paribus("diagnose", "last", "--json").out)
    assert "modes are missing" not in [finding["name"] for finding in found["findings"]]
    assert any("too early" in said for said in found["unchecked"])
