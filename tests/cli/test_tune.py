"""``paribus tune``: what it prints, writes and refuses."""

import json
from pathlib import Path

from tests.small import QUICK

CHANGES = [f"{name}={json.dumps(value)}" for name, value in QUICK.items()]
TUNE = ["tune", "digits/mlp", *CHANGES, "--search", "lr=1e-3..1", "--jobs", "1", "--device", "cpu"]


def test_a_search_is_run_reported_and_read_again(paribus):
    said = paribus(*TUNE, "--trials", "3", "--confirm", "2", "--name", "s")
    assert said.code == 0
    assert "in the search (the best of 3 on seed 0: it flatters)" in said.out
    assert "the winner − the recipe: " in said.out
    assert "the winner, confirmed" in said.out
    assert said.out.rstrip().endswith("report: runs/s/report.html")
    page = Path("runs/s/report.html").read_text()
    assert "All fields at once" in page
    assert "<script" not in page
    assert paribus("report", "s").out == said.out
    found = json.loads(paribus("report", "s", "--json").out)
    assert (found["kind"], found["metric"], found["sampler"]) == ("Search", "val/accuracy", "tpe")
    assert len(next(rows for name, rows in found["tables"].items() if "trials" in name)) == 3
    assert paribus("report", "s", "--csv", "x.csv").code == 0
    assert paribus("report", "last").code == 0


def test_S14_a_dry_run_prints_the_brackets_and_trains_nothing(paribus):
    words = [word for word in TUNE if not word.startswith("budget.epochs")]
    said = paribus(*words, "budget.epochs=81", "--stop", "hyperband", "--sampler", "random", "--dry-run")
    rows = [line.split() for line in said.out.splitlines()]
    assert ["0", "81", "1", "27", "3", "9", "9", "6", "27", "5", "81"] in rows
    assert ["1", "27", "3", "9", "9", "3", "27", "2", "81"] in rows
    assert "128 trials into" in said.out
    assert "logarithmic" in said.out
    assert not Path("runs").exists()


def test_who_looks_for_it_under_another_name_is_told(paribus):
    for name in ("search", "sweep"):
        said = " ".join(paribus(name, "digits/mlp").err.replace("│", "").split())
        assert "paribus tune RECIPE --search FIELD=LOW..HIGH" in said


def test_mistakes_are_one_clear_error(paribus):
    for words, expected in (
        (["--search", "lr=1..1e-3"], "is empty"),
        (["--search", "lr=0..1:log"], "is positive"),
        (["--search", "lrr=1..2"], "did you mean optimizer.lr"),
        (["--search", "lr"], "FIELD=VALUE"),
        ([], "--search FIELD=LOW..HIGH"),
        (["--search", "lr=1e-3..1", "--search", "lr=1..2"], "searched twice"),
    ):
        said = paribus("tune", "digits/mlp", *words)
        assert said.code == 2
        assert expected in said.err
    assert "written without dashes" in paribus("tune", "digits/mlp", "--lr", "0.1", "--search", "lr=1e-3..1").err
