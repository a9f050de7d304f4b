"""Decoded data on the disk are what was written."""

import json
import os
import time
from pathlib import Path

import pytest

from paribus.data.prepare import cache, verify

from .test_cache import Squares, folders


def flip(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("name", "place"),
    [("inputs.npy", -1), ("inputs.npy", 10), ("targets.npy", 3), ("names.json", 3), ("meta.json", 40)],
)
def test_R3_a_flipped_byte_is_noticed_said_and_decoded_again(tmp_path, cache_folder, caplog, name, place):
    log = tmp_path / "log"
    before = cache.load(Squares(log=str(log)))
    pixels = before.inputs.clone()  # the others are mapped, and will be flipped too
    (folder,) = folders(cache_folder)
    flip(folder / name, place)
    after = cache.load(Squares(log=str(log)))
    assert log.read_text() == "decoded\n" * 2
    assert (after.inputs.equal(pixels), after.names, after.classes) == (True, before.names, before.classes)
    assert [record.message for record in caplog.records] == [
        f"the decoded data in the cache are damaged ({name} in {folder}): they are not used"
    ]
    caplog.clear()
    cache.load(Squares())
    assert caplog.text == ""


@pytest.mark.parametrize("content", ["[]", '"text"', '{"format": 5}', '{"format": 5, "files": 3}'])
def test_R3_any_meta_is_survived(cache_folder, content):
    cache.load(Squares())
    (folder,) = folders(cache_folder)
    (folder / "meta.json").write_text(content)
    assert len(cache.load(Squares())) == 6


def test_a_flip_without_a_trace_is_found_within_a_day(tmp_path):
    path = tmp_path / "values.npy"
    path.write_bytes(os.urandom(3 * verify.BLOCK_BYTES))
    blocks = {"values.npy": verify.blocks_of(path)}
    assert verify.damaged(tmp_path, blocks) == []
    flip(path, verify.BLOCK_BYTES + 5)
    verify.stamp(tmp_path, blocks)  # as if the disk had lost it, without another time
    found = verify.damaged(tmp_path, blocks, whole=True)
    yesterday = time.time() - verify.DAY_SECONDS - 1
    os.utime(tmp_path / verify.STAMP, (yesterday, yesterday))
    assert verify.damaged(tmp_path, blocks) == found == ["values.npy"]


def test_all_are_checked_on_request(cache_folder):
    cache.load(Squares())
    cache.load(Squares(4))
    broken = cache_folder / "datasets" / cache.identity(Squares(4))
    flip(broken / "inputs.npy", -1)
    assert sorted(cache.check()) == [("Squares", []), ("Squares", ["inputs.npy"])]
    assert (broken.exists(), len(folders(cache_folder))) == (False, 1)


def test_large_sets_are_sampled_between(tmp_path, monkeypatch):
    path = tmp_path / "values.npy"
    monkeypatch.setattr(verify, "BLOCK_BYTES", 1000)
    path.write_bytes(os.urandom(100_000))
    blocks = {"values.npy": verify.blocks_of(path)}
    verify.stamp(tmp_path, blocks)
    read = []
    monkeypatch.setattr(verify, "_hash", lambda content: read.append(len(content)) or "")
    verify.damaged(tmp_path, {"values.npy": [""] * 100})
    assert 1 <= len(read) <= 3
    assert json.loads((tmp_path / verify.STAMP).read_text()).keys() == {"values.npy"}
