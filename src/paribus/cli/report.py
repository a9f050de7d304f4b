"""``paribus report`` and ``paribus test``: reports and held-out tests of studies and runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from paribus.cli.words import RUNS, Plugin, Runs, find_folder, finished, load_plugins


def report(
    names: Annotated[
        list[str],
        typer.Argument(metavar="NAME...", help="Folders of studies or runs, parts of their names, or: last."),
    ],
    notes: Annotated[
        Path | None,
        typer.Option(metavar="FILE.md", help="Own words for one page about all: a heading that is a name begins its."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Where to write one page about all of them.")
    ] = None,
    runs: Runs = RUNS,
    plugin: Plugin = None,
) -> None:
    """Write the report of a study or a run: one self-contained HTML file, and Markdown beside it.

    Several names, --notes or --out make one page about all of them, `course.html` in the folder of the runs.

    Examples:

    - `paribus report last`

    - `paribus report norm=batch/seed-0`

    - `paribus report digits-cnn--model.norm digits-cnn--optimizer.lr --notes words.md --out course.html`
    """
    load_plugins(plugin)
    if len(names) > 1 or notes or out:
        _course(names, notes, out or runs / "course.html", runs)
    else:
        _single(names[0], runs)


def _single(name: str, runs: Path) -> None:
    """Write the report of one study or run."""
    from dataclasses import replace

    from paribus.records.run import RunFolder
    from paribus.records.store import MARKERS
    from paribus.reports import brief
    from paribus.reports.files import look, write, write_run
    from paribus.reports.terminal import print_page
    from paribus.study import Study

    folder = find_folder(name, runs, "study", "run")
    if (folder / MARKERS["run"]).exists():
        missing = look(RunFolder(folder))
        written = write_run(RunFolder(folder))
        warnings = (missing,) if missing else ()
        print_page(replace(brief.run(RunFolder(folder)), warnings=warnings, summary=f"\nreport: {written}"))
        return
    opened = Study.open(folder)
    result = opened.result
    print_page(brief.study(result, write(result, opened.folder)))


def _course(names: list[str], notes: Path | None, out: Path, runs: Path) -> None:
    """Write one page about several studies and runs."""
    from paribus.records.run import RunFolder
    from paribus.records.store import MARKERS
    from paribus.reports.files import look, write_course
    from paribus.study import Study

    parts: dict[str, Any] = {}
    for folder in dict.fromkeys(find_folder(name, runs, "study", "run") for name in names):
        if (folder / MARKERS["run"]).exists():
            run = RunFolder(folder)
            look(run)
            parts["/".join(folder.parts[-3:])] = run
        else:
            parts[folder.name] = Study.open(folder).result
    written = write_course(parts, out, notes)
    for name in parts:
        print(name)
    print(f"report: {written}")


def test(
    run: Annotated[
        str,
        typer.Argument(metavar="RUN", help="A run folder or a study's folder, a part of its name, or: last."),
    ],
    runs: Runs = RUNS,
    plugin: Plugin = None,
) -> None:
    """Open the held-out test: once for each run, and written down. Choose on validation figures, then test.

    Examples:

    - `paribus test last`

    - `paribus test digits-cnn--model.norm`
    """
    from paribus.inference.held_out import test as open_test
    from paribus.reports.outcomes import held_out_page
    from paribus.reports.terminal import print_page

    load_plugins(plugin)
    print_page(held_out_page([(folder, open_test(folder)) for folder in finished(run, runs)]))
