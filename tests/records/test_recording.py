"""Rows, heartbeats and results of a training that is not ours, in its run folder."""

from __future__ import annotations

import errno
import json

import pytest

from paribus import files
from paribus.errors import RunError
from paribus.records.own import OwnTraining
from paribus.records.recording import Recording
from paribus.records.run import RunFolder


@pytest.fixture
def recording(tmp_path):
    folder = RunFolder(tmp_path / "run")
    folder.create(OwnTraining("log", "mine", {"lr": 0.1}), 0)
    begun = Recording(folder)
    begun.begin()
    return begun


def test_rows_are_counted_and_the_last_one_can_be_written_anew(recording):
    recording.row({"loss": 1.0}, step=5)
    recording.row({"loss": 0.5, "epoch": 77.0}, step=9)
    recording.row({"loss": 0.25}, again=True)
    assert [(row["epoch"], row["step"], row["loss"]) for row in recording.folder.history] == [(1, 5, 1.0), (2, 9, 0.25)]


def test_R2_of_a_row_that_did_not_fit_nothing_stays(recording, monkeypatch):
    recording.row({"loss": 1.0})

    def half(path, row):
        with path.open("ab") as file:
            file.write(files.line(row)[:9])
        with files.disk_errors(path):
            raise OSError(errno.ENOSPC, "full")

    with monkeypatch.context() as patch:
        patch.setattr(files, "append_line", half)
        with pytest.raises(RunError, match="the disk is full"):
            recording.row({"loss": 0.5})
    recording.row({"loss": 0.25})
    assert recording.folder.read_metrics() == ([*map(json.loads, _lines(recording.folder))], False)
    assert recording.folder.history["loss"] == [1.0, 0.25]


def _lines(folder: RunFolder) -> list[str]:
    return (folder.path / "metrics.jsonl").read_text().splitlines()


def test_a_finished_one_is_sealed_and_says_how_much_there_was(recording):
    recording.row({"loss": 1.0}, step=3)
    result = recording.finish({"loss": 1.0})
    status = recording.folder.status
    assert (status.state, status.epoch, status.epochs, status.step) == ("finished", 1, 1, 3)
    assert {"recipe.json", "metrics.jsonl", "result.json"} == {*result.digests}
    assert result.peak_memory_mb > 0
    recording.folder.check_seal()
