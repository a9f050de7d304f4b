"""Chaos finds nothing where all is well, and finds what is planted."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from paribus import files
from paribus.errors import RunError
from paribus.records.run import RunFolder
from paribus.testing.chaos import scenarios
from paribus.testing.chaos.disturbances import CASES, Round
from paribus.testing.chaos.rounds import Report, judge, play, table
from paribus.testing.chaos.watching import Trap
from paribus.training import checkpoints, resume
from paribus.training.session import Session

CHECKPOINT = "rename runs/digits-mlp/*/seed-#/checkpoints/step-#.json"


@pytest.mark.parametrize("case", CASES)
def test_R1_R2_R3_R6_R12_nothing_is_lost_in_a_round_of_each_case(shop, case):
    report = play(shop, 7, case, ["run"])
    assert not report.loss, report


@pytest.mark.parametrize(("scenario", "case"), [("pictures", "series"), ("twin", "kill")])
@pytest.mark.slow
def test_R1_nothing_is_lost_in_other_commands(shop, scenario, case):
    report = play(shop, 11, case, [scenario])
    assert not report.loss, report


def interrupted(shop) -> Round:
    """A training that was stopped in its middle, before the same command is judged."""
    one = Round(shop, "run", random.Random(0))
    one.lay_out("interrupted")
    return one


def killed(shop, label: str = CHECKPOINT) -> Round:
    """A training that was killed in its middle."""
    one = Round(shop, "run", random.Random(0))
    one.lay_out("fresh")
    one.run(trap=Trap(label, 4, signal.SIGKILL, "self"))
    return one


def found(one: Round) -> str:
    return judge(one)[1]


def test_without_a_defect_none_is_found(shop):
    assert judge(interrupted(shop))[:2] == ((), "")
    assert judge(killed(shop))[:2] == ((), "")


def test_a_resume_that_forgets_the_optimizer_is_found(shop, monkeypatch):
    one = interrupted(shop)
    original = Session.load
    monkeypatch.setattr(Session, "load", lambda self, state: original(self, {**state, "optimizers": fresh(self)}))
    assert "weights is" in found(one)


def fresh(session: Session):
    return {stage: optimizer.state_dict() for stage, optimizer in session.optimizers.items()}


def test_rows_that_vanish_are_found(shop, monkeypatch):
    one = interrupted(shop)
    monkeypatch.setattr(RunFolder, "append_metrics", lambda self, row: None if row["epoch"] == 3 else add(self, row))
    monkeypatch.setattr(RunFolder, "restore_metrics", lambda self, rows: "")
    assert "rows is" in found(one)


def add(folder: RunFolder, row) -> None:
    files.append_line(folder.path / "metrics.jsonl", row)


def test_a_result_that_is_another_is_found(shop, monkeypatch):
    one = interrupted(shop)
    original = RunFolder.write_result
    monkeypatch.setattr(
        RunFolder, "write_result", lambda self, result: original(self, replace(result, steps=result.steps + 1))
    )
    assert "result is" in found(one)


def test_half_written_files_that_stay_are_found(shop, monkeypatch):
    monkeypatch.setattr(files, "remove_leftovers", lambda folder: None)
    assert "left behind" in found(killed(shop))


def test_writes_that_are_not_atomic_are_found(shop, monkeypatch):
    """Half a checkpoint whose checksum is believed."""

    def torn(folder, step, tree):
        path = folder / f"step-{step:08d}.safetensors"
        folder.mkdir(parents=True, exist_ok=True)
        content = checkpoints.pack(tree)
        path.with_suffix(".json").write_text(json.dumps({"step": step}))
        path.write_bytes(content)

    monkeypatch.setattr(checkpoints, "save", torn)
    monkeypatch.setattr(checkpoints, "load", checkpoints.read)
    monkeypatch.setattr(checkpoints, "newest", lambda folder: (newest(folder), []))
    one = Round(shop, "run", random.Random(0))
    one.lay_out("fresh")
    one.run(trap=Trap("write runs/digits-mlp/*/seed-#/checkpoints/step-#.safetensors", 3, signal.SIGKILL, "self"))
    assert found(one)


def newest(folder):
    return checkpoints.read(max(folder.glob("step-*.json")).with_suffix(".safetensors"))


def test_a_traceback_is_found(shop, monkeypatch):
    one = interrupted(shop)
    monkeypatch.setattr(resume.checkpoints, "newest", lambda folder: {}["nothing"])
    assert "a traceback: KeyError" in found(one)


def test_a_command_that_hangs_is_found(shop, monkeypatch):
    one = interrupted(shop)
    monkeypatch.setattr("paribus.testing.chaos.scenarios.LIMIT", 2.0)
    monkeypatch.setattr(Session, "load", lambda self, state: time.sleep(60))
    assert found(one) == "it hung"


@pytest.mark.parametrize(
    ("hint", "says"), [("", "names no way on"), ("run the same command again to go on", "lead nowhere")]
)
def test_messages_that_do_not_help_are_found(shop, monkeypatch, hint, says):
    def refuse(self, state):
        raise RunError("this cannot be", hint=hint)

    one = interrupted(shop)
    monkeypatch.setattr(Session, "load", refuse)
    assert says in found(one)


def test_success_that_is_none_is_found(shop, monkeypatch):
    """A disturbed command that says all is well must have done all."""
    one = Round(shop, "run", random.Random(0))
    one.lay_out("fresh")
    with monkeypatch.context() as patch:
        patch.setattr(RunFolder, "append_metrics", lambda self, row: add(self, {**row, "train/loss": 0.0}))
        patch.setattr(RunFolder, "restore_metrics", lambda self, rows: "")
        one.run()
    assert "said that all is well" in found(one)


def test_what_lies_elsewhere_and_is_deleted_is_found(shop, monkeypatch):
    one = interrupted(shop)
    (shop.place / "outside").mkdir()
    (shop.place / "outside" / "precious").touch()
    original = checkpoints.clear

    def clear(folder):
        original(folder)
        (shop.place / "outside" / "precious").unlink(missing_ok=True)

    monkeypatch.setattr(checkpoints, "clear", clear)
    assert "outside/precious was deleted" in found(one)


def test_a_trap_hits_where_it_is_set(shop):
    one = killed(shop)
    [end] = one.disturbed
    assert (end.code, end.phase) == (-signal.SIGKILL, CHECKPOINT)
    steps = [path.stem for path in one.place.rglob("step-*.safetensors")]
    assert max(steps) == "step-00000004"  # the fourth checkpoint has its content, and no checksum yet
    assert max(path.stem for path in one.place.rglob("step-*.json")) == "step-00000003"


@pytest.mark.slow
def test_chaos_runs_as_a_command_and_repeats_itself(shop, tmp_path):
    words = ["--scenario", "run", "--seed", "3", "--only", "damage", "--rounds", "1", "--jobs", "1"]
    done = subprocess.run(
        [sys.executable, "-m", "paribus.testing.chaos", *words],
        capture_output=True,
        text=True,
        timeout=300,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    report = play(shop, 3, "damage", ["run"])
    assert str(report) in done.stdout, done.stderr
    assert done.returncode == bool(report.loss)
    assert done.stdout.startswith("seed 3")
    assert list(tmp_path.iterdir()) == []


def test_the_table_counts_and_the_report_says_how_to_repeat():
    well = Report(1, "kill", "run", "training", "SIGKILL")
    asked = replace(well, ways=("delete",))
    lost = replace(well, case="disk", number=9, scenario="in process", loss="a row")
    assert [report.verdict for report in (well, asked, lost)] == [
        "same",
        "same, after its message: delete",
        "LOST: a row",
    ]
    assert [line.split() for line in table([well, asked, lost])][1:] == [
        ["kill", "2", "1", "1", "0"],
        ["disk", "1", "0", "0", "1"],
        ["all", "3", "1", "1", "1"],
    ]
    assert lost.command == ("python -m paribus.testing.chaos --rounds 1 --seed 9 --only disk --scenario 'in process'")
    assert scenarios.SCENARIOS.keys() >= scenarios.OFTEN.keys() | scenarios.READ_ONLY
