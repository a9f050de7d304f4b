"""``paribus compare``: two runs, and the arms of a study."""

from __future__ import annotations

import json
from pathlib import Path

QUICK = ("model.widths=[8]", "budget.epochs=1", "split.limit=200", "chance.split=0")


def test_two_runs_and_a_study(paribus):
    for seed in ("0", "1"):
        assert paribus("run", "digits/mlp", *QUICK, "--seed", seed, "--threads", "1").code == 0
    runs = sorted(map(str, Path("runs").glob("*/*/seed-*")))
    said = paribus("compare", *runs)
    assert said.code == 0, said.err
    for text in ("accuracy: second − first", "right → wrong", "Error consistency", "most alike of the second"):
        assert text in said.out
    found = json.loads(paribus("compare", *runs, "--json", "--probe", "20", "--most", "50").out)
    assert (found["examples"], found["layers"]["examples"]) == (50, 20)
    assert paribus("compare", *runs, "--html", "c.html", "--most", "50").out == "page in c.html\n"
    assert "<svg" in Path("c.html").read_text()
    assert "--overwrite" in paribus("compare", *runs, "--html", "c.html", "--most", "50").err
    varied = ("--vary", "optimizer.lr=0.1,0.01", "--seeds", "2", "--jobs", "1")
    assert paribus("study", "digits/mlp", *QUICK, *varied).code == 0
    said = paribus("compare", "digits-mlp--optimizer.lr")
    assert said.code == 0
    assert "Do examples flip between arms more than between seeds?" in said.out
    assert "lr=0.01 against lr=0.1" in said.out


def test_mistakes_are_one_message(paribus):
    assert paribus("run", "digits/mlp", *QUICK, "--threads", "1").code == 0
    for words, message in [
        (("last",), "one run has nothing to be compared with"),
        (("last", "nothing"), "nothing"),
        (("last", "last", "--arm", "x"), "two runs have no arms"),
    ]:
        said = paribus("compare", *words)
        assert said.code
        assert message in said.err
        assert "Traceback" not in said.err
