"""Analyses are kept beside their run, and computed again only where something has changed."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import pytest

from paribus import files
from paribus.analysis import table
from paribus.analysis.kept import analyse, kept
from paribus.analysis.table import Analysis, Need
from paribus.inference.trained import Trained
from paribus.records.run import RunFolder


@dataclass(frozen=True)
class Counted:
    """How often it was computed."""

    calls: int
    values: tuple[float, ...]
    split: str


CALLS: list[str] = []


def counted(trained: Trained, *, split: Literal["val", "test"] = "val", path: Path | None = None) -> Counted:
    """Count calls.

    Args:
        trained: the network.
        split: of the data.
        path: some files.
    """
    CALLS.append(split)
    return Counted(len(CALLS), (math.nan, math.inf, 1.5), split)


@pytest.fixture
def counter(monkeypatch) -> Analysis:
    monkeypatch.setattr(table, "_registered", {})
    CALLS.clear()
    return table.register(Analysis("counted", "Counts.", Need("any run"), counted, Counted))


def test_the_same_question_is_answered_from_the_folder(counter, run):
    first = analyse(run, "counted")
    again = analyse(run, "counted")
    assert (again.calls, again.values[1:], again.split) == (1, (math.inf, 1.5), "val")
    assert math.isnan(again.values[0])
    content = json.loads((run.path / "analyses" / "counted.json").read_text())
    assert content["options"] == {"split": "val", "path": None}
    assert [record.calls for _, record in kept(run)] == [first.calls]


def test_another_question_is_computed(counter, run, tmp_path):
    (tmp_path / "files").mkdir()
    calls = [
        analyse(run, "counted", **options).calls for options in ({}, {"again": True}, {"path": str(tmp_path / "files")})
    ]
    (tmp_path / "files" / "new").write_text("new")
    calls.append(analyse(run, "counted", path=str(tmp_path / "files")).calls)
    assert calls == [1, 2, 3, 4]
    assert analyse(run, "counted", path=str(tmp_path / "files")).calls == 4


def test_what_no_longer_holds_is_computed_again_and_not_shown(counter, run: RunFolder):
    analyse(run, "counted")
    run.write_result(replace(run.result, seconds=1.0))
    assert analyse(run, "counted").calls == 1  # the same weights
    table._registered["counted"] = replace(counter, version=2)
    assert list(kept(run)) == []
    assert analyse(run, "counted").calls == 2


@pytest.mark.parametrize("content", [b"", b"[]", b"{", b'{"record": 3}'])
def test_R3_a_damaged_file_is_replaced(counter, run, content):
    analyse(run, "counted")
    path = run.path / "analyses" / "counted.json"
    files.write_bytes(path, content)
    assert list(kept(run)) == []
    assert analyse(run, "counted").calls == 2
    path.write_text(path.read_text().replace('"calls"', '"clals"'))
    assert list(kept(run)) == []
    assert analyse(run, "counted").calls == 3


def test_who_looks_at_the_test_opens_it(counter, run):
    analyse(run, "counted")
    assert not (run.path / "test.json").exists()
    analyse(run, "counted", split="test")
    assert (run.path / "test.json").exists()
