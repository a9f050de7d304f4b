"""Checksums that are remembered by size and times."""

import hashlib
import os

import pytest

from paribus.cache import checksums as room
from paribus.cache.checksums import checksum, checksums


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("PARIBUS_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def read(monkeypatch) -> list[str]:
    """The names of the files that were really read."""
    found: list[str] = []
    real = room._checksum
    monkeypatch.setattr(room, "_checksum", lambda path, algorithm: found.append(path.name) or real(path, algorithm))
    return found


def old(path, content: bytes, when: float = 1e9) -> None:
    path.write_bytes(content)
    os.utime(path, (when, when))


def test_what_has_not_changed_is_read_once(tmp_path, read, monkeypatch):
    monkeypatch.setattr(room, "SETTLED_SECONDS", -1.0)  # the time of change, which nobody can set, is now
    old(tmp_path / "a", b"one")
    old(tmp_path / "b", b"two")
    first = checksums(tmp_path, ["a", "b"])
    assert first["a"] == hashlib.blake2b(b"one", digest_size=16).hexdigest()
    assert (checksums(tmp_path, ["a", "b"]), read) == (first, ["a", "b"])
    old(tmp_path / "b", b"owt")  # of the same size, and with the same time
    assert checksums(tmp_path, ["a", "b"])["b"] != first["b"]
    assert read == ["a", "b", "b"]


def test_a_file_that_was_just_written_is_not_trusted(tmp_path, read):
    (tmp_path / "a").write_bytes(b"one")
    assert checksum(tmp_path / "a") == checksum(tmp_path / "a")
    assert read == ["a", "a"]


@pytest.mark.parametrize("damage", [b"", b"[1, 2]", b'{"a": 3}', b"\xff"])
def test_R3_a_damaged_book_is_written_anew(tmp_path, damage, monkeypatch):
    monkeypatch.setattr(room, "SETTLED_SECONDS", -1.0)
    (tmp_path / "a").write_bytes(b"one")
    before = checksum(tmp_path / "a")
    (book,) = (tmp_path / "cache" / "checksums").iterdir()
    book.write_bytes(damage)
    assert checksum(tmp_path / "a") == before


def test_a_file_that_cannot_be_read_has_its_reason(tmp_path):
    assert checksum(tmp_path / "nowhere") == "cannot be read: No such file or directory"
