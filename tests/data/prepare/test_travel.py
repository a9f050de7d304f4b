"""Decoded data reach a cache that has neither them nor their originals."""

from __future__ import annotations

import shutil

import pytest
import torch

from paribus.data.prepare import cache, travel
from paribus.records.parts import Part, build

CSV = "length,width,kind\n" + "".join(f"{i / 7},{i % 5},{'ab'[i % 2]}\n" for i in range(40))


@pytest.fixture
def part(tmp_path):
    (tmp_path / "table.csv").write_text(CSV)
    return Part("table", path=str(tmp_path / "table.csv"), target="kind")


def test_data_arrive_whole_and_are_found_without_their_originals(part, tmp_path, monkeypatch):
    before = cache.load(build("data", part))
    entry = travel.entry_of(part)
    assert travel.is_here(entry.name)
    monkeypatch.setenv("PARIBUS_CACHE", str(tmp_path / "another"))
    assert not travel.is_here(entry.name)
    (tmp_path / "table.csv").unlink()
    filled = []

    def fill(folder):
        filled.append(folder)
        for file in entry.files:
            shutil.copy(file, folder)

    for _ in range(2):  # the second process finds it there
        travel.receive(entry.name, entry.places, fill)
    assert len(filled) == 1
    after = cache.load(build("data", part))
    assert torch.equal(after.inputs, before.inputs)
    assert torch.equal(after.targets, before.targets)
    assert after.record == before.record


def test_data_that_cannot_be_read_are_nothing_to_send(part, tmp_path):
    (tmp_path / "table.csv").write_text("no table at all")
    assert travel.entry_of(part) is None
