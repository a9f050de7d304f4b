"""The same boxes in four formats are the same boxes; what is wrong with a file is said by its line."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from PIL import Image

from paribus.data.prepare.prepared import open_dataset
from paribus.data.sources.boxes import formats
from paribus.data.sources.boxes.letterbox import Letterbox
from paribus.data.sources.images.decoding import decode
from paribus.errors import DataError, ParibusError
from paribus.records.parts import Part

WIDTH, HEIGHT = 80, 60
BOXES = {"a.png": [("car", 10, 20, 30, 40), ("dog", 40, 6, 60, 16)], "b.png": [("dog", 0, 0, 80, 60)], "c.png": []}
CLASSES = ["car", "dog"]


def pictures(root, folder="images"):
    (root / folder).mkdir(parents=True)
    for number, name in enumerate(BOXES):
        values = np.full((HEIGHT, WIDTH, 3), 40 * number, np.uint8)
        for label, left, top, right, bottom in BOXES[name]:
            values[top:bottom, left:right] = 200 + CLASSES.index(label)
        Image.fromarray(values).save(root / folder / name)


def yolo(root):
    pictures(root)
    (root / "labels").mkdir()
    for name, boxes in BOXES.items():
        lines = [
            f"{CLASSES.index(label)} {(x + r) / 2 / WIDTH} {(y + b) / 2 / HEIGHT} {(r - x) / WIDTH} {(b - y) / HEIGHT}"
            for label, x, y, r, b in boxes
        ]
        if boxes:
            (root / "labels" / name).with_suffix(".txt").write_text("\n".join(lines))
    (root / "data.yaml").write_text("names:\n  0: car\n  1: dog\n")


def coco(root):
    pictures(root)
    numbers = {name: number for number, name in enumerate(BOXES, 7)}
    annotations = [
        {"id": k, "image_id": numbers[name], "category_id": 3 + CLASSES.index(label), "bbox": [x, y, r - x, b - y]}
        for k, (name, label, x, y, r, b) in enumerate((name, *box) for name, some in BOXES.items() for box in some)
    ]
    crowd = {"id": 99, "image_id": 7, "category_id": 3, "bbox": [0, 0, 5, 5], "iscrowd": 1}
    images = [{"id": number, "file_name": name, "width": WIDTH, "height": HEIGHT} for name, number in numbers.items()]
    categories = [{"id": 3 + k, "name": name} for k, name in enumerate(CLASSES)]
    content = {"images": images, "annotations": [*annotations, crowd], "categories": categories}
    (root / "boxes.json").write_text(json.dumps(content))


def voc(root):
    pictures(root)
    (root / "annotations").mkdir()
    for name, boxes in BOXES.items():
        corners = ("xmin", "ymin", "xmax", "ymax")
        sides = [dict(zip(corners, box, strict=True)) for _, *box in boxes]
        inner = ["".join(f"<{name}>{value}</{name}>" for name, value in one.items()) for one in sides]
        objects = "".join(
            f"<object><name>{label}</name><bndbox>{one}</bndbox></object>"
            for (label, *_), one in zip(boxes, inner, strict=True)
        )
        text = f"<annotation><filename>{name}</filename>{objects}</annotation>"
        (root / "annotations" / name).with_suffix(".xml").write_text(text)


def table(root):
    pictures(root)
    lines = [f"{name},{x},{y},{r - x},{b - y},{label}" for name, some in BOXES.items() for label, x, y, r, b in some]
    (root / "boxes.csv").write_text("file,x,y,w,h,label\n" + "\n".join([*lines, "c.png,,,,,"]))


FORMATS = {"yolo": yolo, "coco": coco, "voc": voc, "csv": table}


@pytest.mark.parametrize("name", FORMATS)
def test_all_formats_say_the_same(name, tmp_path):
    FORMATS[name](tmp_path)
    dataset = open_dataset(Part("boxes", path=str(tmp_path), size=[HEIGHT, WIDTH]))
    assert dataset.classes == ("car", "dog")
    assert [name.rpartition("/")[2] for name in dataset.names] == list(BOXES)
    for boxes, labels, expected in zip(
        dataset.targets["boxes"], dataset.targets["labels"], BOXES.values(), strict=True
    ):
        wanted = np.array([box[1:] for box in expected], float).reshape(-1, 4)
        np.testing.assert_allclose(boxes.numpy(), wanted, atol=1e-3)
        assert [dataset.classes[label] for label in labels.tolist()] == [box[0] for box in expected]
    chosen = open_dataset(Part("boxes", path=str(tmp_path), size=[HEIGHT, WIDTH], format=name))
    assert torch.equal(chosen.targets["boxes"].values, dataset.targets["boxes"].values)


@pytest.mark.parametrize("fit", ["pad", "stretch"])
@pytest.mark.parametrize("size", [(48, 48), (30, 90), (120, 40), (61, 83)])
def test_boxes_lie_where_the_pixels_are_after_letterboxing(fit, size, tmp_path):
    values = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    values[12:36, 16:48] = 255
    Image.fromarray(values).save(tmp_path / "a.png")
    pixels = decode(tmp_path / "a.png", size, fit=fit)
    place = Letterbox.of((HEIGHT, WIDTH), size, fit)
    box = np.array([[16.0, 12, 48, 36]])
    left, top, right, bottom = place.into(box)[0]
    centre = pixels[0, int((top + bottom) / 2), int((left + right) / 2)]
    assert centre > 250
    outside = pixels[0, int((top + bottom) / 2), int(left) - 2], pixels[0, int(top) - 2, int((left + right) / 2)]
    assert max(outside) < 40
    np.testing.assert_allclose(place.back(place.into(box)), box)


def line(root, text):
    pictures(root)
    (root / "boxes.csv").write_text(f"file,left,top,right,bottom,label\n{text}\n")
    return Part("boxes", path=str(root))


BAD = {
    "a.png,10,10,90,20,car": "reaches out of its picture, which has 80 × 60 pixels",
    "a.png,10,10,10,20,car": "has no area",
    "a.png,30,10,10,20,car": "swapped corners",
    "a.png,nan,10,10,20,car": "no numbers",
    "a.png,ten,10,10,20,car": "no four numbers",
    "z.png,10,10,20,20,car": "names a picture that does not exist",
}


@pytest.mark.parametrize("text", BAD)
def test_bad_boxes_are_refused_with_their_line(text, tmp_path):
    with pytest.raises(DataError, match=r"line 2 of boxes\.csv") as caught:
        open_dataset(line(tmp_path, text))
    assert BAD[text] in str(caught.value)
    assert caught.value.hint


def test_all_that_is_wrong_is_counted(tmp_path):
    lines = "\n".join(f"a.png,{k},10,{k},20,car" for k in range(6))
    with pytest.raises(DataError, match=r"line 2.*no area") as caught:
        open_dataset(line(tmp_path, lines))
    assert "line 3" in str(caught.value)
    assert "3 more" in str(caught.value)


def test_boxes_that_reach_out_are_cut_if_asked(tmp_path):
    part = line(tmp_path, "a.png,10,10,90,20,car\na.png,-5,0,20,20,car")
    whole = open_dataset(Part("boxes", **{**part.options, "outside": "clip", "size": [HEIGHT, WIDTH]}))
    assert next(iter(whole.targets["boxes"])).tolist() == [[10, 10, 80, 20], [0, 0, 20, 20]]
    (tmp_path / "boxes.csv").write_text("file,left,top,right,bottom\na.png,100,10,120,20\n")
    with pytest.raises(DataError, match="reaches out"):
        open_dataset(Part("boxes", **{**part.options, "outside": "clip"}))


def test_negatives_alone_are_refused(tmp_path):
    part = line(tmp_path, "a.png,,,,,")
    with pytest.raises(DataError, match="no picture has a box"):
        open_dataset(part)


def test_an_unknown_class_is_named(tmp_path):
    part = line(tmp_path, "a.png,10,10,20,20,cat")
    with pytest.raises(DataError, match="unknown class") as caught:
        open_dataset(Part("boxes", **{**part.options, "classes": ["car", "dog"]}))
    assert "cat" in str(caught.value)
    assert "line 2" in str(caught.value)


def test_pictures_without_boxes_are_welcome_and_boxes_without_pictures_are_not(tmp_path):
    yolo(tmp_path)
    (tmp_path / "labels" / "lost.txt").write_text("0 .5 .5 .1 .1")
    with pytest.raises(DataError, match="needs its picture") as caught:
        open_dataset(Part("boxes", path=str(tmp_path)))
    assert "lost.txt" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "rule"),
    [("0 .5 .5 .1", "is no box of YOLO"), ("0 40 30 20 20", "counts pixels"), ("car .5 .5 .1 .1", "is no box of YOLO")],
)
def test_lines_of_yolo_that_cannot_be_read(text, rule, tmp_path):
    yolo(tmp_path)
    (tmp_path / "labels" / "a.txt").write_text(f"\n{text}\n")
    with pytest.raises(DataError, match=f"line 2 of labels/a.txt {rule}"):
        open_dataset(Part("boxes", path=str(tmp_path)))


def test_R21_files_of_boxes_cannot_fill_the_memory(tmp_path):
    voc(tmp_path)
    bomb = '<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;&b;">]><annotation><filename>&c;</filename></annotation>'
    (tmp_path / "annotations" / "a.xml").write_text(bomb)
    with pytest.raises(DataError, match="no document type"):
        open_dataset(Part("boxes", path=str(tmp_path)))


@pytest.mark.parametrize(
    "content", ['{"images": [], "annotations": 3}', '{"images": [{}], "annotations": []}', "[", "{}"]
)
def test_json_that_is_not_of_coco(content, tmp_path):
    pictures(tmp_path)
    (tmp_path / "boxes.json").write_text(content)
    with pytest.raises(ParibusError) as caught:
        open_dataset(Part("boxes", path=str(tmp_path)))
    assert "Traceback" not in str(caught.value)


def test_folders_called_like_splits_are_splits(tmp_path):
    for split in ("train", "val", "test"):
        pictures(tmp_path, f"images/{split}")
        (tmp_path / "labels" / split).mkdir(parents=True)
        (tmp_path / "labels" / split / "a.txt").write_text("0 .5 .5 .2 .2")
    found = formats.read(tmp_path)
    assert {one.name: one.split for one in found.marked}["images/val/a.png"] == "val"
    assert sum(len(one.boxes) for one in found.marked) == 3


def test_nothing_to_find_is_said(tmp_path):
    pictures(tmp_path)
    with pytest.raises(DataError, match="holds no boxes"):
        formats.read(tmp_path)
    with pytest.raises(DataError, match=r"data\.path must be"):
        formats.read(tmp_path / "nowhere")


def test_groups_are_searched_in_names(tmp_path):
    table(tmp_path)
    found = open_dataset(Part("boxes", path=str(tmp_path), group=r"([a-c])\.png"))
    assert found.groups.tolist() == [0, 1, 2]
    with pytest.raises(DataError, match="must match"):
        open_dataset(Part("boxes", path=str(tmp_path), group=r"([xy])\.png"))
