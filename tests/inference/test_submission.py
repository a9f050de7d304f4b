"""What leaderboards are given: ids, labels or probabilities, in the order that they ask for."""

import csv
import io
from pathlib import Path

import pytest

from paribus.errors import DataError
from paribus.inference.submission import Layout, layout, submission
from paribus.tasks.prediction import Prediction

CLASSES = ("cat", "dog")


def predicted(*names, **more):
    """Predictions for files below ``new``, the first a cat, then more and more of a dog."""
    shares = [{"cat": 1 - place / 10, "dog": place / 10} for place in range(len(names))]
    return [
        Prediction(f"new/{name}", max(share, key=share.get), share, **more)
        for name, share in zip(names, shares, strict=True)
    ]


def rows(made):
    return list(csv.reader(io.StringIO(made.text)))


def test_ids_are_names_without_suffix_and_labels_classes():
    made = submission(predicted("b.png", "a.jpg"), layout())
    assert rows(made) == [["id", "label"], ["b", "cat"], ["a", "cat"]]
    assert (made.rows, made.left_out) == (2, ())


@pytest.mark.parametrize(
    ("columns", "row"),
    [
        ("image, breed", ["b", "cat"]),
        ("id,dog", ["b", "0.000000"]),
        ("id,dog,cat", ["b", "0.000000", "1.000000"]),
    ],
)
def test_columns_are_a_label_or_probabilities_of_classes(columns, row):
    made = submission(predicted("b.png"), layout(columns))
    assert rows(made) == [[name.strip() for name in columns.split(",")], row]


@pytest.mark.parametrize("ids", [("c", "a"), ("c.png", "a.png"), ("x/c.png", "a"), ("new/x/c.png", "new/a")])
def test_a_sample_says_columns_ids_and_order(tmp_path, ids):
    sample = tmp_path / "sample.csv"
    sample.write_text("\ufefffile,dog\r\n" + "".join(f"{name},0.5\r\n" for name in ids), encoding="utf-8")
    made = submission(predicted("a.png", "b.png", "x/c.png"), layout(like=sample), [Path("new")])
    assert rows(made) == [["file", "dog"], [ids[0], "0.200000"], [ids[1], "0.000000"]]
    assert made.left_out == ("new/b.png",)


def test_what_a_sample_asks_for_and_is_not_there_is_named():
    with pytest.raises(DataError, match=r"(?s)2 of 3 ids.*received: y, z.*new/a.png"):
        submission(predicted("a.png"), Layout(ids=("a", "y", "z")))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,label\n", "a header and a row"),
        ("id,label\na,1\na,2\n", "(?s)each id once.*a"),
        ("id\na\n", "a column for the id"),
        ("id,cat,cat\na,1,2\n", "each once"),
        ('id,label\n"a,1\n', "is a CSV file"),
        (b"\xff\xfe\x00", "is a CSV file"),
    ],
)
def test_a_sample_that_is_none_is_refused(tmp_path, text, said):
    sample = tmp_path / "sample.csv"
    sample.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DataError, match=said):
        layout(like=sample)


@pytest.mark.parametrize(
    ("files", "wanted", "said"),
    [
        (("a.png", "x/a.png"), Layout(), "(?s)two files have one id.*--like"),
        (("a.png", "x/a.png"), Layout(ids=("a",)), "several files have the id a"),
        (("a.png",), Layout(("id", "cat", "dgo")), "(?s)received: dgo.*did you mean 'dog'"),
        (("=cmd().png",), Layout(), "(?s)would obey.*'=cmd"),
    ],
)
def test_what_is_no_submission_is_refused(files, wanted, said):
    with pytest.raises(DataError, match=said):
        submission(predicted(*files), wanted)


def test_a_file_that_cannot_be_read_is_refused():
    with pytest.raises(DataError, match=r"(?s)1 cannot be read: no picture.*new/a.png"):
        submission([*predicted("b.png"), *predicted("a.png", problem="no picture")], layout())


def test_columns_and_a_sample_contradict_each_other(tmp_path):
    with pytest.raises(DataError, match="those of the sample"):
        layout("id,label", tmp_path / "sample.csv")
