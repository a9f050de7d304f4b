"""What people see while a study runs."""

from __future__ import annotations

import io
import re
from html.parser import HTMLParser

import pytest
from rich.console import Console
from tests.events import Event, Job, Step, tell

from paribus.records.metric import Metric
from paribus.records.recipe import Recipe
from paribus.records.search import Trial
from paribus.records.study import StudyDesign
from paribus.reports import live
from paribus.reports.live import (
    Watcher,
    epoch_line,
    following,
    html,
    pace,
    terminal,
    trials_html,
    trials_terminal,
    tuning,
    watching,
)
from paribus.studies.progress import StudyProgress
from paribus.studies.search.design import plan
from paribus.studies.search.progress import SearchProgress

ACCURACY = Metric("accuracy", True, percent=True)
HOSTILE = "<script>alert(1)</script> [/b] [red]"


@pytest.fixture
def study() -> StudyProgress:
    return StudyProgress("Does it matter?", ["none", "batch"], (0, 1), "val/accuracy", ACCURACY)


def drawn(study: StudyProgress, width: int = 100) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    console.print(terminal(study))
    return console.file.getvalue()


def test_seeds_that_are_added_get_their_columns(study):
    tell(study, ("none", 7, "started"))
    assert (list(study.seeds), study.total) == ([0, 1, 7], 6)
    assert "seed 7" in drawn(study)


def test_a_board_in_a_terminal(study):
    tell(study, ("none", 0, "finished"), ("batch", 1, "progress", Step(4)))
    text = drawn(study)
    assert [
        word for word in ("Does it matter?", "seed 1", "mean", "90.00 %", "40%", "·", "1 of 4") if word not in text
    ] == []
    assert all(len(line) <= 40 for line in drawn(study, width=40).splitlines())


def test_S21_what_was_found_so_far_stands_below_the_table(study, monkeypatch):
    monkeypatch.setattr(StudyProgress, "findings", ("a − b: +1.00 points", "Still running: <1 of 2>."))
    assert "a − b: +1.00 points\nStill running: <1 of 2>." in re.sub(" +\n", "\n", drawn(study))
    assert "a − b: +1.00 points<br>Still running: &lt;1 of 2&gt;.<br>" in html(study)


def test_R27_hostile_names_are_names(study):
    study = StudyProgress(HOSTILE, [HOSTILE], (0,), "val/accuracy", ACCURACY)
    tell(study, (HOSTILE, 0, "failed", None, HOSTILE, HOSTILE))
    assert drawn(study, width=200).count(HOSTILE) == 2
    tags: list[str] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: tags.append(tag)
    parser.feed(html(study))
    assert set(tags) == {"p", "b", "table", "tr", "th", "td", "progress"}


def test_a_watcher_draws_seldom_and_says_what_ends(study, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    draws, lines = [], []
    watcher = Watcher(study, draws.append, lines.append)
    watcher(Event(Job("none", 0), "started"))
    for _ in range(100):
        now[0] += 0.01
        watcher(Event(Job("none", 0), "progress", Step(1)))
    assert 4 <= len(draws) <= 7
    watcher(Event(Job("none", 0), "finished"))
    watcher(Event(Job("none", 1), "failed", None, "rule"))
    watcher(Event(Job("batch", 1), "interrupted"))
    assert lines == ["[1/4] none, seed 0: 90.00 %", "[2/4] none, seed 1: ✗"]
    watcher.decoding("decoding digits", 3, 1797)
    assert pace(study) == "decoding digits 3/1,797"
    watcher.decoding("looking", 3, 0)
    assert pace(study) == "looking"
    watcher(Event(Job("batch", 0), "started"))
    assert "of 4 runs" in pace(study)


def design() -> StudyDesign:
    recipe = Recipe.load("digits/mlp", {"name": HOSTILE}).plain()
    return StudyDesign(name="x", recipe=recipe, factors={"model.norm": ["none", "batch"]}, seeds=(0, 1))


@pytest.mark.parametrize("where", ["pipe", "terminal", "notebook"])
def test_R27_watching_works_everywhere(monkeypatch, capsys, where):
    shown = []
    if where == "terminal":
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("TERM", "xterm")
    if where == "notebook":
        monkeypatch.setattr(live, "_in_notebook", lambda: True)
        monkeypatch.setattr(live, "_notebook_drawer", lambda: shown.append)
    with watching(design()) as (listen, _):
        listen(Event(Job("norm=none", 0), "started"))
        listen(Event(Job("norm=none", 0), "finished"))
        listen(Event(Job("norm=batch", 0), "failed", None, f"{HOSTILE}\n  next: do this", f"{HOSTILE} (do this)"))
    said = capsys.readouterr().err
    assert f"norm=batch, seed 0: {HOSTILE} (do this)" in " ".join(said.split())
    assert ("[1/4] norm=none, seed 0: 90.00 %" in said) == (where == "pipe")
    assert len(shown) == (3 if where == "notebook" else 0)


@pytest.mark.parametrize("kind", ["terminal", "pipe"])
def test_R27_following_a_run_with_a_hostile_name(monkeypatch, capsys, kind):
    if kind == "terminal":
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("TERM", "xterm")
    row = {"epoch": 1, "step": 5, "lr": 0.1, "val/loss": 0.5, "val/accuracy": None}
    with following(HOSTILE, 0) as (listen, progress):
        progress(HOSTILE, 1, 0)
        listen(Step(5, figures={"train/loss": 0.5}))
        listen(Step(10, row=row))
    assert "epoch 1/3  val/loss 0.5\n" in capsys.readouterr().err


def test_an_epoch_is_a_line():
    row = {"epoch": 3, "step": 30, "lr": 0.1, "train/loss": 0.21436, "val/loss": None}
    assert epoch_line(row, 100, {}) == "epoch   3/100  train/loss 0.2144"


def test_a_search_is_drawn_with_its_best_trials_and_those_that_run():
    search = SearchProgress.of(plan(Recipe.load("digits/mlp"), {"lr": "1e-3..1"}, trials=5))
    for number, (state, value) in enumerate(
        [("finished", 0.5), ("finished", 0.9), ("diverged", None), ("running", None)]
    ):
        search.update(Trial(number, {"optimizer.lr": 0.1 * (number + 1)}, state, value, 2), None)
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(trials_terminal(search))
    text = console.export_text()
    assert text.index("90.00 %") < text.index("50.00 %") < text.index("0%")
    assert "3 of 5 trials; best val/accuracy 90.00 %" in text
    assert "<td><b>90.00 %</b></td>" in trials_html(search)


@pytest.mark.parametrize("where", ["pipe", "terminal", "notebook"])
def test_R27_a_search_is_watched_everywhere(monkeypatch, capsys, where):
    shown = []
    if where == "terminal":
        monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("TERM", "xterm")
    if where == "notebook":
        monkeypatch.setattr(live, "_in_notebook", lambda: True)
        monkeypatch.setattr(live, "_notebook_drawer", lambda: shown.append)
    design = plan(Recipe.load("digits/mlp"), {"model.norm": ["none", "batch"]}, trials=2)
    with tuning(design) as (listen, progress):
        progress("decoding", 3, 4)
        settings = {"model.norm": "<script>[red]"}
        listen(Trial(0, settings, "running"), Event(Job("trial-0000", 0), "started"))
        listen(Trial(0, settings, "finished", 0.75, 1), Event(Job("trial-0000", 0), "finished"))
    text = "".join(shown) if where == "notebook" else capsys.readouterr().err
    assert "75.00 %" in text
    assert ("<script>" in text) == (where != "notebook")
    assert "1 of 2 trials" in text or where == "pipe"
