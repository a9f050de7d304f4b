"""``paribus report`` and ``paribus test``: reports and held-out tests of studies and runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from paribus.cli import completion
from paribus.cli.words import RUNS, Csv, Json, Overwrite, Plugin, Runs, find_folder, load_plugins
from paribus.errors import ParibusError, StudyError


def report(
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME...",
            help="Folders of studies or runs, parts of their names, or: last.",
            autocompletion=completion.studies_and_runs,
        ),
    ],
    notes: Annotated[
        Path | None,
        typer.Option(metavar="FILE.md", help="Own words for one page about all: a heading that is a name begins its."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FILE.html", help="Where to write one page about all of them.")
    ] = None,
    json: Json = False,
    csv: Csv = None,
    overwrite: Overwrite = False,
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
        if json or csv:
            raise ParibusError("--json and --csv are for one study or run", got=", ".join(names), hint="name one")
        _course(names, notes, out, runs, overwrite)
    else:
        _single(names[0], runs, json, csv, overwrite)


def _single(name: str, runs: Path, json: bool, csv: Path | None, overwrite: bool) -> None:
    """Write the report of one study or run."""
    from dataclasses import replace

    from paribus.records.run import RunFolder
    from paribus.records.store import MARKERS
    from paribus.reports import brief
    from paribus.reports.export import deliver_with_report
    from paribus.reports.files import look, write, write_run
    from paribus.study import Study

    folder = find_folder(name, runs, "study", "run")
    if (folder / MARKERS["run"]).exists():
        missing = look(RunFolder(folder))
        page = replace(brief.run(RunFolder(folder)), warnings=(missing,) if missing else ())
        deliver_with_report(page, lambda: write_run(RunFolder(folder)), json, csv, overwrite)
        return
    opened = Study.open(folder)
    result = opened.result
    deliver_with_report(brief.study(result), lambda: write(result, opened.folder), json, csv, overwrite)


def _course(names: list[str], notes: Path | None, out: Path | None, runs: Path, overwrite: bool) -> None:
    """Write one page about several studies and runs."""
    from paribus.records.run import RunFolder
    from paribus.records.store import MARKERS
    from paribus.reports.files import COURSE, look, write_course
    from paribus.reports.terminal import print_line
    from paribus.study import Study

    parts: dict[str, Any] = {}
    for folder in dict.fromkeys(find_folder(name, runs, "study", "run") for name in names):
        if (folder / MARKERS["run"]).exists():
            run = RunFolder(folder)
            look(run)
            parts["/".join(folder.parts[-3:])] = run
        else:
            parts[folder.name] = Study.open(folder).result
    written = write_course(parts, out or runs / COURSE, notes, overwrite or out is None)
    for name in parts:
        print_line(name)
    print_line(f"report: {written}")


def test(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A run folder or a study's folder, a part of its name, or: last.",
            autocompletion=completion.studies_and_runs,
        ),
    ],
    arm: Annotated[str | None, typer.Option(help="Of a study, the arm that was chosen: norm=batch.")] = None,
    because: Annotated[str, typer.Option(help="Why the test is opened; it stands in the report.")] = "",
    json: Json = False,
    csv: Csv = None,
    overwrite: Overwrite = False,
    runs: Runs = RUNS,
    plugin: Plugin = None,
) -> None:
    """Open the held-out test: once for each run, and written down. Choose on validation figures, then test.

    Of a study it is opened for one arm: comparing arms on the test spends it.

    Examples:

    - `paribus test last --because "the recipe of the paper"`

    - `paribus test digits-cnn--model.norm --arm norm=batch`

    - `paribus test norm=batch/seed-0`
    """
    from paribus.records.run import RunFolder
    from paribus.records.store import MARKERS
    from paribus.reports.export import deliver
    from paribus.reports.outcomes import held_out_page
    from paribus.studies.held_out import test_arm, test_run

    load_plugins(plugin)
    folder = find_folder(name, runs, "run", "study")
    if (folder / MARKERS["study"]).exists():
        tests = test_arm(folder, arm, because)
        _again(folder)
    elif arm is not None:
        raise StudyError("a run has no arms", got=str(folder), hint="leave --arm out, or name its study")
    else:
        tests = [(RunFolder(folder), test_run(RunFolder(folder), because))]
        _again(folder.parents[1])
    deliver(held_out_page(tests), json, csv, overwrite)


def _again(study: Path) -> None:
    """Write the report of a study again, if it has one: what it says of the test would be old."""
    from paribus.reports.files import write
    from paribus.study import Study

    if (study / "report.html").exists() and (study / "study.json").exists():
        write(Study.open(study).result, study)
