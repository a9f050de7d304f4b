"""``paribus report`` and ``paribus test``: what a study or a run has to say."""

from __future__ import annotations

from typing import Annotated

import typer

from paribus.cli.words import RUNS, Plugin, Runs, find_folder, finished, load_plugins


def report(
    study: Annotated[str, typer.Argument(metavar="STUDY", help="A study's folder, its name, a part of it, or: last.")],
    runs: Runs = RUNS,
    plugin: Plugin = None,
) -> None:
    """Write a study's report: one self-contained HTML file, and Markdown beside it.

    Examples:

    - `paribus report last`

    - `paribus report runs/digits-cnn--model.norm`
    """
    from paribus.reports import brief
    from paribus.reports.terminal import print_page
    from paribus.studies.study import Study

    load_plugins(plugin)
    opened = Study.open(find_folder(study, runs, "study"))
    page = opened.report()
    print_page(brief.study(opened.result, page))


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
    from paribus.reports.answers import held_out_page
    from paribus.reports.terminal import print_page

    load_plugins(plugin)
    print_page(held_out_page([(folder, open_test(folder)) for folder in finished(run, runs)]))
