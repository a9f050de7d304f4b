"""Rows as columns: whatever lies in the file, read once and then only what was appended."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.served import row

from paribus.errors import ParibusError
from paribus.web import rows as module
from paribus.web.rows import AllRows, Rows, last_rows, parse

VALUES = st.one_of(
    st.none(), st.integers(-(10**15), 10**15), st.floats(allow_nan=False), st.booleans(), st.text(max_size=3)
)
LINES = st.lists(
    st.one_of(
        st.fixed_dictionaries(
            {"epoch": st.integers(0, 99)},
            optional=dict.fromkeys(("a", "val/b", 'c"d', "step"), VALUES),
        ).map(lambda found: json.dumps(found).encode()),
        st.sampled_from(
            [b"", b"{", b"[1]", b"7", b"null", b'{"epoch": "x"}', b'{"no": 1}', b"\xff\xfe", b'{"epoch": 1']
        ),
    ),
    min_size=1,
    max_size=8,
)


@given(LINES)
def test_columns_are_the_numbers_of_the_lines_that_are_rows(lines):
    columns, count = parse(b"\n".join(lines))
    found = []
    for line in lines:
        try:
            one = json.loads(line)
        except ValueError:
            continue
        if isinstance(one, dict) and type(one.get("epoch")) is int:
            found.append(one)
    assert count == len(found)
    for name in {name for one in found for name in one}:
        expected = [one.get(name) if type(one.get(name)) in (int, float) else math.nan for one in found]
        if any(value == value for value in expected):
            np.testing.assert_array_equal(columns[name], np.array(expected, dtype=float))
        else:
            assert name not in columns or np.isnan(columns[name]).all()


@given(st.lists(st.integers(1, 60), max_size=6))
def test_it_does_not_matter_in_which_pieces_a_file_grows(tmp_path_factory, cuts):
    path = tmp_path_factory.mktemp("run") / "metrics.jsonl"
    text = "".join(row(epoch) for epoch in range(1, 6)).encode()
    read, place = Rows(path), 0
    for cut in cuts:
        with path.open("ab") as file:
            file.write(text[place : place + cut])
        place += cut
        read.read()
    with path.open("ab") as file:
        file.write(text[place:])
    columns = read.read()
    assert columns["epoch"].tolist() == [1, 2, 3, 4, 5]
    np.testing.assert_array_equal(columns["train/loss"], 1 / np.arange(1, 6))


def test_only_what_was_appended_is_read(tmp_path, monkeypatch):
    path = tmp_path / "metrics.jsonl"
    path.write_text(row(1) + row(2))
    read, taken = Rows(path), []
    monkeypatch.setattr(module, "parse", lambda lines: taken.append(lines) or parse(lines))
    read.read()
    read.read()
    with path.open("a") as file:
        file.write(row(3))
    assert read.read()["epoch"].tolist() == [1, 2, 3]
    assert [lines.count(b"epoch") for lines in taken] == [2, 1]


def test_a_figure_that_begins_later_has_gaps_before(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"epoch": 1, "a": 1}\n')
    read = Rows(path)
    read.read()
    with path.open("a") as file:
        file.write('{"epoch": 2, "b": 5}\n')
    columns = read.read()
    np.testing.assert_array_equal(columns["a"], [1, np.nan])
    np.testing.assert_array_equal(columns["b"], [np.nan, 5])


def test_a_file_that_was_written_anew_or_deleted_is_read_anew(tmp_path):
    path = tmp_path / "metrics.jsonl"
    read = Rows(path)
    assert (read.read(), read.count) == ({}, 0)
    path.write_text(row(1) + row(2))
    assert len(read.read()["epoch"]) == 2
    (tmp_path / "new").write_text(row(7))
    (tmp_path / "new").replace(path)
    assert read.read()["epoch"].tolist() == [7]
    path.write_text("")
    assert read.read() == {}
    path.unlink()
    assert read.read() == {}


def test_a_folder_in_its_place_is_an_error(tmp_path):
    (tmp_path / "metrics.jsonl").mkdir()
    with pytest.raises(ParibusError, match="is a folder"):
        Rows(tmp_path / "metrics.jsonl").read()


def test_the_last_rows_of_a_long_file(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text("".join(row(epoch) for epoch in range(1, 2000)) + row(2000)[:-5])
    assert path.stat().st_size > module.TAIL
    assert [one["epoch"] for one in last_rows(path, 2)] == [1998, 1999]
    assert last_rows(tmp_path / "none", 2) == []


def test_a_long_file_is_glanced_at_and_read_in_the_background(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "LONG", 1000)
    path, told = tmp_path / "metrics.jsonl", []
    path.write_text("".join(row(epoch) for epoch in range(1, 30_001)))
    read = Rows(path)
    glance = read.glance(lambda: told.append(True))
    assert glance is not None
    epochs = glance["epoch"]
    assert (np.diff(epochs) > 0).all()
    assert epochs[0] == 1
    assert epochs[-1] == 30_000
    assert np.diff(epochs).max() < 200  # from all over the file
    np.testing.assert_array_equal(glance["train/loss"], 1 / epochs)
    while not told:
        pass
    assert read.glance(lambda: None) is None
    assert read.count == 30_000


def test_a_short_file_is_read_at_once(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text(row(1))
    assert Rows(path).glance(lambda: None) is None


def test_the_rows_of_few_runs_are_kept(tmp_path):
    kept = AllRows()
    first = kept.of(tmp_path / "0")
    for number in range(module.KEPT):
        kept.of(tmp_path / str(number))
    assert kept.of(tmp_path / "0") is first
    kept.of(Path("more"))
    assert len(kept._rows) == module.KEPT
