"""``paribus evidence`` as people type it."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

ASKED = ["--arm", "optimizer", "--seed", "seed", "--metric", "accuracy"]
FIGURES = {"sgd": (91.2, 90.8, 91.9, 91.0), "adam": (92.9, 92.8, 93.4, 92.7)}


@pytest.fixture
def results(here) -> str:
    rows = [f"{arm},{seed},{value}\n" for arm, values in FIGURES.items() for seed, value in enumerate(values)]
    Path("results.csv").write_text("optimizer,seed,accuracy\n" + "".join(rows))
    return "results.csv"


def test_S23_a_table_is_answered_like_a_study(paribus, results):
    said = paribus("evidence", results, *ASKED)
    assert (said.code, said.err) == (0, "")
    assert "Does it matter for results: optimizer (sgd, adam)?" in said.out
    assert "optimizer: adam − sgd  +1.73 points" in said.out
    assert "accuracy: higher is better, as its name says; its values are per cent, 0 to 100." in said.out


def test_the_report_says_how_to_make_it_again(paribus, results):
    said = paribus("evidence", results, *ASKED, "--overlap", "0.25", "--out", "found")
    assert "report: found/report.html" in said.out.replace("\\", "/")
    text = Path("found/report.md").read_text()
    assert "paribus evidence results.csv --arm optimizer" in text
    assert "0.25, drawn anew by every seed" in text
    again = paribus("evidence", results, *ASKED, "--out", "found")
    assert again.code
    assert "--overwrite" in again.err
    assert not paribus("evidence", results, *ASKED, "--out", "found", "--overwrite").code


def test_numbers_come_as_json_and_csv(paribus, results):
    found = json.loads(paribus("evidence", results, *ASKED, "--json").out)
    assert (found["metric"], found["unit"], found["complete"]) == ("accuracy", "share", True)
    [effect] = found["tables"]["effects"]
    assert (effect["comparison"], effect["verdict"]) == ("optimizer: adam − sgd", "better")
    paribus("evidence", results, *ASKED, "--csv", "out.csv")
    assert Path("out-effects.csv").read_text().startswith("comparison,")


def test_an_unknown_direction_is_asked_for(paribus, results):
    Path(results).write_text(Path(results).read_text().replace("accuracy", "quux"))
    asked = [word.replace("accuracy", "quux") for word in ASKED]
    said = paribus("evidence", results, *asked)
    assert said.code == 2
    assert "say --lower-is-better or --higher-is-better" in said.err
    assert "worse" in paribus("evidence", results, *asked, "--lower-is-better").out


@pytest.mark.parametrize(
    ("words", "code", "rule"),
    [
        (["evidence", "none.csv", *ASKED], 1, "there is no such file"),
        (["evidence", ".", *ASKED], 1, "this folder holds no runs"),
        (["evidence", "results.csv", *ASKED, "--claim", "like-these"], 2, "nobody said that seeds draw"),
        (["evidence", "results.csv", *ASKED, "--claim", "everything"], 2, "claim"),
        (["evidence", "results.csv", *ASKED, "--overlap", "-1"], 2, "overlap"),
        (["evidence", "results.csv", *ASKED, "--delta", "3dB"], 2, "no such unit"),
    ],
)
def test_a_mistake_is_one_message(paribus, results, words, code, rule):
    said = paribus(*words)
    assert (said.code, said.out) == (code, "")
    assert rule in said.err
    assert "next:" in said.err or "received:" in said.err


def test_hostile_names_break_neither_terminal_nor_page(paribus, here):
    names = ["<script>alert(1)</script>", "=cmd()", "a\u202eb", "x" * 300]
    rng = random.Random(0)
    rows = [{"arm": name, "seed": seed, "loss": rng.random()} for name in names for seed in range(3)]
    Path("r.json").write_text(json.dumps(rows))
    said = paribus("evidence", "r.json", "--arm", "arm", "--metric", "loss", "--out", "page")
    assert said.code == 0
    assert "\u202e" not in said.out
    assert "<script>alert" not in Path("page/report.html").read_text()
