"""Studies of commands, as people type them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

import paribus as pb
from paribus.cli.words import as_written

PYTHON = f"{sys.executable} -I -S"
LINE = f"{PYTHON} train.py {{lr}} {{seed}} {{folder}}"
SCRIPT = """
import pathlib, random, sys
lr, seed, out = float(sys.argv[1]), int(sys.argv[2]), pathlib.Path(sys.argv[3])
value = 0.8 + lr + random.Random(f"{lr} {seed}").gauss(0, 0.01)
(out / "metrics.csv").write_text(f"epoch,val_acc,score\\n0,{value - 0.1},3\\n1,{value},4")
print("val_acc", value)
"""


@pytest.fixture
def script(here):
    Path("train.py").write_text(SCRIPT)


def study(paribus, *words, line=LINE, metric="best:val_acc@metrics.csv"):
    return paribus("study", "--command", line, "--metric", metric, "--seeds", "3", "--jobs", "1", *words)


@pytest.mark.usefixtures("script")
def test_S24_a_command_of_ones_own_is_compared(paribus):
    said = study(paribus, "--vary", "lr=0.0,0.1", "--json")
    assert said.code == 0, said.err
    found = json.loads(said.out)
    assert found["data"]["metric"] == "val_acc" if "data" in found else "val_acc" in said.out
    assert "better" in said.out
    again = study(paribus, "--vary", "lr=0.0,0.1")
    assert "Does it matter for train: lr (0, 0.1)?" in again.out
    report = Path("runs/train--lr/report.html").read_text()
    assert "best:val_acc@metrics.csv" in report
    assert "only the command knows" in report
    assert "val_acc" in paribus("show", "runs/train--lr/lr=0.1/seed-0").out
    assert "train--lr" in paribus("list", "studies").out


@pytest.mark.usefixtures("script")
def test_python_and_the_command_line_are_one_study(paribus):
    assert study(paribus, "--vary", "lr=0.0,0.1", "--name", "one").code == 0
    command = pb.Command(LINE, metric="best:val_acc@metrics.csv")
    planned = pb.Study(command, vary={"lr": [0.0, 0.1]}, seeds=3, name="one")
    told = []
    result = planned.run(jobs=1, listen=lambda event: told.append(event.kind))
    assert told == ["known"] * 6
    assert result.complete


@pytest.mark.usefixtures("script")
def test_values_are_fixed_for_all_arms_beside_those_that_vary(paribus):
    line = LINE.replace("{lr}", "{lr}{digit}")
    said = study(paribus, "digit=0", "--vary", "lr=0.01,0.1", line=line)
    assert said.code == 0, said.err
    assert "in all arms: digit" in Path("runs/train--lr/report.md").read_text()


@pytest.mark.usefixtures("script")
def test_a_dry_run_writes_nothing(paribus):
    said = study(paribus, "--vary", "lr=0.0,0.1", "--dry-run")
    assert "2 arms × 3 seeds = 6 runs" in said.out
    assert not Path("runs").exists()


@pytest.mark.usefixtures("script")
@pytest.mark.parametrize(
    ("words", "rule"),
    [
        (["study"], "needs a recipe, or --command"),
        (["study", "--command", LINE, "--vary", "lr=1,2"], "needs --metric"),
        (["study", "--command", LINE, "--metric", "val_acc", "--vary", "lr=1,2"], "where it stands"),
        (["study", "--command", LINE, "--metric", "score@metrics.jsonx", "--vary", "lr=1,2"], "CSV, TSV, JSON"),
        (["study", "--command", LINE, "--metric", "wug@metrics.csv", "--vary", "lr=1,2"], "--higher-is-better"),
        (["study", "--command", LINE, "--metric", "acc@m.csv", "--vary", "lrr=1,2"], "that nothing sets"),
        (["study", "--command", "nope {seed}", "--metric", "acc@stdout"], "no such command"),
        (["study", "--command", LINE, "--metric", "acc@m.csv", "--vary", "lr=1,2", "--timeout", "soon"], "its unit"),
        (["study", "--command", LINE, "--metric", "acc@m.csv", "--vary", "lr=1,2", "--device", "cuda"], "{gpu}"),
        (["study", "--command", LINE, "--metric", "acc@m.csv", "--vary", "lr=1,2", "--noise"], "noise"),
        (["study", "--command", LINE, "--metric", "acc@m.csv", "--vary", "lr=1,2", "--claim", "like-these"], "overlap"),
        (["study", "--command", LINE, "--metric", "acc@m.csv", "digits/cnn"], "FIELD=VALUE"),
        (["study", "digits/mlp", "--timeout", "2h"], "for studies of a command"),
        (["study", "digits/mlp", "--lower-is-better"], "for studies of a command"),
        (["study", "digits/mlp", "--shell"], "for studies of a command"),
    ],
)
def test_what_does_not_fit_is_refused_before_the_first_run(paribus, words, rule):
    said = paribus(*words)
    assert said.code != 0
    assert rule in said.err
    assert not Path("runs").exists()


@pytest.mark.usefixtures("script")
def test_runs_that_fail_make_the_command_fail(paribus):
    said = study(paribus, "--vary", "lr=0.1,x", "--name", "half")
    assert said.code == 1
    assert "could not convert" in said.err
    assert "3 of 6 runs did not finish" in said.out


def test_values_of_commands_are_numbers_or_what_stands_there():
    given = ["0.1", "1e-3", "3", "True", "no", "null", "007", "1_000", "a b", "[1, 2]", "-5"]
    assert [*map(as_written, given)] == [0.1, 0.001, 3, "True", "no", "null", "007", "1_000", "a b", "[1, 2]", -5]
