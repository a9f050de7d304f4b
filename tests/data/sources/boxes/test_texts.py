"""Texts as numbers, crops by their boxes, plates that are drawn, and the real ones in their folds."""

from __future__ import annotations

import os
from functools import cache

import numpy as np
import pytest
from PIL import Image, ImageFont

from paribus.data.prepare.prepared import open_dataset
from paribus.data.sources.boxes import made
from paribus.data.sources.boxes.plates import FOLDS
from paribus.data.sources.boxes.texts import cut, written
from paribus.data.sources.images import decoding
from paribus.errors import DataError, MissingData
from paribus.records.parts import Part

REAL = pytest.mark.skipif("PARIBUS_DATA" not in os.environ, reason="needs real plates")


def listed(root, text, columns="file,text"):
    for number in range(4):
        Image.fromarray(np.full((30, 90, 3), 50 * number, np.uint8)).save(root / f"{number}.png")
    (root / "texts.csv").write_text(f"{columns}\n{text}\n")
    return Part("texts", path=str(root), size=[16, 32])


def test_texts_become_numbers_filled_with_one_more(tmp_path):
    dataset = open_dataset(listed(tmp_path, "0.png,AB1\n1.png,Z"))
    assert dataset.targets.tolist() == [[10, 11, 1, 36, 36, 36, 36, 36], [35, *[36] * 7]]
    assert dataset.input_shape == (1, 16, 32)
    assert dataset.metadata.text.ignore == 36


def test_T16_a_character_outside_of_the_alphabet_is_named(tmp_path):
    with pytest.raises(DataError, match=r"line 3 of texts\.csv holds a character outside") as caught:
        open_dataset(listed(tmp_path, "0.png,AB1\n1.png,A-B"))
    assert "'-'" in str(caught.value)


@pytest.mark.parametrize("text", ["ABCDEFGHI", ""])
def test_texts_that_are_too_long_or_empty(text):
    with pytest.raises(DataError, match=r"has 1 … 8 characters"):
        written([text], "ABCDEFGHI", 8, ["here"])


def test_a_picture_that_is_listed_without_its_text_is_refused_with_its_line(tmp_path):
    with pytest.raises(DataError, match=r"a text of line 3 of texts\.csv has 1 … 8 characters") as caught:
        open_dataset(listed(tmp_path, "0.png,AB1\n1.png,"))
    assert "delete the row" in str(caught.value)
    boxes = "0.png,10,5,40,20,AB1\n1.png,10,5,40,20,"  # a plate that nobody could read, in a photograph
    assert len(open_dataset(listed(tmp_path, boxes, "file,x,y,w,h,text"))) == 1


def test_a_part_is_cut_out_with_its_margin():
    pixels = np.zeros((1, 40, 60), np.uint8)
    pixels[:, 10:20, 20:40] = 255
    box = np.array([20.0, 10, 40, 20])
    assert cut(pixels, box, (10, 20), 0.0).min() == 255
    edged = cut(pixels, box, (12, 24), 0.1)  # one pixel and two of its surroundings
    assert edged[0, 0].max() == 0
    assert edged[0, 1:-1, 2:-2].min() == 255
    assert cut(pixels, np.array([58.0, 38, 70, 50]), (4, 4), 0.0).shape == (1, 4, 4)  # over the edge


def test_T16_made_plates_hold_their_texts_and_differ():
    part = Part("made_plates", plates=40, grammars=["eu", "us"])
    dataset = open_dataset(part)
    assert dataset.inputs.float().std((1, 2, 3)).min() > 2  # something is to be seen on each
    texts = ["".join(dataset.classes[n] for n in row if n < 36) for row in dataset.targets.tolist()]
    assert texts == list(dataset.names)
    assert len(set(texts)) == 40
    other = open_dataset(Part("made_plates", plates=40, seed=1))
    assert not (other.inputs == dataset.inputs).all()


@pytest.mark.parametrize(("what", "least"), [("perspective", 4.0), ("blur", 4.0), ("dirt", 1.0), ("night", 10.0)])
def test_each_strength_changes_what_is_seen_of_the_same_plates(what, least):
    weak = dict.fromkeys(("perspective", "blur", "dirt", "night"), 0.0)
    clear, bad = (open_dataset(Part("made_plates", plates=20, **one)) for one in (weak, {**weak, what: 1.0}))
    assert (clear.targets == bad.targets).all()
    assert (clear.inputs.float() - bad.inputs.float()).abs().mean() > least  # of 255


def test_blur_takes_edges_away():
    weak = dict.fromkeys(("perspective", "dirt", "night"), 0.0)
    edges = [
        open_dataset(Part("made_plates", plates=30, blur=blur, **weak)).inputs.float().diff(dim=3).abs().mean()
        for blur in (0.0, 1.0)
    ]
    assert edges[0] > 1.3 * edges[1]


def test_a_font_that_lacks_characters_is_refused():
    with pytest.raises(DataError, match="lacks characters") as caught:
        open_dataset(Part("made_plates", plates=10, grammars=["persian"]))
    assert "data.fonts" in caught.value.hint


def test_of_a_folder_of_fonts_those_count_that_have_all_characters(tmp_path, monkeypatch):
    plain, poor = tmp_path / "plain.ttf", tmp_path / "poor.ttf"
    font = ImageFont.load_default(24).path.getvalue()  # the bytes of Pillow's own
    for path in (plain, poor):
        path.write_bytes(font)
    assert made.faces(str(tmp_path), "AZ09") == [plain, poor]
    ink = made._ink
    monkeypatch.setattr(made, "_ink", lambda face, text: ink(face, "\U0010ffff" if wanting(face, text) else text))

    def wanting(face, text):
        return text == "Z" and face.path == str(poor)

    assert made.faces(str(tmp_path), "AZ09") == [plain]
    with pytest.raises(DataError, match="lacks characters, and others more") as caught:
        made.faces(str(tmp_path), "AZ۵")
    assert caught.value.got == "۵"
    assert "plain.ttf" in str(caught.value)


@REAL
@pytest.mark.realdata
def test_T17_no_vehicle_is_on_both_sides_and_five_folds_test_each_once(monkeypatch):
    monkeypatch.setattr(decoding, "decode", cache(decoding.decode))  # all folds have the same pictures
    seen = []
    for fold in range(FOLDS):
        photos, texts = (open_dataset(Part(name, fold=fold)) for name in ("plates", "plate_texts"))
        held = []
        for one in (photos, texts):
            start, stop = one.official["test"]
            names = np.array(one.names)
            held.append({name for name in names[start:stop] if not name.startswith("us_plate_crops")})
            groups = one.groups.numpy()
            assert not {*groups[start:stop]} & {*np.delete(groups, np.arange(start, stop))}
        short = set(held[0] - held[1])
        assert held[1] <= held[0]
        assert len(short) <= 1
        seen += [*held[0]]
    assert len(seen) == len({*seen}) == 327


@REAL
@pytest.mark.realdata
def test_real_boxes_lie_within_their_pictures():
    dataset = open_dataset(Part("plates"))
    boxes = dataset.targets["boxes"].values
    assert len(boxes) == 327
    assert float(boxes.min()) >= 0
    sizes = boxes[:, 2:] - boxes[:, :2]
    assert float(sizes.min()) > 5
    assert float(boxes[:, 2].max()) <= 256


def test_without_the_files_the_message_says_where_they_belong(monkeypatch, tmp_path):
    monkeypatch.delenv("PARIBUS_DATA", raising=False)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(MissingData, match="read from a table"):
        open_dataset(Part("plates"))
