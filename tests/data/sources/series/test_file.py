"""Series from files: what is read, what is repaired, and what is refused with its line."""

from __future__ import annotations

import datetime
import gzip
from pathlib import Path

import numpy as np
import pytest

from paribus.data.prepare import cache
from paribus.data.sources.series.file import Series
from paribus.errors import DataError

START = datetime.datetime(2021, 3, 1)
HOUR = datetime.timedelta(hours=1)


def file(path: Path, rows: list[str], head: str = "time,value,wind") -> Path:
    path.write_text("\n".join([head, *rows]) + "\n")
    return path


def hours(n: int = 60, start: datetime.datetime = START) -> list[str]:
    return [f"{start + i * HOUR},{i % 7 + 0.5},{i * i % 11}" for i in range(n)]


def load(path: Path, **options):
    return cache.load(Series(str(path), ("value",), calendar=False, **options))


def test_rows_are_read_as_they_stand(tmp_path):
    data = load(file(tmp_path / "a.csv", hours()), exogenous=("wind",))
    expected = np.array([[i % 7 + 0.5, i * i % 11] for i in range(60)], np.float32)
    np.testing.assert_array_equal(data.inputs, expected)
    known = data.metadata.series
    assert known.columns == ("value", "wind")
    assert (known.frequency, known.season, known.targets) == ("hourly", 24, 1)


def test_separator_and_compression_do_not_matter(tmp_path):
    plain = load(file(tmp_path / "a.csv", hours()))
    text = (tmp_path / "a.csv").read_text().replace(",", ";")
    (tmp_path / "b.csv.gz").write_bytes(gzip.compress(text.encode()))
    np.testing.assert_array_equal(load(tmp_path / "b.csv.gz").inputs, plain.inputs)


def changed(rows: list[str], **changes: str) -> list[str]:
    """Rows with some of them replaced, by number ``r10``; an empty text removes the row."""
    edited = {int(name[1:]): text for name, text in changes.items()}
    return [edited.get(i, row) for i, row in enumerate(rows) if edited.get(i, row)]


@pytest.mark.parametrize(
    ("rows", "message", "got"),
    [  # the header is line 1, so row 10 stands on line 12
        (
            changed(hours(), r10=f"{START + 10 * HOUR},many,1"),
            "line 12 of bad.csv, column 'value' is not a number",
            "many",
        ),
        (
            changed(hours(), r10=f"{START + 10 * HOUR},inf,1"),
            "line 12 of bad.csv, column 'value' is not a number",
            "inf",
        ),
        (changed(hours(), r10="yesterday,1,1"), "line 12 of bad.csv, column 'time' is not a time", "yesterday"),
        (
            changed(hours(), r10=f"{START + 10 * HOUR},,1"),
            r"line 12 of bad.csv has no value .*\(1 missing value",
            "10:00",
        ),
        (changed(hours(), r10="", r20=""), r"before line 12 of bad.csv rows are missing \(2 missing", "11:00"),
        (changed(hours(), r10=hours()[9]), "line 12 of bad.csv repeats the time of the line before", "09:00"),
        (changed(hours(), r10=hours()[3]), "line 12 of bad.csv goes back in time", "03:00:00 after"),
        (changed(hours(), r10=f"{START + 10.5 * HOUR},1,1"), "line 12 of bad.csv lies between the steps", "10:30"),
        ([f"{START + i * HOUR},5,{i}" for i in range(60)], "column 'value' of bad.csv is constant", "5"),
        (hours(2), "at least three", "2"),
        ([], "holds no rows", "bad.csv"),
    ],
)
def test_what_is_wrong_is_said_with_its_line(tmp_path, rows, message, got):
    with pytest.raises(DataError, match=message) as error:
        load(file(tmp_path / "bad.csv", rows))
    assert got in error.value.got
    assert error.value.hint or "rows" in message


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"time": "date"}, "no column of this name"),
        ({"exogenous": ("sun",)}, "no column of this name"),
        ({"exogenous": ("value",)}, "named once"),
        ({"series": "state"}, "no column of this name"),
    ],
)
def test_wrong_columns_are_refused(tmp_path, options, message):
    with pytest.raises(DataError, match=message):
        load(file(tmp_path / "a.csv", hours()), **options)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        load(tmp_path / "nowhere.csv")


