"""Records printed: nothing is lost, nothing is taken for markup, nothing is cut where the output is not a terminal."""

from __future__ import annotations

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests import made

from paribus.inference.held_out import HeldOut
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder
from paribus.reports import terminal
from paribus.tasks.prediction import Prediction

RESULTS = {
    name: getattr(made, name)
    for name in ("two_arms", "factorial", "many_arms", "hostile", "diverged", "failed", "noise")
}


@pytest.mark.parametrize("name", RESULTS)
def test_every_study_can_be_printed(name, capsys):
    result = RESULTS[name]()
    terminal.print_study(result, Path("runs/[b]x[/b]/report.html"))
    said = capsys.readouterr().out
    flat = "".join(said.split())
    assert "report: runs/[b]x[/b]/report.html" in said
    for text in (result.question, *(arm.name for arm in result.arms), *(effect.label for effect in result.effects)):
        assert "".join(text.split())[:20] in flat


def test_R27_hostile_texts_are_printed_as_they_are(capsys):
    terminal.print_predictions([Prediction("[red]x[/b].png", "[/]", {"[/]": 0.7, ":smile:": 0.3})])
    terminal.print_design(made.hostile().design, Path("[/x]"))
    said = capsys.readouterr().out
    assert [text for text in ("[red]x[/b].png", ":smile: 30.0%", "into [/x]", "alert('x')") if text not in said] == []


def test_predictions_name_the_three_most_probable(capsys):
    shares = {"a": 0.1, "b": 0.6, "c": 0.1, "d": 0.2}
    terminal.print_predictions([Prediction("x.png", "b", shares), Prediction("y.png", problem="not a picture")])
    good, bad = capsys.readouterr().out.splitlines()[1:]
    assert good.split() == ["x.png", "b", "b", "60.0%", "d", "20.0%", "a", "10.0%"]
    assert bad.split() == ["y.png", "not", "a", "picture"]
    terminal.print_predictions([Prediction("x.png", "b", shares)])
    assert "problem" not in capsys.readouterr().out


def test_R8_figures_that_are_no_numbers_are_dashes(folder, capsys):
    held = HeldOut({"test/loss": None, "test/accuracy": 0.5}, 1234, 0.0)
    terminal.print_tests([(folder, held)])
    assert capsys.readouterr().out.splitlines()[1].split() == ["a/b/seed-0", "–", "50.00", "%", "1,234"]


def test_the_test_of_a_study_shows_means_and_a_caution(here, capsys):
    arms = {"none": (0.9, 0.92), "batch": (0.95, None)}
    RunFolder("runs/study/none/seed-0").create(Recipe.load("digits/mlp"), 0)
    terminal.print_tests(
        [
            (RunFolder(f"runs/study/{arm}/seed-{seed}"), HeldOut({"test/accuracy": value}, 360, 0.0))
            for arm, values in arms.items()
            for seed, value in enumerate(values)
        ]
    )
    lines = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert ["none", "91.00", "%", "2"] in lines
    assert ["batch", "–", "2"] in lines  # a mean of the others would hide that one is missing
    assert "choose on validation figures" in " ".join(lines[-1])


@pytest.fixture
def folder(tmp_path) -> RunFolder:
    made = RunFolder(tmp_path / "runs" / "a" / "b" / "seed-0")
    made.create(Recipe.load("digits/mlp"), 0)
    return made


RESULT = {
    "metrics": {"val/loss": None, "val/accuracy": 0.0}, "epochs": 3, "steps": 3000, "best_epoch": 2,
    "stopped_early": True,
    "weights_sha256": "ab" * 32, "parameters": 12345, "seconds": 1.5, "examples_per_second": 1e5, "peak_memory_mb": 1.0,
    "execution": {"device": "cpu", "threads": 1},
}  # fmt: skip


def test_a_run_is_printed_wherever_it_stands(folder, capsys):
    terminal.print_run(folder, fresh=True)
    assert "new" in capsys.readouterr().out
    (folder.path / "result.json").write_text(json.dumps(RESULT))
    (folder.path / "status.json").write_text('{"state": "finished"}')
    terminal.print_run(folder, fresh=True)
    said = " ".join(capsys.readouterr().out.split())
    wanted = ("val/loss –, val/accuracy 0.00 %", "3 epochs, 3,000 steps in 1.5 s", "12,345", "threads 1", "ab" * 32)
    assert [text for text in wanted if text not in said] == []
    terminal.print_run(folder, fresh=False)
    assert "finished before; nothing to train" in capsys.readouterr().out


def test_lists_show_zero_as_a_figure(folder, capsys, tmp_path):
    (folder.path / "result.json").write_text(json.dumps(RESULT))
    terminal.print_runs(tmp_path / "runs")
    assert "val/accuracy 0.00 %" in capsys.readouterr().out
    terminal.print_runs(tmp_path / "none")
    terminal.print_studies(tmp_path / "none")
    assert capsys.readouterr().out.count("yet") == 2


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ({"type": "integer", "minimum": 1}, "integer ≥ 1"),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, "number > 0 < 1"),
        ({"anyOf": [{"type": "number", "exclusiveMinimum": 0}, {"type": "null"}]}, "number > 0 or null"),
        ({"enum": ["a", "b"], "type": "string"}, "a | b"),
        ({"type": "array"}, "list"),
        ({}, ""),
    ],
)
def test_values_of_a_knob_in_words(content, text):
    assert terminal._values(content) == text


@pytest.mark.parametrize(("columns", "width"), [(None, terminal.WIDTH), ("60", 60), ("wide", terminal.WIDTH)])
def test_tables_stay_whole_in_pipes_unless_told_otherwise(monkeypatch, columns, width):
    if columns:
        monkeypatch.setenv("COLUMNS", columns)
    out = terminal.console()
    assert out.width == width
    out.file = io.StringIO()
    out.print(terminal.table(["name"], [["x" * (width - 2)]]))
    assert "x" * (width - 2) in out.file.getvalue()


def test_titles_may_be_wider_than_their_tables():
    title = "the title of a table of one narrow column"
    assert printed(terminal.titled(title, terminal.table(["n"], [["1"]]))).splitlines()[0] == title


def printed(what) -> str:
    out = terminal.console()
    out.file = io.StringIO()
    out.print(what)
    return out.file.getvalue()


def test_one_is_singular(capsys):
    terminal.print_design(made.one_arm().design.model_copy(update={"seeds": (0,)}), Path("runs"))
    assert "1 arm × 1 seed = 1 run into runs" in capsys.readouterr().out


def test_a_noise_study_says_why_its_shares_need_not_sum_up(capsys):
    terminal.print_study(made.noise(), None)
    said = capsys.readouterr().out
    assert "need not sum to 100 %" in said
    assert re.search(r"remaining .*−3\.3 %  \[−\d", said)


def test_lists_of_runs_do_not_wait_for_torch():
    code = "import sys, pathlib; from paribus.reports import terminal; terminal.print_runs(pathlib.Path('none'))"
    subprocess.run([sys.executable, "-c", code + "; assert 'torch' not in sys.modules"], check=True, timeout=60)
