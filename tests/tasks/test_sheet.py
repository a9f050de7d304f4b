"""Previews as pictures: labelled, framed, of a size for screens."""

from __future__ import annotations

import numpy as np
import torch

from paribus.tasks.sheet import GAP, LINE, MARGIN, TALL, _drawn, sheet


def test_a_sheet_holds_all_pictures_in_their_places():
    pictures = torch.arange(40, 80, 10, dtype=torch.uint8).view(2, 2, 1, 1, 1).expand(2, 2, 3, 100, 120)
    found = np.asarray(sheet(pictures))
    middles = [
        (MARGIN + 50 + row * (100 + GAP), MARGIN + 60 + column * (120 + GAP)) for row in (0, 1) for column in (0, 1)
    ]
    assert [int(found[place][0]) for place in middles] == [40, 50, 60, 70]
    assert found.shape[:2] == (2 * (100 + GAP) + 2 * MARGIN, 2 * (120 + GAP) - GAP + 2 * MARGIN)


def test_small_pictures_are_enlarged_and_many_of_them_fit():
    alone = sheet(torch.zeros(1, 1, 1, 8, 8, dtype=torch.uint8))
    assert alone.height == TALL + TALL // 8 // 2 + 2 * MARGIN  # the gap is half a pixel of the small picture
    assert sheet(torch.zeros(2, 14, 1, 8, 8, dtype=torch.uint8)).width < 1100


def test_a_picture_as_bright_as_the_paper_has_a_frame():
    found = np.asarray(sheet(torch.full((1, 2, 1, 8, 8), 255, dtype=torch.uint8)))
    assert found[MARGIN - 1, MARGIN + 5].tolist() != [255, 255, 255]


def test_title_names_and_legend_have_room_and_ink():
    pictures = torch.zeros(1, 3, 1, 8, 8, dtype=torch.uint8)
    bare, full = sheet(pictures), sheet(pictures, ("data", "drawn", "drawn"), "What one sees", [("ground", "#e4572e")])
    assert full.height == bare.height + 3 * LINE
    lines = np.asarray(full)[MARGIN : MARGIN + 2 * LINE]
    assert (lines.min((1, 2))[:LINE] < 100).any()  # the title
    assert (lines.min((1, 2))[LINE:] < 150).any()  # the names
    assert [0xE4, 0x57, 0x2E] in np.asarray(full).reshape(-1, 3).tolist()


def test_a_long_name_of_a_narrow_column_does_not_run_into_the_next():
    narrow, wide = (
        sheet(torch.zeros(1, 2, 1, 192, 8, dtype=torch.uint8), (name, "b")) for name in ("a", "reconstruction")
    )
    assert wide.width > narrow.width + 60


def test_letters_that_the_font_lacks_are_drawn_as_their_like():
    tile = torch.zeros(1, 1, 1, 8, 8, dtype=torch.uint8)
    assert _drawn("−2.9 × Äpfel") == "-2.9 x Apfel"
    assert sheet(tile, title="−2.9 Äpfel").tobytes() == sheet(tile, title="-2.9 Apfel").tobytes()
