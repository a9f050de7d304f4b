"""``paribus report`` and ``paribus test``: reports and held-out tests of studies and runs."""

from __future__ import annotations

from typing import Annotated

import typer

from paribus.cli.words import RUNS, Plugin, Runs, find_folder, finished, load_plugins


def report(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="A study's folder or a run's, a part of its name, or: last.")
    ],
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
    from paribus.reports.files import write, write_run
    from paribus.reports.terminal import print_line, print_page
    from paribus.study import Study

    load_plugins(plugin)
    folder = find_folder(name, runs, "study", "run")
    if (folder / MARKERS["run"]).exists():
        print_page(brief.run(RunFolder(folder)))
        print_line(f"\nreport: {write_run(RunFolder(folder))}")
        return
    opened = Study.open(folder)
    result = opened.result
    print_page(brief.study(result))
    print_line(f"\nreport: {write(result, opened.folder)}")


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
