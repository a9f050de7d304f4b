"""Maps as pictures: what is for a class, what against it, and nothing where there is nothing."""

from __future__ import annotations

import io

import pytest
import torch
from PIL import Image
from tests import attended

from paribus.plots import attention as plots


def test_raw_maps_are_orange_for_the_class_blue_against_it_and_white_for_nothing():
    drawn = plots.signed(torch.tensor(attended.RAW), (2, 2))
    red, _, blue = drawn.long()
    assert bool(red[1, 1] > blue[1, 1])
    assert bool(blue[0, 0] > red[0, 0])
    assert drawn[:, 0, 1].tolist() == [255, 255, 255]


def test_only_what_speaks_for_the_class_lies_over_the_picture():
    picture = torch.full((3, 4, 4), 100, dtype=torch.uint8)
    assert torch.equal(plots.over(picture, torch.tensor([[-1.0, -2.0], [-1.0, 0.0]])), picture)
    assert torch.equal(plots.over(picture, torch.full((2, 2), float("nan"))), picture)
    drawn = plots.over(picture, torch.tensor([[0.0, 0.0], [0.0, 1.0]]))
    assert torch.equal(drawn[:, 0, 0], picture[:, 0, 0])
    assert int(drawn[0, 3, 3]) > 150


def test_pictures_are_read_back_as_they_were():
    assert torch.equal(plots.pixels(attended.PICTURE)[0], torch.arange(64).view(8, 8).to(torch.uint8) * 4)


def test_maps_and_cascades_stand_side_by_side():
    record = attended.made()
    for content, columns in ((plots.overlaid(record.maps[0]), 3), (plots.cascade(record.certificate.cascade), 4)):
        with Image.open(io.BytesIO(content)) as image:
            assert image.width > columns * 64
            assert len(image.convert("RGB").getcolors(1 << 24)) > 10


@pytest.mark.parametrize("draw", [plots.likeness, plots.faithfulness])
def test_charts_are_drawn(draw):
    svg = draw(attended.made().certificate).svg()
    for word in ("SSIM", "first") if draw is plots.likeness else ("Sobel edges", "inserted"):
        assert word in svg
