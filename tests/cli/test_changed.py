"""``--data-changed``, ``--device`` and ``paribus data --verify`` as people type them."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.pictures import CHANGES, picture, pictures

from paribus.cache import paths
from paribus.data.prepare import cache

WORDS = [f"{field}={value}" for field, value in CHANGES.items()]


@pytest.fixture(autouse=True)
def own_cache(here, monkeypatch):
    monkeypatch.setenv("PARIBUS_CACHE", str(here / "cache"))
    monkeypatch.setattr(paths, "fallback", lambda: here / "fallback")


def test_a_study_says_what_changed_and_begins_anew_on_request(here, paribus):
    pics = pictures(here / "pics", {"cat": 8, "dog": 8})
    words = ["study", "folder/cnn", *WORDS, "--seeds", "1", "--jobs", "1", "--name", "mine"]
    assert paribus(*words).code == 0
    pictures(pics, {"x": 12})
    refused = paribus(*words)
    assert (refused.code, "12 pictures added; class 'x' is new" in refused.err) == (2, True)
    assert "--data-changed restart" in refused.err
    again = paribus(*words, "--data-changed", "restart")
    assert (again.code, Path("runs/mine--before-1/study.json").exists()) == (0, True)
    assert paribus(*words).code == 0


def test_a_run_of_other_pictures_is_never_finished_before(here, paribus):
    pics = pictures(here / "pics", {"cat": 8, "dog": 8})
    assert "finished before" not in paribus("run", "folder/cnn", *WORDS).out
    assert "finished before" in paribus("run", "folder/cnn", *WORDS).out
    picture(pics / "cat" / "0.png", 200)
    assert "finished before" not in paribus("run", "folder/cnn", *WORDS).out


def test_there_are_two_ways_on(paribus):
    assert "is refuse or restart" in paribus("run", "digits/mlp", "--data-changed", "maybe").err


def test_decoded_data_are_verified_on_request(here, paribus):
    pictures(here / "pics", {"cat": 8, "dog": 8})
    paribus("run", "folder/cnn", *WORDS)
    said = paribus("data", "--verify")
    assert (said.code, "1 of 1 decoded data set as written" in said.out) == (0, True)
    (stored,) = (here / "cache" / "datasets").glob("*/inputs.npy")
    stored.write_bytes(stored.read_bytes()[:-1] + b"?")
    said = paribus("data", "--verify")
    assert (said.code, "Folder: damaged (inputs.npy)" in said.out) == (1, True)
    assert cache.size()["datasets"] == 0
