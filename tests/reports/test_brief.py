"""Studies and runs in a few lines."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from tests import made

from paribus.records.run import RunFolder
from paribus.reports import brief, lists
from paribus.reports.terminal import print_page

RESULTS = {
    name: getattr(made, name)
    for name in ("two_arms", "factorial", "many_arms", "hostile", "diverged", "failed", "noise")
}


@pytest.mark.parametrize("name", RESULTS)
def test_every_study_can_be_printed(name, capsys):
    result = RESULTS[name]()
    print_page(brief.study(result, Path("runs/[b]x[/b]/report.html")))
    said = capsys.readouterr().out
    flat = "".join(said.split())
    assert "report: runs/[b]x[/b]/report.html" in said
    for text in (result.question, *(arm.name for arm in result.arms), *(effect.label for effect in result.effects)):
        assert "".join(text.split())[:14] in flat  # long names go on in the next line of their cell


def test_one_is_singular(capsys):
    print_page(brief.design(made.one_arm().design.model_copy(update={"seeds": (0,)}), Path("runs")))
    assert "1 arm × 1 seed = 1 run into runs" in capsys.readouterr().out


def test_a_noise_study_says_why_its_shares_need_not_sum_up(capsys):
    print_page(brief.study(made.noise(), None))
    said = capsys.readouterr().out
    assert "need not sum to 100 %" in said
    assert re.search(r"remaining .*−3\.3 %  \[−\d", said)


@pytest.fixture
def folder(tmp_path) -> RunFolder:
    from paribus.records.recipe import Recipe

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
    print_page(brief.run(folder))
    assert "new" in capsys.readouterr().out
    (folder.path / "result.json").write_text(json.dumps(RESULT))
    (folder.path / "status.json").write_text('{"state": "finished"}')
    print_page(brief.run(folder))
    said = " ".join(capsys.readouterr().out.split())
    wanted = ("val/loss –, val/accuracy 0.00 %", "3 epochs, 3,000 steps in 1.5 s", "12,345", "threads 1", "ab" * 32)
    assert [text for text in wanted if text not in said] == []
    print_page(brief.run(folder, known=True))
    assert "finished before; nothing to train" in capsys.readouterr().out


def test_lists_show_zero_as_a_figure(folder, capsys, tmp_path):
    (folder.path / "result.json").write_text(json.dumps(RESULT))
    print_page(lists.runs(tmp_path / "runs"))
    assert "val/accuracy 0.00 %" in capsys.readouterr().out
    print_page(lists.runs(tmp_path / "none"))
    print_page(lists.studies(tmp_path / "none"))
    assert capsys.readouterr().out.count("yet") == 2
