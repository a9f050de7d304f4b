import dataclasses

import numpy as np
import pytest
from PIL import Image

from paribus.data.prepare import scan as scanning
from paribus.data.prepare.scan import check, scan
from paribus.data.sources.images import decoding
from paribus.data.sources.images.listing import listing
from paribus.errors import DataError
from paribus.reports.scans import scan_page
from paribus.testing.protocol.planted import changed, pictures


@pytest.fixture
def damaged(classes):
    """Two classes with four good pictures and five bad files."""
    root = classes({"a": 2, "b": 2})
    whole = (root / "a" / "000.png").read_bytes()
    (root / "a" / "empty.png").write_bytes(b"")
    (root / "a" / "words.jpg").write_text("these are words")
    (root / "b" / "short.png").write_bytes(whole[:-30])
    (root / "b" / "folder.jpg").mkdir()
    (root / "stray.png").write_bytes(whole)
    return root


def test_R13_every_bad_file_is_listed_with_its_reason(damaged):
    report = scan(damaged)
    assert [entry.name for entry in report.good] == ["a/000.png", "a/001.png", "b/000.png", "b/001.png"]
    bad = dict(report.bad)
    assert bad["a/empty.png"] == "the file is empty"
    assert bad["a/words.jpg"].startswith("not a picture")
    assert bad["b/short.png"].startswith("the picture is damaged")
    assert bad["b/folder.jpg"] == "a folder named like a picture"
    assert bad["stray.png"] == "lies in no class folder"
    assert len(bad) == 5
    assert report.counts == {"train": {"a": 2, "b": 2}}


def test_R17_bombs_are_listed(classes, monkeypatch):
    root = classes({"a": 1, "b": 1})
    monkeypatch.setattr("paribus.data.sources.images.decoding.MAX_PIXELS", 10)
    assert {reason for _, reason in scan(root).bad} == {"a picture has at most 10 pixels"}


def test_duplicates_leaks_and_conflicts(classes, tmp_path):
    root = tmp_path / "pictures"
    classes({"a": 2, "b": 2}, root / "train")
    classes({"a": 1, "b": 1}, root / "test")
    first = (root / "train" / "a" / "000.png").read_bytes()
    (root / "test" / "a" / "copy.png").write_bytes(first)
    (root / "train" / "b" / "copy.png").write_bytes((root / "train" / "a" / "001.png").read_bytes())
    report = scan(root)
    assert [[entry.name for entry in same] for same in report.duplicates] == [
        ["train/a/000.png", "test/a/copy.png"],
        ["train/a/001.png", "train/b/copy.png"],
    ]
    assert report.leaks == report.duplicates[:1]
    assert report.conflicts == report.duplicates[1:]
    assert report.counts == {"train": {"a": 2, "b": 3}, "test": {"a": 2, "b": 1}}


def test_sizes_are_those_of_the_files(classes):
    root = classes({"a": 2, "b": 1})
    Image.new("RGB", (20, 10), "red").save(root / "a" / "wide.png")
    (height, width), *_ = (decoding.size_of(path.read_bytes(), "") for path in root.glob("b/*.png"))
    assert scan(root).sizes == {(height, width): 3, (10, 20): 1}


def test_copies_that_were_changed_are_found_where_they_are_asked_for(tmp_path):
    seen, chance = pictures(12, seed=5), np.random.default_rng(6)
    for place, one in enumerate([*seen, changed(seen[3], "flip", chance)]):
        folder = tmp_path / ("test" if place == 12 else "train") / "ab"[place % 2]
        folder.mkdir(parents=True, exist_ok=True)
        Image.fromarray(one).save(folder / f"{place}.png")
    assert scan(tmp_path).copies is None
    report = scan(tmp_path, copies=True)
    assert [tuple(entry.name for entry in pair) for pair in report.copies] == [("train/b/3.png", "test/a/12.png")]
    assert "1 pair of nearly identical pictures in different splits" in scan_page(report).warnings[0]


def test_copies_are_not_looked_for_among_too_many(classes, monkeypatch):
    monkeypatch.setattr(scanning, "MOST_COMPARED", 3)
    with pytest.raises(DataError, match="among at most 3 pictures"):
        scan(classes({"a": 2, "b": 2}), copies=True)


def test_groups_in_two_parts_are_named(classes, tmp_path):
    root = tmp_path / "pictures"
    classes({"a": 2, "b": 2}, root / "train")
    classes({"a": 1, "b": 1}, root / "test")
    assert scan(root, group=r"(\d+)\.png").shared_groups == ("000",)


def test_the_report_is_frozen(damaged):
    with pytest.raises(dataclasses.FrozenInstanceError):
        scan(damaged).bad = ()


def test_batches_bound_the_memory_and_never_mix_parts(classes, tmp_path, monkeypatch):
    root = tmp_path / "pictures"
    classes({"a": 20, "b": 17}, root / "train")
    classes({"a": 3, "b": 2}, root / "test")
    monkeypatch.setattr(scanning, "CHUNK_BYTES", 1)
    seen = []
    batches = list(check(listing(root), size=8, progress=lambda *step: seen.append(step)))
    assert [len(batch) for batch in batches] == [16, 16, 5, 5]
    assert all(len({one.entry.split for one in batch}) == 1 for batch in batches)
    assert seen[-1] == ("checking pictures", 42, 42)
    names = [one.entry.name for batch in batches for one in batch]
    assert names == [entry.name for entry in listing(root).entries]


def test_pixels_are_those_of_decode(classes):
    from paribus.data.sources.images.decoding import decode

    root = classes({"a": 1, "b": 1})
    (batch,) = check(listing(root), size=8, colour="grey", fit="stretch")
    for one in batch:
        assert one.pixels is not None
        assert np.array_equal(one.pixels, decode(root / one.entry.name, 8, "grey", "stretch"))


def test_errors_of_the_listing_come_through(tmp_path):
    with pytest.raises(DataError, match="must be a folder"):
        scan(tmp_path / "none")


def test_a_folder_is_found_below_the_own_data_as_in_training(classes, own_data):
    classes({"a": 2, "b": 1}, own_data / "pets")
    assert scan("pets").counts == {"train": {"a": 2, "b": 1}}


def test_a_container_with_few_cores_decodes_in_few_threads(monkeypatch):
    monkeypatch.setattr(scanning, "cores", lambda: 3)
    assert scanning.workers() == 3
    monkeypatch.setattr(scanning, "cores", lambda: 64)
    assert scanning.workers() == 16
