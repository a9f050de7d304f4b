"""``paribus export`` and ``paribus report --latex``."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests import made

from paribus.cli.report import Command


def test_a_run_is_exported_and_how_to_look_at_it_is_said(paribus):
    made.run_folder(Path("runs/r/i/seed-3"))
    said = paribus("export", "last", "--to", "tensorboard")
    assert said.code == 0
    place, then = said.out.splitlines()
    assert then == f"look at it: tensorboard --logdir {place}"
    assert list(Path(place).rglob("*tfevents*"))


def test_a_network_is_exported_with_its_check(paribus, run):
    said = paribus("export", str(run.path), "--to", "safetensors", "--out", "net")
    assert said.code == 0
    assert "checked on batches of 1, 2, 7 (validation examples): largest difference 0" in said.out
    assert sorted(path.name for path in Path("net").iterdir()) == ["about.json", "load.py", "model.safetensors"]
    again = paribus("export", str(run.path), "--to", "safetensors", "--out", "net")
    assert "something is there already" in again.err


def test_an_unknown_format_is_one_error(paribus):
    made.run_folder(Path("runs/r/i/seed-3"))
    said = paribus("export", "last", "--to", "excel")
    assert said.code == 1
    assert "no such format to export to" in said.err
    assert "csv" in said.err


def test_latex_is_for_one_study(paribus):
    made.run_folder(Path("runs/r/i/seed-3"))
    said = paribus("report", "runs/r/i/seed-3", "--latex")
    assert said.code == 1
    said = paribus("report", "a", "b", "--latex", "x.tex")
    assert "--latex is for one study" in said.err


@pytest.mark.parametrize(
    ("words", "file"),
    [
        (["s", "--latex"], "report.tex"),
        (["--latex", "s"], "report.tex"),
        (["s", "--latex", "a.tex"], "a.tex"),
        (["s", "--latex=b.tex"], "b.tex"),
        (["s"], None),
    ],
)
def test_the_file_of_latex_may_be_left_out(words, file, monkeypatch):
    from typer.main import get_command

    from paribus.cli.app import app

    command = get_command(app).commands["report"]
    assert isinstance(command, Command)
    given = command.make_context("report", words).params
    assert (given["names"], given["latex"] and str(given["latex"])) == (["s"], file)