def test_gaps_are_filled_on_a_line_and_counted(tmp_path):
    rows = changed(hours(), r10="", r11="", r30=f"{START + 30 * HOUR},,1")
    data = load(file(tmp_path / "a.csv", rows), gaps="fill")
    before, after = 9 % 7 + 0.5, 12 % 7 + 0.5
    expected = [before + (after - before) * k / 3 for k in (0, 1, 2, 3)]
    assert data.inputs[9:13, 0].tolist() == pytest.approx(expected, rel=1e-6)
    assert float(data.inputs[30, 0]) == pytest.approx((29 % 7 + 31 % 7) / 2 + 0.5)
    known = data.metadata.series
    assert (known.filled, known.filled_values, len(data)) == (2, 1, 60)


def test_what_lies_before_the_first_value_cannot_be_filled(tmp_path):
    rows = changed(hours(), r0=f"{START},1,")
    with pytest.raises(DataError, match=r"'wind' of .* is empty at its beginning"):
        load(file(tmp_path / "a.csv", rows), gaps="fill", exogenous=("wind",))
    data = load(file(tmp_path / "a.csv", rows), gaps="fill", exogenous=("wind",), since="2021-03-01 01:00")
    assert len(data) == 59


def test_ends_without_a_target_are_left_out(tmp_path):
    rows = changed(hours(), r0=f"{START},,1", r59=f"{START + 59 * HOUR},,1")
    assert len(load(file(tmp_path / "a.csv", rows), gaps="fill")) == 58
    with pytest.raises(DataError, match=r"line 2 of a\.csv has no value"):
        load(tmp_path / "a.csv")


@pytest.mark.parametrize(("how", "value"), [("mean", 50.75), ("first", 1.5)])
def test_repeated_times_are_merged_and_counted(tmp_path, how, value):
    rows = hours()
    rows.insert(2, f"{START + HOUR},100,0")
    data = load(file(tmp_path / "a.csv", rows), duplicates=how)
    if how == "first":
        rows[1], rows[2] = rows[2], rows[1]
    assert float(data.inputs[1, 0]) == pytest.approx(value)
    assert (data.metadata.series.merged, len(data)) == (1, 60)


def test_several_series_are_told_apart(tmp_path):
    late = START + 10 * HOUR
    rows = [f"{row},north" for row in hours(40)] + [f"{row},south" for row in hours(30, late)]
    data = load(file(tmp_path / "a.csv", rows, "time,value,wind,place"), series="place")
    north, south = data.metadata.series.series
    assert (north.name, north.rows, south.name, south.rows) == ("north", 40, "south", 30)
    assert south.offset - north.offset == 10
    assert data.groups.tolist() == [0] * 40 + [1] * 30


def test_another_content_is_another_identity(tmp_path):
    one, two = file(tmp_path / "a.csv", hours()), file(tmp_path / "b.csv", hours()[:-1])
    identities = {
        cache.identity(Series(str(path), ("value",), length=length)) for path in (one, two) for length in (5, 9)
    }
    assert len(identities) == 2  # windows are no part of it


def test_one_wrong_year_is_a_question_and_not_millions_of_rows(tmp_path):
    path = file(tmp_path / "a.csv", [*hours(), f"{START.replace(year=2991)},1,1"])
    with pytest.raises(DataError, match=r"would make up 8,\d{3},\d{3} rows beside the 61 .* before line 62") as caught:
        load(path, gaps="fill")
    assert caught.value.got == "2991-03-01 00:00:00 after 2021-03-03 11:00:00"
    assert "data.gaps=fill-any" in caught.value.hint
    far = file(tmp_path / "b.csv", [*hours(), f"{START + 200 * HOUR},1,1"])
    assert len(load(far, gaps="fill-any").inputs) == 201


def test_endless_empty_lines_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("paribus.data.sources.series.reading.MAX_EMPTY", 100)
    with pytest.raises(DataError, match="more than 100 empty lines"):
        load(file(tmp_path / "a.csv", [*hours(), *[""] * 200]))
