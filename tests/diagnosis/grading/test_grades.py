"""Answers of a doctor that is told what to say are counted as they should be; and the whole command."""

import json
from types import SimpleNamespace

import pytest

from paribus.diagnosis.finding import Diagnosis, Finding
from paribus.diagnosis.grading import cases, grades, parts, treatments, work
from paribus.diagnosis.grading.__main__ import main
from paribus.diagnosis.grading.grades import REFUSED, Answer, Planted, Sound
from paribus.diagnosis.grading.harm import Harm
from paribus.diagnosis.grading.table import Grading, confidence, markdown
from paribus.diagnosis.grading.treatments import Tried
from paribus.progress import silent

BAD, FINE = Harm(0.5, 3.0, 0.001, 10), Harm(0.0, 0.0, 0.8, 10)


@pytest.fixture(autouse=True)
def own_parts():
    parts.plug_in()


def cell(name, faults, harm=BAD, warnings=(), strict=False, right=False, problem=""):
    place = (name, "c1", "grave")
    answers = (Answer(place, 0, faults, warnings, 0.4, problem), Answer(place, 1, faults, warnings, 0.5, problem))
    return Planted(place, harm, 0.9, answers, (strict,) * 2, (right,) * 2)


GRADING = Grading(
    "grading",
    [
        cell("lr-high", ("lr-too-high",), strict=True, right=True),
        cell("lr-low", ("too-few-epochs", "chance-level"), right=True),
        cell("noisy", (), warnings=("overfitting",)),
        cell("summed", (), FINE),
        cell("batch-tiny", (), problem=REFUSED),
    ],
    [
        Sound(("warm-up", "c1", ""), (Answer(("warm-up", "c1", ""), 0, ("lr-too-low",), (), 0.9),), 0.0),
        Sound(("tanh", "c1", ""), (Answer(("tanh", "c1", ""), 0, (), (), 0.9),), 0.01),
        Sound(("restarts", "c1", ""), (Answer(("restarts", "c1", ""), 0, ("lr-too-low",), (), 0.5),), 0.4),
    ],
    "a machine",
    [Tried(("lr-high", "c1", "grave"), "lr-too-high", "optimizer.lr", "confirmed", "model.norm", "undecided")],
)


def rows(text, begin):
    return [[entry.strip() for entry in line.strip("|").split("|")] for line in text.splitlines() if begin in line]


def test_figures_count_cells_that_do_harm_and_kinds_that_are_sound():
    text = markdown(GRADING)
    assert rows(text, "harmful: detected |")[0][1:] == ["0.667", "0.208 … 0.939", "3 cells"]
    assert rows(text, "harmful: detected or warned")[0][1] == "1.000"
    assert rows(text, "harmful: cause right, strictly")[0][1] == "0.333"
    assert rows(text, "harmful: cause right, or an equivalent")[0][1] == "0.667"
    assert rows(text, "planted, harmless: detected |")[0][1] == "0.000"
    assert rows(text, "sound: flagged |")[0][1:] == ["0.500", "0.095 … 0.905", "2 trainings of 2 kinds"]
    assert rows(text, "treatment confirmed")[0][1] == "1.000"
    became = rows(text, "| lr-high | c1")[0][3:]
    assert became == ["lr-too-high", "optimizer.lr", "confirmed", "model.norm", "undecided"]
    assert "2 planted trainings were refused" in text


def test_confusion_misses_and_alarms_are_all_shown():
    text = markdown(GRADING)
    assert rows(text, "| `lr-low` | too-few")[0] == ["`lr-low`", "too-few-epochs", "equivalent", "2"]
    assert rows(text, "| noisy | c1")[0] == [
        *("noisy", "c1", "grave", "0.45", "0.9", "3.0", "0.00", "0.00"),
        "overfitting (warning)",
    ]
    assert not rows(text.partition("What became of treatments:")[0], "| lr-high | c1")
    assert rows(text, "| warm-up | c1")[0] == ["warm-up", "c1", "1", "1", "lr-too-low"]
    assert "restarts in c1 (40 %)" in text


def test_confidence_is_of_what_is_known():
    assert confidence(GRADING) == {
        "lr-too-high": {"named": 2, "right": 2},
        "lr-too-low": {"named": 1, "right": 0},
        "too-few-epochs": {"named": 2, "right": 2},
    }


