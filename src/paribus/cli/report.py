"""``paribus report`` and ``paribus test``: reports and held-out tests of studies and runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paribus.cli import completion
from paribus.cli.words import RUNS, Csv, Json, Plugin, Runs, find_folder, load_plugins
from paribus.errors import StudyError


def report(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A study's folder or a run's, a part of its name, or: last.",
            autocompletion=completion.studies_and_runs,
        ),
    ],
    json: Json = False,
    csv: Csv = None,
    runs: Runs = RUNS,
    plugin: Plugin = None,
) -> None:
    """Write the report of a study or a run: one self-contained HTML file, and Markdown beside it.

    Examples:

    - `paribus report last`

    - `paribus report runs/digits-cnn--model.norm`

    - `paribus report norm=batch/seed-0`
    """
    from paribus.records.run import RunFolder
    from paribus.records.store import MARKERS
    from paribus.reports import brief
    from paribus.reports.export import deliver, tell_report
    from paribus.reports.files import write, write_run
    from paribus.study import Study

    load_plugins(plugin)
    folder = find_folder(name, runs, "study", "run")
    if (folder / MARKERS["run"]).exists():
        deliver(brief.run(RunFolder(folder)), json, csv)
        tell_report(write_run(RunFolder(folder)), json, csv)
        return
    opened = Study.open(folder)
    result = opened.result
    deliver(brief.study(result), json, csv)  # before anything is drawn: the answer is what matters
    tell_report(write(result, opened.folder), json, csv)


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
    from paribus.inference.held_out import test as open_test
    from paribus.records.run import RunFolder
    from paribus.records.store import MARKERS
    from paribus.reports.export import deliver
    from paribus.reports.outcomes import held_out_page
    from paribus.studies.held_out import test_arm

    load_plugins(plugin)
    folder = find_folder(name, runs, "run", "study")
    if (folder / MARKERS["study"]).exists():
        tests = test_arm(folder, arm, because)
        _again(folder)
    elif arm is not None:
        raise StudyError("a run has no arms", got=str(folder), hint="leave --arm out, or name its study")
    else:
        tests = [(RunFolder(folder), open_test(RunFolder(folder), because))]
        _again(folder.parents[1])
    deliver(held_out_page(tests), json, csv)


def _again(study: Path) -> None:
    """Write the report of a study again, if it has one: what it says of the test would be old."""
    from paribus.reports.files import write
    from paribus.study import Study

    if (study / "report.html").exists() and (study / "study.json").exists():
        write(Study.open(study).result, study)
