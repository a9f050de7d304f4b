"""Folders that travel in pieces arrive whole, and send only what has changed."""

from __future__ import annotations

import os

import pytest

from paribus.errors import RunError
from paribus.studies.executors import parcel
from paribus.studies.executors.parcel import Arrivals, Changes, Piece


@pytest.fixture
def folders(tmp_path, monkeypatch):
    monkeypatch.setattr(parcel, "PIECE_BYTES", 10)
    (tmp_path / "here" / "checkpoints").mkdir(parents=True)
    return tmp_path / "here", tmp_path / "there"


def send(changes, there):
    pieces = list(changes.pieces())
    arrivals = Arrivals(there)
    for piece in pieces:
        arrivals.take(piece)
    return pieces


def content(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("size", [0, 1, 9, 10, 11, 20, 95])
def test_files_of_every_size_arrive_as_they_were(folders, size):
    here, there = folders
    (here / "checkpoints" / "step.bin").write_bytes(os.urandom(size))
    pieces = send(Changes(here), there)
    assert content(there) == content(here)
    assert max(len(piece.content) for piece in pieces) <= 10


def test_only_what_has_changed_travels_and_what_is_gone_goes(folders):
    here, there = folders
    for name in ("a", "b", "status.json", "result.json"):
        (here / name).write_text(name)
    changes = Changes(here)
    order = list(dict.fromkeys(piece.name for piece in send(changes, there)))
    assert order[-2:] == ["result.json", "status.json"]  # they say of the others that they are whole
    assert send(changes, there) == []
    (here / "a").unlink()
    (here / "b").write_text("longer than it was")
    assert {piece.name for piece in send(changes, there)} == {"a", "b"}
    assert content(there) == content(here)


def test_locks_links_and_half_written_files_stay(folders):
    here, there = folders
    (here / "lock").touch()
    (here / ".tmp-0123456789abcdef").touch()
    (here / "link").symlink_to(here)
    assert send(Changes(here), there) == []


@pytest.mark.parametrize("name", ["../out", "/etc/out", "a/../../out", ""])
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path, name):
    with pytest.raises(RunError, match="lies in its folder"):
        Arrivals(tmp_path / "in").take(Piece(name, b"x"))
    assert not (tmp_path / "out").exists()