def test_a_doctor_that_breaks_has_said_nothing(monkeypatch, tmp_path):
    case = cases.pairs("grading", 1, (2,), ["lr-high/c1"])[0].planted
    monkeypatch.setattr(grades, "settled", lambda folder: True)
    monkeypatch.setattr(grades, "figure", lambda case, runs: 0.5)
    monkeypatch.setattr(
        cases.Case, "folder", lambda self, runs: SimpleNamespace(status=SimpleNamespace(state="finished"))
    )
    monkeypatch.setattr(grades, "diagnose", lambda folder: 1 / 0)
    assert "ZeroDivisionError" in grades.answer(case, tmp_path).problem
    found = Diagnosis((Finding("chance-level", "", {}, severity="warning"), Finding("lr-too-high", "", {})))
    monkeypatch.setattr(grades, "diagnose", lambda folder: found)
    said = grades.answer(case, tmp_path)
    assert (said.faults, said.warnings, said.named) == (("lr-too-high",), ("chance-level",), "lr-too-high")


def test_trainings_are_each_made_once_and_sound_ones_stand_in_between():
    pairs = cases.pairs("grading", 1, (2,), ["c1"])
    sound = cases.sound("grading", 1, ["c1"])
    turn = work.in_turn(pairs, sound)
    keys = [(case.recipe.identity, case.seed) for case in turn]
    assert len(keys) == len(set(keys))
    assert set(keys) == {(case.recipe.identity, case.seed) for pair in pairs for case in (pair.planted, pair.twin)} | {
        (case.recipe.identity, case.seed) for case in sound
    }
    assert "healthy" in [case.role for case in turn[: len(turn) // 2]]


def test_a_random_change_is_one_that_changes_something():
    recipe = cases.pairs("grading", 1, (2,), ["lr-high/c1"])[0].planted.recipe
    fields = {treatments.drawn(recipe, draw)[0] for draw in range(40)}
    assert len(fields) >= 6
    for draw in range(5):
        assert recipe.override(dict([treatments.drawn(recipe, draw)])).identity != recipe.identity
    assert treatments.drawn(recipe, 3) == treatments.drawn(recipe, 3)


@pytest.mark.slow
def test_a_treatment_is_studied_beside_one_that_was_drawn(tmp_path, monkeypatch):
    monkeypatch.setattr(treatments, "SEEDS", 2)
    found = Finding("lr-too-low", "", {}, {"optimizer.lr": 0.001})
    monkeypatch.setattr(treatments, "diagnose", lambda folder: Diagnosis((found,)))
    pairs = cases.pairs("grading", 1, (2,), ["lr-low/c1"])
    work.train([pairs[0].planted], tmp_path, jobs=1, seconds=60, progress=silent)
    harmful = [cell("lr-low", ("lr-too-low",)), cell("noisy", ())]
    tried = treatments.tried(pairs, harmful, tmp_path, most=3, jobs=1, seconds=60, progress=silent)
    assert [one.cell for one in tried] == [("lr-low", "c1", "grave")]
    assert tried[0].field == "optimizer.lr"
    assert (
        len(list(tmp_path.glob("treated/*/*/*/result.json")))
        == len(list(tmp_path.glob("drawn/*/*/*/result.json")))
        == 4
    )
    assert not treatments.tried(pairs, harmful, tmp_path, most=3, jobs=1, seconds=-1, progress=silent)


def test_no_time_means_no_training(tmp_path):
    pairs = cases.pairs("grading", 1, (2,), ["lr-high/c1"])
    assert work.train(work.in_turn(pairs, []), tmp_path, jobs=1, seconds=-1, progress=silent) == 0
    assert not grades.planted(pairs, tmp_path)


@pytest.mark.slow
def test_a_grading_is_resumed_and_written(tmp_path, capsys):
    words = ["--only", "lr-high/c1", "--severity", "grave", "--seeds", "2", "--sound", "0", "--runs", str(tmp_path)]
    files = ["--markdown", str(tmp_path / "table.md"), "--confidence", str(tmp_path / "grades.json")]
    assert main([*words, *files, "--minutes", "5"]) == 0
    found = capsys.readouterr().out
    assert "2 planted trainings in 1 cells" in found
    assert (tmp_path / "table.md").read_text() == found.removesuffix("\n")
    assert isinstance(json.loads((tmp_path / "grades.json").read_text()), dict)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.glob("grading/**/result.json")}
    assert len(before) >= 2
    assert main([*words, "--minutes", "0"]) == 0
    assert capsys.readouterr().out == found
    assert {path: path.stat().st_mtime_ns for path in tmp_path.glob("grading/**/result.json")} == before


def test_what_there_is_not_is_said(capsys):
    assert main(["--only", "lr-hihg", "--minutes", "0"]) == 2
    assert "lr-high" in capsys.readouterr().err
