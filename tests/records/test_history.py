"""Rows that know their columns."""

import sys

import pytest

from paribus.errors import ParibusError
from paribus.records.history import History

ROWS = [{"epoch": 1, "val/loss": 0.5}, {"epoch": 2, "val/loss": None, "non_finite": ["val/loss"], "val/f1": 0.25}]


def test_columns_rows_and_slices():
    history = History(ROWS)
    assert history.columns == ["epoch", "val/loss", "val/f1"]
    assert (history["epoch"], history["val/f1"]) == ([1, 2], [None, 0.25])
    assert history[-1] == ROWS[1]
    assert isinstance(history[:1], History)
    assert history == ROWS
    with pytest.raises(ParibusError, match="no such figure") as caught:
        history["val/los"]
    assert "val/loss" in caught.value.hint


def test_it_prints_as_a_table():
    head, *lines = repr(History(ROWS)).splitlines()
    assert head == "epoch  val/loss  val/f1"
    assert lines == ["    1       0.5       –", "    2         –    0.25"]
    assert "60 earlier" in repr(History({"epoch": epoch} for epoch in range(120)))
    assert "no epoch" in repr(History())


def test_a_data_frame_takes_it(monkeypatch):
    made = {}
    frame = staticmethod(lambda rows, columns: made.update(rows=rows, columns=columns))
    monkeypatch.setitem(sys.modules, "pandas", type("pandas", (), {"DataFrame": frame}))
    History(ROWS).to_pandas()
    assert made == {"rows": ROWS, "columns": ["epoch", "val/loss", "val/f1"]}
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ParibusError, match="pandas is not installed"):
        History(ROWS).to_pandas()
