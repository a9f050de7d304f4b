"""Boxes as other tools write them: YOLO's text files, COCO's JSON, Pascal VOC's XML, and plain CSV."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any, Literal
from xml.etree import ElementTree

from paribus.data.sources.boxes.marked import Box, Marked
from paribus.data.sources.images.decoding import SUFFIXES
from paribus.data.sources.images.walk import walk
from paribus.data.splits import SPLIT_NAMES
from paribus.errors import DataError, MissingData
from paribus.files import read_regular
from paribus.records import yaml

Format = Literal["auto", "yolo", "coco", "voc", "csv"]

MAX_BYTES = 256 << 20  # of one file of boxes
LISTED = ("classes.txt", "classes.names", "obj.names", "data.yaml")  # any of them names the classes of YOLO
WAYS = "labels/*.txt (YOLO), a .json (COCO), *.xml (Pascal VOC) or a .csv"
CORNERS = (("left", "top", "right", "bottom"), ("xmin", "ymin", "xmax", "ymax"), ("x1", "y1", "x2", "y2"))
FILES = ("file", "path", "filename", "image")
SIDES = (("x", "y", "w", "h"), ("x", "y", "width", "height"), ("left", "top", "width", "height"))


@dataclass(frozen=True)
class Read:
    """What a folder holds.

    Args:
        marked: all pictures.
        classes: names by number, where a file lists them.
        sources: the files that said so, below the root.
    """

    marked: tuple[Marked, ...]
    classes: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()


def read(path: Path, format: Format = "auto", *, texts: bool = False) -> Read:
    """All pictures of a folder with their boxes.

    Args:
        path: the folder, or the JSON or CSV file in it.
        format: of the boxes; found out by what is there by default.
        texts: whether a table may name texts without boxes: then the box is the whole picture.

    Raises:
        DataError: for files that cannot be read, boxes without their picture, or nothing at all.
    """
    if not path.exists():
        hint = "check data.path; a relative path starts at the current folder or at PARIBUS_DATA"
        raise MissingData("data.path must be a folder of pictures with boxes", got=str(path), hint=hint)
    root, given = (path.parent, (path.name,)) if path.is_file() else (path, None)
    names = walk(root.resolve())[0]
    pictures = [name for name in names if Path(name).suffix.lower() in SUFFIXES]
    kind = _kind(given or names) if format == "auto" else format
    reader = partial(table, texts=True) if texts else READERS[kind]
    found = reader(root, pictures, given or names)
    if not any(one.split == "train" for one in found.marked):
        raise DataError("there are no pictures with boxes to train on", got=str(path), hint=f"put in {WAYS}")
    return found


def yolo(root: Path, pictures: Iterable[str], names: Iterable[str]) -> Read:
    """``class x y w h`` in a line, as shares of the picture, x and y of the centre; a text file for each picture.

    The file of ``images/train/a.jpg`` is ``labels/train/a.txt``, or stands beside it. A picture without one has no box.
    """
    pictures = list(pictures)
    texts = {name for name in names if name.endswith(".txt") and Path(name).name not in LISTED}
    known: dict[str, str] = {}  # picture → its file of boxes
    for name in pictures:
        stem = str(Path(name).with_suffix(".txt").as_posix())
        for place in (re.sub(r"(^|/)images/", r"\1labels/", stem), stem):
            if place in texts:
                known[name] = place
                break
    labels = {name for name in texts if "labels/" in f"/{name}" or name in known.values()}
    if single := labels - {*known.values()}:
        raise _single(single)
    marked = [Marked(name, _yolo_boxes(root, known.get(name)), _split(name)) for name in pictures]
    listed = next((name for name in LISTED if (root / name).is_file()), None)
    classes = _listed(root / listed) if listed else ()
    return Read(tuple(marked), classes, (*sorted(known.values()), *([listed] if listed else [])))


def coco(root: Path, pictures: Iterable[str], names: Iterable[str]) -> Read:
    """``images``, ``annotations`` with a ``bbox`` of left, top, width, height, and ``categories``; crowds left out."""
    places, sources = Places(pictures), []
    marked: dict[str, Marked] = {}
    classes: dict[Any, str] = {}
    for name in sorted(name for name in names if name.endswith(".json")):
        content = _json(root / name)
        if not isinstance(content, dict) or not {"images", "annotations"} <= content.keys():
            continue
        sources.append(name)
        try:
            classes |= {one["id"]: str(one["name"]) for one in content.get("categories", [])}
            marked |= _coco_pictures(content, name, places, classes)
        except (KeyError, TypeError, ValueError, IndexError) as error:
            hint = "images need id and file_name; annotations need image_id, category_id and bbox of four numbers"
            raise DataError(f"{name} is not as COCO writes it: {error!r}", got=str(root / name), hint=hint) from None
    if not sources:
        raise DataError(
            "no JSON file holds images and annotations", got=str(root), hint="export it as COCO, or set data.format"
        )
    return Read(tuple(marked.values()), tuple(classes[number] for number in sorted(classes)), tuple(sources))


def voc(root: Path, pictures: Iterable[str], names: Iterable[str]) -> Read:
    """An XML file for each picture, whose ``object`` have a ``name`` and a ``bndbox``; anywhere below the folder."""
    places, sources = Places(pictures), []
    marked = {name: Marked(name, (), _split(name)) for name in places.pictures}
    for name in sorted(name for name in names if name.endswith(".xml")):
        tree = _xml(root / name)
        picture = places.find(tree.findtext("filename") or "") or places.find(Path(name).stem)
        if picture is None:
            raise _single([name])
        boxes = [_voc_box(one, f"object {number} of {name}") for number, one in enumerate(tree.iter("object"), 1)]
        marked[picture] = Marked(picture, tuple(boxes), _split(picture))
        sources.append(name)
    return Read(tuple(marked.values()), (), tuple(sources))


def table(root: Path, pictures: Iterable[str], names: Iterable[str], *, texts: bool = False) -> Read:
    """A line for each box: the picture, its corners or its corner and its size, and perhaps label, text, split, group.

    A picture without boxes has one line without numbers.
    """
    places, sources = Places(pictures), []
    marked: dict[str, tuple[list[Box], str, str]] = {}  # picture → its boxes, its split and its group
    for name in sorted(name for name in names if name.endswith(".csv")):
        found = rows(root / name)
        if not found or not ((layout := _layout(found[0])) or (texts and "text" in found[0])):
            continue
        sources.append(name)
        for number, row in enumerate(found, 2):
            where, file = f"line {number} of {name}", _first(row, FILES)
            picture = places.find(file)
            if picture is None:
                raise DataError(f"{where} names a picture that does not exist", got=file, hint=f"looked in {root}")
            boxes, *_ = marked.setdefault(picture, ([], _of_row(row, where), (row.get("group") or "").strip()))
            if box := _csv_box(row, layout, where):
                boxes.append(box)
    if not sources:
        hint = "columns are file, x, y, w, h or left, top, right, bottom, and perhaps label, text, split, group"
        raise DataError("no CSV file holds boxes", got=str(root), hint=hint)
    return Read(tuple(Marked(name, tuple(boxes), *rest) for name, (boxes, *rest) in marked.items()), (), tuple(sources))


READERS: Mapping[str, Callable[[Path, Iterable[str], Iterable[str]], Read]] = {
    "yolo": yolo,
    "coco": coco,
    "voc": voc,
    "csv": table,
}


def _kind(names: Iterable[str]) -> str:
    """The format of the boxes in a folder, by the names of its files."""
    endings = {Path(name).suffix.lower() for name in names if Path(name).name not in LISTED}
    for ending, kind in ((".xml", "voc"), (".json", "coco"), (".csv", "csv"), (".txt", "yolo")):
        if ending in endings:
            return kind
    raise DataError("this folder holds no boxes", got="no such file", hint=f"put in {WAYS}")


def _yolo_boxes(root: Path, name: str | None) -> tuple[Box, ...]:
    if name is None:
        return ()
    boxes = []
    for number, line in enumerate(_text(root / name).splitlines(), 1):
        if not line.strip():
            continue
        where = f"line {number} of {name}"
        try:
            label, x, y, w, h = line.split()[:5]
            numbers = [float(one) for one in (x, y, w, h)]
            boxes.append(Box(_centred(*numbers), int(label), where, relative=True))
        except ValueError:
            hint = "write the number of the class and four shares of the picture: centre, width and height"
            raise DataError(f"{where} is no box of YOLO", got=line[:80], hint=hint) from None
        if max(map(abs, numbers)) > 2:
            hint = "divide by the width and height of the picture"
            raise DataError(f"{where} counts pixels, and YOLO counts shares of the picture", got=line[:80], hint=hint)
    return tuple(boxes)


def _centred(x: float, y: float, w: float, h: float) -> tuple[float, float, float, float]:
    return x - w / 2, y - h / 2, x + w / 2, y + h / 2


def _coco_pictures(
    content: Mapping[str, Any], source: str, places: Places, classes: Mapping[Any, str]
) -> dict[str, Marked]:
    boxes: dict[Any, list[Box]] = {one["id"]: [] for one in content["images"]}
    for number, one in enumerate(content["annotations"], 1):
        where = f"annotation {one.get('id', number)} of {source}"
        if one["image_id"] not in boxes:
            hint = "list it among images, or take the annotation away"
            raise DataError(f"{where} is of a picture that is not listed", got=one["image_id"], hint=hint)
        if one.get("iscrowd"):
            continue
        left, top, width, height = map(float, one["bbox"])
        label = classes.get(one["category_id"], f"category {one['category_id']}")
        boxes[one["image_id"]].append(Box((left, top, left + width, top + height), label, where))
    found = {}
    for one in content["images"]:
        picture = places.find(one["file_name"])
        if picture is None:
            raise _single([f"{one['file_name']} in {source}"])
        found[picture] = Marked(picture, tuple(boxes[one["id"]]), _split(f"{source} {picture}"))
    return found


def _voc_box(one: ElementTree.Element, where: str) -> Box:
    try:
        corners = [float(one.findtext(f"bndbox/{name}") or "") for name in CORNERS[1]]
    except ValueError:
        raise DataError(f"{where} has no bndbox of four numbers", hint="xmin, ymin, xmax, ymax") from None
    left, top, right, bottom = corners
    return Box((left, top, right, bottom), (one.findtext("name") or "object").strip(), where)


def _csv_box(row: Mapping[str, str], layout: tuple[str, ...], where: str) -> Box | None:
    label, text = _first(row, ("label", "class", "name")) or "object", (row.get("text") or "").strip()
    if not layout:
        return Box((0, 0, 1, 1), label, where, relative=True, text=text)
    cells = [(row.get(name) or "").strip() for name in layout]
    if not any(cells):
        return None
    try:
        a, b, c, d = map(float, cells)
    except ValueError:
        raise DataError(f"{where} has no four numbers", got=", ".join(cells), hint=", ".join(layout)) from None
    corners = (a, b, a + c, b + d) if layout in SIDES else (a, b, c, d)
    return Box(corners, label, where, text=text)


def _layout(row: Mapping[str, str]) -> tuple[str, ...]:
    return next((names for names in (*CORNERS, *SIDES) if {*names} <= row.keys()), ())


def rows(path: Path) -> list[dict[str, str]]:
    """The lines of a CSV file by the names of its columns."""
    text = _text(path)
    header = text.partition("\n")[0]
    try:
        return list(csv.DictReader(StringIO(text), delimiter=max(",;\t", key=header.count), restval=""))
    except csv.Error as error:
        raise DataError(f"cannot read {path.name}: {error}", got=str(path)) from None


def _of_row(row: Mapping[str, str], where: str) -> str:
    given = (row.get("split") or "train").strip().lower()
    if given not in SPLIT_NAMES:
        raise DataError(f"{where} has an unknown split", got=given, hint="write train, validation or test")
    return SPLIT_NAMES[given]


def _split(name: str) -> str:
    """By a folder, or a word of the file of boxes, that is called like a split."""
    words = re.split(r"[/\s._-]", name.lower())
    return next((SPLIT_NAMES[word] for word in words if word in SPLIT_NAMES), "train")


class Places:
    """Pictures by what files of boxes call them.

    Args:
        pictures: their paths below the root.
    """

    def __init__(self, pictures: Iterable[str]) -> None:
        self.pictures = {*pictures}
        self._named: dict[str, list[str]] = {}
        for picture in sorted(self.pictures):
            for name in (Path(picture).name, Path(picture).stem):
                self._named.setdefault(name, []).append(picture)

    def find(self, file: str) -> str | None:
        """The picture that is meant: by its whole path, or by its name where that is the only one of it."""
        file = file.replace("\\", "/")
        if file in self.pictures:
            return file
        named = self._named.get(Path(file).name, [])
        return named[0] if len(named) == 1 else None


def _first(row: Mapping[str, str], names: Iterable[str]) -> str:
    return next(((row[name] or "").strip() for name in names if name in row), "")


def _single(names: Iterable[str]) -> DataError:
    first, *more = sorted(names)
    hint = "put the picture beside the others, or take the boxes away"
    also = f" and {len(more)} more" if more else ""
    return DataError("every file of boxes needs its picture", got=f"{first}{also}", hint=hint)


def _listed(path: Path) -> tuple[str, ...]:
    """Names of the classes by number."""
    if path.suffix != ".yaml":
        return tuple(line.strip() for line in _text(path).splitlines() if line.strip())
    names = yaml.parse_file(path).get("names", ())
    return tuple(str(names[key]) for key in sorted(names)) if isinstance(names, dict) else tuple(map(str, names))


def _json(path: Path) -> Any:
    try:
        return json.loads(_text(path))
    except (json.JSONDecodeError, RecursionError) as error:
        raise DataError(f"cannot read {path.name} as JSON: {error}", got=str(path)) from None


def _xml(path: Path) -> ElementTree.Element:
    text = _text(path)
    if "<!DOCTYPE" in text or "<!ENTITY" in text:  # entities can be made to fill the memory
        raise DataError("a file of boxes declares no document type and no entities", got=str(path))
    try:
        return ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise DataError(f"cannot read {path.name} as XML: {error}", got=str(path)) from None


def _text(path: Path) -> str:
    try:
        return read_regular(path, MAX_BYTES).decode("utf-8-sig")
    except (UnicodeDecodeError, OSError) as error:
        raise DataError(f"cannot read {path.name}: {error}", got=str(path), hint="save it as UTF-8") from None
