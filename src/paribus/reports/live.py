"""Watching work in progress: a live table in a terminal, one in a notebook, plain lines everywhere else."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from paribus.progress import Announce, Lines, Seldom
from paribus.records.metric import Metric, is_minor
from paribus.records.search import SearchDesign, Trial
from paribus.records.study import StudyDesign
from paribus.records.wording import clock, format_figure
from paribus.streams import escaped, patient, say
from paribus.studies.progress import Stage, StudyProgress
from paribus.studies.search.progress import SearchProgress

if TYPE_CHECKING:
    from paribus.studies.executors.job import Event

REDRAW_SECONDS = 0.2
STYLES: dict[Stage, str] = {
    "running": "cyan",
    "finished": "",
    "failed": "bold red",
    "diverged": "bold magenta",
    "interrupted": "yellow",
    "waiting": "dim",
}


class Watcher:
    """Listens to a study and keeps its progress drawn.

    Args:
        study: what is drawn.
        draw: draws it; called at most a few times a second.
        say: prints a line where there is nothing to draw on, else does nothing.
    """

    def __init__(self, study: StudyProgress, draw: Callable[[StudyProgress], None], say: Callable[[str], None]) -> None:
        self.study, self.draw, self.say = study, draw, say
        self.next_draw = 0.0

    def __call__(self, event: Event) -> None:
        """Take in an event of an executor."""
        self.study.update(event)
        if event.job.tuning:
            if event.kind in ("finished", "diverged", "failed"):
                self.say(f"{self.study.doing}; {event.job.arm}: {event.kind}")
        elif event.kind in ("finished", "diverged", "failed"):
            text = self.study.text(event.job.arm, event.job.seed)
            self.say(f"[{self.study.finished}/{self.study.total}] {event.job.arm}, seed {event.job.seed}: {text}")
        self.redraw(now=event.kind not in ("progress", "known"))

    def decoding(self, what: str, done: int, total: int) -> None:
        """Take in how far the data are."""
        self.study.doing = f"{what} {done:,}/{total:,}" if total else what
        self.redraw()

    def redraw(self, now: bool = False) -> None:
        """Draw, unless the last drawing is too recent."""
        if now or time.monotonic() >= self.next_draw:
            self.draw(self.study)
            self.next_draw = time.monotonic() + REDRAW_SECONDS


@contextmanager
def watching(design: StudyDesign) -> Iterator[tuple[Watcher, Announce]]:
    """A listener for a study, which draws it in whatever way this place can show one; and one for the data."""
    study = StudyProgress.of(design)
    console = _console()
    if _in_notebook():
        show = _notebook_drawer()
        watcher = Watcher(study, lambda study: show(html(study)), _silent)
        yield watcher, watcher.decoding
    elif console.is_terminal:
        with Live(console=console, auto_refresh=False) as live:  # no thread of its own: workers are forked
            watcher = Watcher(study, lambda study: live.update(terminal(study), refresh=True), _silent)
            yield watcher, watcher.decoding
    else:
        seldom = Seldom()
        watcher = Watcher(study, lambda study: say(pace(study)) if seldom.due() else None, say)
        yield watcher, Lines()
    for error in study.errors:
        console.print(Text(escaped(error, keep="\n"), style="red"))


BEST = 8  # trials of a search that are drawn


@contextmanager
def tuning(design: SearchDesign) -> Iterator[tuple[Callable[[Trial, Event | None], None], Announce]]:
    """A listener for a search, which draws it in whatever way this place can show one; and one for the data."""
    search, console, seldom = SearchProgress.of(design), _console(), Seldom()
    with ExitStack() as stack:
        if _in_notebook():
            show = _notebook_drawer()
            draw = _sometimes(lambda: show(trials_html(search)))
        elif console.is_terminal:
            live = stack.enter_context(Live(console=console, auto_refresh=False))
            draw = _sometimes(lambda: live.update(trials_terminal(search), refresh=True))
        else:
            draw = _sometimes(lambda: say(search.pace) if seldom.due() else None)
        shown = _in_notebook() or console.is_terminal

        def listen(trial: Trial, event: Event | None) -> None:
            search.update(trial, event)
            if not shown and event is not None and event.kind in ("finished", "diverged", "failed"):
                say(f"[{search.finished}/{search.total}] {search.line(trial)}")
            draw(event is not None and event.kind != "progress")

        def decoding(what: str, done: int, total: int) -> None:
            search.doing = f"{what} {done:,}/{total:,}" if total else what
            draw(False)

        yield listen, decoding if shown else Lines()
    for error in search.errors:
        console.print(Text(escaped(error, keep="\n"), style="red"))


def _sometimes(draw: Callable[[], None]) -> Callable[[bool], None]:
    """Draws when asked to, unless the last drawing is too recent and it need not be now."""
    due = 0.0

    def draw_if_due(now: bool) -> None:
        nonlocal due
        if now or time.monotonic() >= due:
            draw()
            due = time.monotonic() + REDRAW_SECONDS

    return draw_if_due


def trials_terminal(search: SearchProgress) -> Group:
    """A search's progress for a terminal: its best trials and those that run."""
    table = Table(box=None, padding=(0, 1), header_style="dim", pad_edge=False)
    for head, side in (("trial", "right"), (search.figure, "right"), ("epochs", "right"), ("settings", "left")):
        table.add_column(head, justify=side, no_wrap=True, overflow="ellipsis")  # type: ignore[arg-type]
    for trial in search.best(BEST):
        style = STYLES["running"] if trial.state == "running" else ""
        cells = (str(trial.number), search.text(trial), str(trial.epochs), escaped(search.settings(trial)))
        table.add_row(*(Text(cell, style) for cell in cells))
    bar = Table.grid(padding=(0, 1))
    bar.add_row(ProgressBar(total=1.0, completed=search.share, width=40), Text(search.pace, style="dim"))
    return Group(Text(escaped(search.question), style="bold"), table, bar)


