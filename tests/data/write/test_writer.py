import errno

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paribus.data.columns import Column
from paribus.data.write.npy import NpyFile
from paribus.data.write.writer import Writer, moments
from paribus.errors import DataError, RunError


def rows(count, shape=(1, 2, 2), dtype=np.uint8):
    return np.arange(count * int(np.prod(shape)), dtype=dtype).reshape(count, *shape)


def started(folder, **how):
    writer = Writer(folder)
    writer.start(**{"classes": ["a", "b"], "shape": (1, 2, 2), **how})
    return writer


def test_a_column_is_a_npy_file_however_it_grew(tmp_path):
    column = NpyFile(tmp_path / "x.npy", np.uint8, (3, 4))
    pieces = [rows(n, (3, 4)) for n in (1, 0, 7)]
    for piece in pieces:
        column.append(piece)
    assert column.finish() == (tmp_path / "x.npy").stat().st_size
    assert np.array_equal(np.load(tmp_path / "x.npy"), np.concatenate(pieces))


def test_parts_become_ranges(tmp_path):
    writer = started(tmp_path)
    writer.add(rows(3), [0, 1, 0])
    writer.add(rows(2), [0, 1])
    writer.add(rows(1), [1], "test")
    assert writer.finish()["official"] == {"train": (0, 5), "test": (5, 6)}
    assert np.load(tmp_path / "targets.npy").tolist() == [0, 1, 0, 0, 1, 1]


@given(seed=st.integers(0, 99), channels=st.integers(1, 3))
def test_moments_are_exact(seed, channels):
    pixels = np.random.default_rng(seed).integers(0, 256, (4, channels, 5, 6), np.uint8)
    wide = pixels.astype(object)
    expected = [[[plane.sum(), (plane**2).sum()] for plane in picture] for picture in wide]
    assert moments(pixels).tolist() == expected


def test_moments_of_features():
    features = np.array([[1.5, -2.0]], np.float32)
    assert moments(features).tolist() == [[[1.5, 2.25], [-2.0, 4.0]]]


@pytest.mark.parametrize(
    ("inputs", "targets", "message"),
    [
        (rows(2).astype(np.float32), [0, 1], "uint8"),
        (rows(2, (1, 3, 3)), [0, 1], "shape"),
        (rows(2), [0], "shape"),
        (rows(2), [0, 2], "class indices"),
        (rows(2), [-1, 0], "class indices"),
    ],
)
def test_wrong_chunks_are_refused(tmp_path, inputs, targets, message):
    writer = started(tmp_path)
    with pytest.raises(DataError, match=message):
        writer.add(inputs, targets)
    writer.close()


def test_parts_come_in_order(tmp_path):
    writer = started(tmp_path)
    writer.add(rows(1), [0], "test")
    with pytest.raises(DataError, match="order"):
        writer.add(rows(1), [0], "train")
    with pytest.raises(DataError, match="training examples"):
        writer.finish()
    writer.close()


def test_features_are_finite(tmp_path):
    writer = started(tmp_path, shape=(2,), dtype="float32")
    with pytest.raises(DataError, match="finite"):
        writer.add(np.array([[1.0, np.nan]], np.float32), [0])
    writer.close()


def test_groups_and_names_are_for_all_or_none(tmp_path):
    writer = started(tmp_path)
    writer.add(rows(1), [0], groups=[3], names=["a.png"])
    writer.add(rows(1), [0], names=["b.png"])
    with pytest.raises(DataError, match="groups are given for all"):
        writer.finish()
    writer.close()


def test_R2_too_little_space_is_known_before_the_work(tmp_path):
    writer = Writer(tmp_path)
    with pytest.raises(RunError, match="GB of disk space") as caught:
        writer.start(classes=["a"], shape=(3, 4096, 4096), count=10**9)
    assert "PARIBUS_CACHE" in caught.value.hint
    writer.close()


def test_R2_a_full_disk_names_the_place_and_the_way_out(tmp_path, monkeypatch):
    writer = started(tmp_path)

    def full(self, chunk):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(NpyFile, "append", full)
    with pytest.raises(RunError, match="the disk is full") as caught:
        writer.add(rows(1), [0])
    assert str(tmp_path.parent) in caught.value.got
    assert "PARIBUS_CACHE" in caught.value.hint
    writer.close()


BOXES = {
    "boxes": Column("float32", (4,), ragged=True, kind="boxes"),
    "labels": Column("int64", ragged=True, kind="class", of="boxes"),
}


def test_ragged_columns_are_two_files_each(tmp_path):
    writer = started(tmp_path, targets=BOXES)
    writer.add(rows(2), {"boxes": [[[0, 0, 1, 1], [1, 1, 2, 2]], []], "labels": [[0, 1], []]})
    writer.add(rows(1), {"boxes": [np.ones((1, 4), np.float32)], "labels": [[1]]})
    meta = writer.finish()
    assert np.load(tmp_path / "targets.boxes.npy").shape == (3, 4)
    assert np.load(tmp_path / "targets.boxes.offsets.npy").tolist() == [0, 2, 2, 3]
    assert np.load(tmp_path / "targets.labels.npy").tolist() == [0, 1, 1]
    assert np.load(tmp_path / "counts.npy").tolist() == [[1, 1], [0, 0], [0, 1]]
    assert {name: Column.read(column) for name, column in meta["columns"].items()} == {
        "inputs": Column("uint8", (1, 2, 2)),
        **{f"targets.{name}": column for name, column in BOXES.items()},
    }


@pytest.mark.parametrize(
    ("targets", "message"),
    [
        ([0, 1], "given by name: boxes, labels"),
        ({"boxes": [[], []]}, "given by name"),
        ({"boxes": [[[0, 0, 1]], []], "labels": [[0], []]}, r"of shape \(n, 4\)"),
        ({"boxes": [[[0, 0, 1, 1]], []], "labels": [[0], [1]]}, "as many rows as boxes"),
        ({"boxes": [[[0, 0, 1, 1]], []], "labels": [[5], []]}, "class indices"),
        ({"boxes": [[[0, 0, 1, 1]]], "labels": [[0]]}, "B as for inputs"),
        ({"boxes": [[[0, 0, 1, np.nan]], []], "labels": [[0], []]}, "finite"),
    ],
)
def test_wrong_columns_are_refused(tmp_path, targets, message):
    writer = started(tmp_path, targets=BOXES)
    with pytest.raises(DataError, match=message):
        writer.add(rows(2), targets)
    writer.close()


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"a.b": Column("uint8")}, "one word"),
        ({"a": Column("uint8"), "b": Column("uint8", of="a")}, "ragged"),
    ],
)
def test_impossible_columns_are_refused(tmp_path, columns, message):
    with pytest.raises(DataError, match=message):
        started(tmp_path, targets=columns)


def test_several_inputs_have_names(tmp_path):
    writer = Writer(tmp_path)
    words = Column("int32", ragged=True)
    writer.start(classes=(), inputs={"picture": Column("uint8", (1, 2, 2)), "words": words})
    writer.add({"picture": rows(2), "words": [np.arange(3, dtype=np.int32), np.arange(1, dtype=np.int32)]}, [0, 0])
    assert {"inputs.picture.npy", "inputs.words.npy", "inputs.words.offsets.npy"} <= set(writer.finish()["files"])
    assert not (tmp_path / "moments.npy").exists()
