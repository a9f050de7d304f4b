"""Where texts are lost: every outcome by hand, and the whole way on tiny networks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import paribus as pb
from paribus.analysis.kept import analyse
from paribus.analysis.reading import judge, of_table, outcome_of, summed
from paribus.data.sources.boxes.marked import Box, Marked
from paribus.errors import DataError
from paribus.evidence.proportion import proportion
from paribus.inference.photos import Photo, Pipeline, Read, annotated, to_csv
from paribus.inference.trained import load
from paribus.reports.reading import errors_page, photos_page
from paribus.tasks.texts.decoding import Reading

TRUE = (10.0, 10.0, 50.0, 30.0)


class Perfect:
    """A reader that reads true boxes as it was told."""

    def __init__(self, texts):
        self.read = iter(texts)

    def texts(self, path, boxes):
        return [Reading(next(self.read), (0.9,), 0.0) for _ in boxes]


def shifted(by):
    """The true box moved to the right: IoU (40 − by) / (40 + by)."""
    return (10.0 + by, 10.0, 50.0 + by, 30.0)


def test_T17_errors_are_split_by_where_they_arise(tmp_path):
    said = {  # name → found boxes with their texts, what the true box reads, the outcome
        "right": ([(shifted(0), "AB1")], "AB1", "right"),
        "misread": ([(shifted(4), "AB7")], "AB1", "misread"),
        "misplaced": ([(shifted(20), "B1")], "AB1", "misplaced"),
        "missed": ([(shifted(200), "XY")], "AX1", "missed"),
        "lucky": ([(shifted(20), "AB1"), (shifted(150), "Z")], "AB1", "right"),
        "nothing": ([], "AB1", "missed"),
    }
    photos, true = [], {}
    for name, (found, _, _) in said.items():
        path = tmp_path / f"{name}.png"
        Image.new("RGB", (300, 60)).save(path)
        photos.append(Photo(str(path), tuple(Read(box, 0.9, text, 0.8) for box, text in found)))
        true[str(path)] = Marked(path.name, (Box(TRUE, "plate", "here", text="AB1"),))
    judged, extra = judge(Perfect([one[1] for one in said.values()]), photos, true)
    assert [one.outcome for one in judged] == [one[2] for one in said.values()]
    assert extra == 2
    record = summed(judged, len(photos), extra, 0.5)
    assert {name: one.hits for name, one in record.outcomes.items()} == {
        "right": 2, "misread": 1, "misplaced": 1, "missed": 2,
    }  # fmt: skip
    assert record.outcomes["right"] == proportion(2, 6)
    assert record.framed.hits == 5
    assert record.gain.value == pytest.approx(0.5)
    # edits: none, one, one, three, none, three of 18 characters; in true boxes one
    assert record.characters == pytest.approx((1 - 8 / 18, 1 - 1 / 18))
    page = errors_page(record)
    assert any("2 boxes about none" in note for note in page.sections[0].notes)


def test_outcomes_at_their_edges():
    assert outcome_of("A", "A", 0.05, 0.5) == "missed"
    assert outcome_of("B", "A", 0.5, 0.5) == "misread"
    assert outcome_of("B", "A", 0.49, 0.5) == "misplaced"


@pytest.fixture(scope="module")
def tiny(tmp_path_factory) -> tuple[Path, pb.Run, pb.Run]:
    """Twelve pictures with a plate each, a detector and a reader that have hardly been trained on them."""
    root = tmp_path_factory.mktemp("photos")
    draw, lines = np.random.default_rng(0), ["file,x,y,w,h,text"]
    for number in range(12):
        picture = draw.integers(0, 90, (64, 96, 3)).astype(np.uint8)
        x, y = draw.integers(4, 40), draw.integers(4, 40)
        picture[y : y + 14, x : x + 40] = 240
        Image.fromarray(picture).save(root / f"{number}.png")
        lines.append(f"{number}.png,{x},{y},40,14,AB{number}")
    (root / "plates.csv").write_text("\n".join(lines))
    common = {"budget.epochs": 1, "training.batch_size": 4, "training.precision": "fp32", "data.path": str(root)}
    small = {"model.backbone": "small", "model.weights": "none", "model.width": 8, "data.use": "boxes"}
    runs = tmp_path_factory.mktemp("runs")
    detector = pb.Run(
        "plates/detector", changes={**common, **small, "data.size": [64, 96], "task.sure": 0.001}, runs=runs
    )
    reader = pb.Run("plates/reader", changes={**common, "data.use": "texts", "model.weights": "none"}, runs=runs)
    for one in (detector, reader):
        one.train()
    return root, detector, reader


def test_T17_from_photographs_to_a_table_and_pictures(tiny):
    root, detector, reader = tiny
    pipeline = Pipeline(load(detector), load(reader))
    photo = pipeline.photo(root / "0.png")
    assert photo.found
    assert all(0 <= one.confidence <= 1 for one in photo.found)
    lines = to_csv([photo, Photo("broken.png", problem="not there")]).splitlines()
    assert lines[0].startswith("file,left,top")
    assert len(lines) == 2 + len(photo.found)
    assert annotated(photo).startswith(b"\x89PNG")
    assert photos_page([photo]).sections[0].tables[0].rows
    assert pipeline.photo(root / "missing.png").problem


def test_the_analysis_says_what_the_networks_have_seen(tiny):
    root, detector, reader = tiny
    record = analyse(detector, "reading", reader=str(reader.folder.path), split="train")
    assert record.known == record.photos > 0
    assert sum(one.hits for one in record.outcomes.values()) == len(record.texts)
    assert errors_page(record).warnings
    assert {Path(name).name for name in of_table(root / "plates.csv")} == {f"{number}.png" for number in range(12)}


def test_two_runs_in_the_wrong_order_are_told_apart(tiny):
    _, detector, reader = tiny
    with pytest.raises(DataError, match="the detector is a run of task=detection"):
        Pipeline(load(reader), load(detector))
