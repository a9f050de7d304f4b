"""What people see while a study runs."""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pytest
from rich.console import Console

from paribus.records.metric import Metric
from paribus.records.recipe import Recipe
from paribus.records.run import Status
from paribus.records.study import StudyDesign
from paribus.reports import live
from paribus.reports.live import Watcher, epoch_line, following, html, pace, terminal, watching
from paribus.studies.progress import Board, Cell

ACCURACY = Metric("accuracy", True, percent=True)
HOSTILE = "<script>alert(1)</script> [/b] [red]"


@dataclass
class Job:
    arm: str
    seed: int
    value: float | None = 0.9
    folder: Any = field(default_factory=lambda: SimpleNamespace(status=Status("finished")))

    def figure(self, name: str) -> float | None:
        return self.value


@dataclass
class Step:
    step: int = 0
    steps: int = 10
    epoch: int = 0
    epochs: int = 3
    figures: dict[str, float] = field(default_factory=dict)
    row: dict[str, Any] | None = None


@dataclass
class Event:
    job: Job
    kind: str
    progress: Step | None = None
    error: str = ""


@pytest.fixture
def board() -> Board:
    return Board("Does it matter?", ["none", "batch"], (0, 1), "val/accuracy", ACCURACY)


def tell(board: Board, *events: tuple) -> None:
    for arm, seed, kind, *rest in events:
        board.hear(Event(Job(arm, seed), kind, *rest))


def drawn(board: Board, width: int = 100) -> str:
    console = Console(file=io.StringIO(), width=width, force_terminal=False)
    console.print(terminal(board))
    return console.file.getvalue()


def test_cells_follow_the_events(board):
    assert (board.text("none", 0), board.mean("none"), board.share, board.remaining) == ("·", "", 0.0, None)
    tell(board, ("none", 0, "started"))
    assert board.text("none", 0) == "0%"
    tell(board, ("none", 0, "progress", Step(5, figures={"val/accuracy": 0.5})), ("none", 0, "progress", Step(6)))
    assert (board.text("none", 0), board.cell("none", 0).value) == ("60%", 0.5)
    tell(board, ("none", 0, "finished"), ("none", 1, "known"))
    assert (board.text("none", 1), board.mean("none"), board.finished) == ("90.00 %", "90.00 %", 2)
    tell(board, ("batch", 0, "failed", None, "rule\n  received: 1\n  next: do this"))
    tell(board, ("batch", 1, "progress", Step(3)), ("batch", 1, "interrupted"))
    assert [board.text("batch", seed) for seed in (0, 1)] == ["✗", "‖"]
    assert (board.total, board.finished, board.mean("batch")) == (4, 3, "")
    assert board.share == pytest.approx((1 + 1 + 1 + 0.3) / 4)


def test_the_final_figure_is_that_of_the_weights_that_stay(board):
    tell(board, ("none", 0, "progress", Step(10, figures={"val/accuracy": 0.5})))
    board.hear(Event(Job("none", 0, value=0.8), "finished"))  # early stopping went back to better weights
    assert board.text("none", 0) == "80.00 %"


def test_a_run_that_diverged_before_is_shown_as_such(board):
    before = SimpleNamespace(status=Status("diverged"))
    board.hear(Event(Job("none", 0, value=None, folder=before), "known"))
    tell(board, ("none", 1, "diverged", None, "the loss is nan\n  next: lower optimizer.lr"))
    assert [board.text("none", seed) for seed in (0, 1)] == ["∞", "∞"]
    assert (board.mean("none"), board.finished, board.share) == ("", 2, 0.5)
    assert board.errors == ["none, seed 1: the loss is nan (lower optimizer.lr)"]


def test_seeds_that_are_added_get_their_columns(board):
    tell(board, ("none", 7, "started"))
    assert (list(board.seeds), board.total) == ([0, 1, 7], 6)
    assert "seed 7" in drawn(board)


@pytest.mark.parametrize(
    ("error", "note"),
    [
        ("rule\n  received: 1\n  next: do this", "batch, seed 1: rule (do this)"),
        ("rule\n  received: 1", "batch, seed 1: rule"),
        ("rule", "batch, seed 1: rule"),
    ],
)
def test_errors_are_noted_with_their_advice(board, error, note):
    tell(board, ("batch", 1, "failed", None, error))
    assert board.errors == [note]


def test_the_pace_counts_only_what_was_done_since_the_start(board, monkeypatch):
    monkeypatch.setattr("time.monotonic", lambda: board.started + 60)
    tell(board, ("none", 0, "known"), ("none", 1, "known"))
    assert (board.remaining, board.finished) == (None, 2)
    tell(board, ("batch", 0, "finished"))
    assert board.remaining == pytest.approx(60)  # a quarter took a minute, a quarter is left
    assert pace(board) == "3 of 4 runs, 60 s, about 60 s left"
    tell(board, ("batch", 1, "finished"))
    assert pace(board) == "4 of 4 runs, 60 s"


def test_a_board_in_a_terminal(board):
    tell(board, ("none", 0, "finished"), ("batch", 1, "progress", Step(4)))
    text = drawn(board)
    assert [
        word for word in ("Does it matter?", "seed 1", "mean", "90.00 %", "40%", "·", "1 of 4") if word not in text
    ] == []
    assert all(len(line) <= 40 for line in drawn(board, width=40).splitlines())


def test_R27_hostile_names_are_names(board):
    board = Board(HOSTILE, [HOSTILE], (0,), "val/accuracy", ACCURACY)
    tell(board, (HOSTILE, 0, "failed", None, HOSTILE))
    assert drawn(board, width=200).count(HOSTILE) == 2
    tags: list[str] = []
    parser = HTMLParser()
    parser.handle_starttag = lambda tag, attributes: tags.append(tag)
    parser.feed(html(board))
    assert set(tags) == {"p", "b", "table", "tr", "th", "td", "progress"}


def test_a_watcher_draws_seldom_and_says_what_ends(board, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    draws, lines = [], []
    watcher = Watcher(board, draws.append, lines.append)
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
    assert pace(board) == "decoding digits 3/1,797"
    watcher.decoding("looking", 3, 0)
    assert pace(board) == "looking"
    watcher(Event(Job("batch", 0), "started"))
    assert "of 4 runs" in pace(board)


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
        monkeypatch.setattr(live, "_notebook_drawer", lambda: lambda board: shown.append(html(board)))
    with watching(design(), "val/accuracy", ACCURACY) as hear:
        hear(Event(Job("norm=none", 0), "started"))
        hear(Event(Job("norm=none", 0), "finished"))
        hear(Event(Job("norm=batch", 0), "failed", None, f"{HOSTILE}\n  next: do this"))
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
    assert epoch_line(row, 100) == "epoch   3/100  train/loss 0.2144"


def test_a_cell_waits_at_first():
    assert (Cell().state, Cell().share, Cell().value) == ("waiting", 0.0, None)