def trials_html(search: SearchProgress) -> str:
    """A search's progress for a notebook."""
    rows = "".join(
        f"<tr><td>{trial.number}</td><td><b>{escape(search.text(trial))}</b></td><td>{trial.epochs}</td>"
        f"<td style='text-align:left'>{escape(search.settings(trial))}</td></tr>"
        for trial in search.best(BEST)
    )
    return (
        f"<p><b>{escape(search.question)}</b></p><table><tr><th>trial</th><th>{escape(search.figure)}</th>"
        f"<th>epochs</th><th style='text-align:left'>settings</th></tr>{rows}</table>"
        f"<progress value='{search.share:.3f}' max='1' style='width:20em'></progress> {escape(search.pace)}"
    )


@contextmanager
def following(
    name: str, seed: int, metrics: Mapping[str, Metric] = {}, log: Path | None = None
) -> Iterator[tuple[Callable[[Any], None], Announce]]:
    """Listeners for a single training: a bar with loss and metrics, and a line per epoch; and one for the data.

    Where there is no terminal, lines say now and then how far it is.

    Args:
        name: of the recipe.
        seed: of the run.
        metrics: how figures are read.
        log: where the lines of the epochs are written as well: there they are found when nobody saw them.
    """
    console, lines, about = _console(), Lines(), f"{name}, seed {seed}"
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
        task = bar.add_task(escaped(about), figures="")

        def listen(progress: Any) -> None:
            if progress.row is not None:
                line = escaped(epoch_line(progress.row, progress.epochs, metrics))
                bar.console.print(Text(line), soft_wrap=True)
                _append(log, line)
            if not console.is_terminal:
                lines(f"{about}, step", progress.step, progress.steps)
                return
            shown = [f"{key} {format_figure(key, value, metrics)}" for key, value in progress.figures.items()]
            epoch = min(progress.epoch + 1, progress.epochs)
            bar.update(
                task,
                description=escaped(f"{about}, epoch {epoch}/{progress.epochs}"),
                completed=progress.step,
                total=progress.steps,
                figures="  ".join(shown),
            )
            bar.refresh()

        next_draw = 0.0

        def decoding(what: str, done: int, total: int) -> None:
            nonlocal next_draw
            if time.monotonic() < next_draw and done != total:
                return
            next_draw = time.monotonic() + REDRAW_SECONDS
            bar.update(task, description=escaped(what), completed=done, total=total or None)
            bar.refresh()

        yield listen, decoding if console.is_terminal else lines


