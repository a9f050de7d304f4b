"""Watching work in progress: a live table in a terminal, one in a notebook, plain lines everywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import escape
from typing import Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from paribus.records.metric import Metric, is_detail
from paribus.records.study import StudyDesign
from paribus.records.wording import clock, format_figure
from paribus.studies.progress import Board

REDRAW_SECONDS = 0.2
STYLES = {
    "running": "cyan",
    "finished": "",
    "failed": "bold red",
    "diverged": "bold magenta",
    "interrupted": "yellow",
    "waiting": "dim",
}


class Watcher:
    """Hears what happens and keeps a board drawn.

    Args:
        board: what is drawn.
        draw: draws it; called at most a few times a second.
        say: prints a line where there is nothing to draw on, else does nothing.
    """

    def __init__(self, board: Board, draw: Callable[[Board], None], say: Callable[[str], None]) -> None:
        self.board, self.draw, self.say = board, draw, say
        self.next_draw = 0.0

    def __call__(self, event: Any) -> None:
        """Hear an event of an executor."""
        self.board.hear(event)
        if event.kind in ("finished", "diverged", "failed"):
            text = self.board.text(event.job.arm, event.job.seed)
            self.say(f"[{self.board.finished}/{self.board.total}] {event.job.arm}, seed {event.job.seed}: {text}")
        self.redraw(now=event.kind != "progress")

    def decoding(self, what: str, done: int, total: int) -> None:
        """Hear how far the data are."""
        self.board.doing = f"{what} {done:,}/{total:,}" if total else what
        self.redraw()

    def redraw(self, now: bool = False) -> None:
        """Draw, unless it was done a moment ago."""
        if now or time.monotonic() >= self.next_draw:
            self.draw(self.board)
            self.next_draw = time.monotonic() + REDRAW_SECONDS


@contextmanager
def watching(design: StudyDesign, figure: str, metric: Metric) -> Iterator[Watcher]:
    """A watcher for a study, in whatever way this place can show one."""
    board = Board(design.question, [arm.name for arm in design.arms()], design.seeds, figure, metric)
    console = Console(stderr=True)
    if _in_notebook():
        yield Watcher(board, _notebook_drawer(), _silent)
    elif console.is_terminal:
        with Live(console=console, auto_refresh=False) as live:  # no thread of its own: workers are forked
            yield Watcher(board, lambda board: live.update(terminal(board), refresh=True), _silent)
    else:
        yield Watcher(board, lambda board: None, lambda line: print(line, file=sys.stderr, flush=True))
    for error in board.errors:
        console.print(Text(error, style="red"))


@contextmanager
def following(name: str, seed: int) -> Iterator[tuple[Callable[[Any], None], Callable[[str, int, int], None]]]:
    """Listeners for a single training: a bar with loss and metrics, and a line per epoch; and one for the data."""
    console = Console(stderr=True, highlight=False)
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        TextColumn("{task.fields[figures]}", markup=False),
        TimeRemainingColumn(),
        console=console,
        auto_refresh=False,
        transient=True,
        disable=not console.is_terminal,
    )
    with bar:
        task = bar.add_task(f"{name}, seed {seed}", figures="")

        def listen(progress: Any) -> None:
            if progress.row is not None:
                bar.console.print(Text(epoch_line(progress.row, progress.epochs)), soft_wrap=True)
            figures = "  ".join(f"{key} {format_figure(key, value)}" for key, value in progress.figures.items())
            epoch = min(progress.epoch + 1, progress.epochs)
            bar.update(
                task,
                description=f"{name}, seed {seed}, epoch {epoch}/{progress.epochs}",
                completed=progress.step,
                total=progress.steps,
                figures=figures,
            )
            bar.refresh()

        def decoding(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total or None)
            bar.refresh()

        yield listen, decoding


@contextmanager
def counting() -> Iterator[Callable[[str, int, int], None]]:
    """A listener for work that counts: what is done, how much, of how much."""
    with following("", 0) as (_, progress):
        yield progress


def epoch_line(row: dict[str, Any], epochs: int) -> str:
    """One epoch's figures as a line: ``epoch 3/10  train/loss 0.2144  …``."""
    known = {key: value for key, value in row.items() if "/" in key and value is not None and not is_detail(key)}
    figures = "  ".join(f"{key} {format_figure(key, value)}" for key, value in known.items())
    return f"epoch {row['epoch']:>{len(str(epochs))}}/{epochs}  {figures}"


def terminal(board: Board) -> Group:
    """The board for a terminal."""
    table = Table(box=None, padding=(0, 1), header_style="dim", pad_edge=False)
    table.add_column("arm", no_wrap=True, overflow="ellipsis")
    for seed in board.seeds:
        table.add_column(f"seed {seed}", justify="right", no_wrap=True)
    table.add_column("mean", justify="right", style="bold")
    for arm in board.arms:
        cells = [Text(board.text(arm, seed), STYLES[board.cell(arm, seed).state]) for seed in board.seeds]
        table.add_row(Text(arm), *cells, board.mean(arm))
    bar = Table.grid(padding=(0, 1))
    bar.add_row(ProgressBar(total=1.0, completed=board.share, width=40), Text(pace(board), style="dim"))
    return Group(Text(board.question, style="bold"), table, bar)


def html(board: Board) -> str:
    """The board for a notebook."""
    head = "".join(f"<th>seed {seed}</th>" for seed in board.seeds)
    rows = "".join(
        f"<tr><td style='text-align:left'>{escape(arm)}</td>"
        + "".join(f"<td>{escape(board.text(arm, seed))}</td>" for seed in board.seeds)
        + f"<td><b>{escape(board.mean(arm))}</b></td></tr>"
        for arm in board.arms
    )
    return (
        f"<p><b>{escape(board.question)}</b></p><table><tr><th style='text-align:left'>arm</th>{head}<th>mean</th></tr>"
        f"{rows}</table><progress value='{board.share:.3f}' max='1' style='width:20em'></progress> "
        f"{escape(pace(board))}"
    )


def pace(board: Board) -> str:
    """How far, how long, how much longer."""
    if board.doing:
        return board.doing
    left = f", about {clock(board.remaining)} left" if board.remaining and board.share < 1 else ""
    return f"{board.finished} of {board.total} runs, {clock(board.elapsed)}{left}"


def _notebook_drawer() -> Callable[[Board], None]:
    from IPython.display import HTML, display

    handle = display(HTML(""), display_id=True)
    return lambda board: handle.update(HTML(html(board)))


def _in_notebook() -> bool:
    shell = sys.modules.get("IPython") and sys.modules["IPython"].get_ipython()
    return bool(shell) and hasattr(shell, "kernel")


def _silent(line: str) -> None:
    """Say nothing: a picture says it."""
