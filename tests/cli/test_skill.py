"""``paribus skill``, ``diagnose``, ``sample`` and ``predict`` on series and texts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from paribus.cli.app import app
from paribus.errors import ParibusError

SERIES = ["data.steps=600", "model.use=linear", "budget.epochs=2"]
STUDY = [
    "study",
    "seasons/lstm",
    "data.steps=400",
    "budget.epochs=1",
    "--vary",
    "model.use=lstm,linear",
    "--seeds",
    "2",
    "--jobs",
    "1",
]


def said(*words: str) -> str:
    found = CliRunner().invoke(app, list(words), catch_exceptions=False)
    assert found.exit_code == 0, found.output
    return found.output


def test_skill_of_a_run_and_of_its_test(here):
    said("run", "seasons/lstm", *SERIES, "--threads", "1")
    shown = said("skill", "last")
    assert "skill against seasonal" in shown
    assert "skill against naive" in shown
    assert "val split" in shown
    assert not list(here.rglob("test.json"))
    assert "test split" in said("skill", "last", "--split", "test")
    assert len(list(here.rglob("test.json"))) == 1


@pytest.mark.slow
def test_skill_of_a_study(here):
    said(*STUDY)
    shown = said("skill", "seasons")
    assert shown.count("seed-0") == shown.count("seed-1") == 2


def test_skill_needs_a_finished_run(here):
    with pytest.raises(ParibusError):
        said("skill", "nothing")


def test_a_sick_run_is_diagnosed(here):
    said("run", "seasons/lstm", "data.steps=600", "data.scale=none", "budget.epochs=1", "--threads", "1")
    assert "treatment: data.scale=standard" in said("diagnose", "last")
    (finding,) = json.loads(said("diagnose", "last", "--json"))["findings"]
    assert finding["treatment"] == {"data.scale": "standard"}


def test_text_from_the_command_line(here):
    said("run", "markov/rnn", "data.tokens=3000", "budget.epochs=1", "--threads", "1")
    drawn = said("sample", "last", "--count", "2", "--set", "length=9", "--set", "prompt=ab", "--set", "top_k=2")
    assert [len(line) for line in drawn.strip().split("\n")] == [11, 40, 11]
    Path("other.txt").write_text("abcabcabc")
    shown = said("predict", "last", "other.txt")
    assert "perplexity" in shown
    with pytest.raises(ParibusError, match="there is no temperatur"):
        said("sample", "last", "--set", "temperatur=2")