@contextmanager
def counting() -> Iterator[Announce]:
    """A listener for work that counts: what is done, how much, of how much."""
    with following("", 0) as (_, progress):
        yield progress


def epoch_line(row: dict[str, Any], epochs: int, metrics: Mapping[str, Metric]) -> str:
    """One epoch's figures as a line: ``epoch 3/10  train/loss 0.2144  …``."""
    known = {key: value for key, value in row.items() if "/" in key and value is not None and not is_minor(key)}
    figures = "  ".join(f"{key} {format_figure(key, value, metrics)}" for key, value in known.items())
    return f"epoch {row['epoch']:>{len(str(epochs))}}/{epochs}  {figures}"


def terminal(study: StudyProgress) -> Group:
    """A study's progress for a terminal."""
    table = Table(box=None, padding=(0, 1), header_style="dim", pad_edge=False)
    table.add_column("arm", no_wrap=True, overflow="ellipsis")
    for seed in study.seeds:
        table.add_column(f"seed {seed}", justify="right", no_wrap=True)
    table.add_column("mean", justify="right", style="bold")
    for arm in study.arms:
        cells = [Text(study.text(arm, seed), STYLES[study.run(arm, seed).stage]) for seed in study.seeds]
        table.add_row(Text(escaped(arm)), *cells, study.mean(arm))
    bar = Table.grid(padding=(0, 1))
    bar.add_row(ProgressBar(total=1.0, completed=study.share, width=40), Text(pace(study), style="dim"))
    found = [Text(escaped(line), style="dim") for line in study.findings]
    return Group(Text(escaped(study.question), style="bold"), table, *found, bar)


def html(study: StudyProgress) -> str:
    """A study's progress for a notebook."""
    head = "".join(f"<th>seed {seed}</th>" for seed in study.seeds)
    rows = "".join(
        f"<tr><td style='text-align:left'>{escape(arm)}</td>"
        + "".join(f"<td>{escape(study.text(arm, seed))}</td>" for seed in study.seeds)
        + f"<td><b>{escape(study.mean(arm))}</b></td></tr>"
        for arm in study.arms
    )
    found = "".join(f"{escape(line)}<br>" for line in study.findings)
    return (
        f"<p><b>{escape(study.question)}</b></p><table><tr><th style='text-align:left'>arm</th>{head}<th>mean</th></tr>"
        f"{rows}</table>{found}<progress value='{study.share:.3f}' max='1' style='width:20em'></progress> "
        f"{escape(pace(study))}"
    )


def pace(study: StudyProgress) -> str:
    """How far, how long, how much longer."""
    if study.doing:
        return study.doing
    left = f", about {clock(study.remaining)} left" if study.remaining and study.share < 1 else ""
    return f"{study.finished} of {study.total} runs, {clock(study.elapsed)}{left}"


def _console() -> Console:
    """On standard error, whoever reads that."""
    return Console(file=patient(sys.stderr), highlight=False)


def _append(log: Path | None, line: str) -> None:
    if log is not None:
        with suppress(OSError), log.open("a", encoding="utf-8") as file:
            file.write(line + "\n")


def _notebook_drawer() -> Callable[[str], None]:
    from IPython.display import HTML, display

    handle = display(HTML(""), display_id=True)
    return lambda text: handle.update(HTML(text))


def _in_notebook() -> bool:
    shell = sys.modules.get("IPython") and sys.modules["IPython"].get_ipython()
    return bool(shell) and hasattr(shell, "kernel")


def _silent(line: str) -> None:
    """Say nothing: a picture says it."""
