"""``paribus skill``: how much better a trained network is than what needs no model."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from paribus.cli.words import MARKERS, RUNS, Plugin, Runs, find_folder, load_plugins
from paribus.errors import RunError


def skill(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="A run folder or a study's folder, a part of its name, or: last.")
    ],
    part: Annotated[
        Literal["validation", "test"], typer.Option(help="On which part; the test is opened and that written down.")
    ] = "validation",
    runs: Runs = RUNS,
    plugin: Plugin = None,
) -> None:
    """Compare trained networks with what needs no model, such as repeating the last season, on the same examples.

    Examples:

    - `paribus skill last`

    - `paribus skill seasons-lstm--model.use --part test`
    """
    from paribus.analysis.held_out import test as open_test
    from paribus.analysis.skill import skill as compare
    from paribus.records.run import RunFolder
    from paribus.reports.terminal import print_skills

    load_plugins(plugin)
    found = find_folder(run, runs, "run", "study")
    folders = [RunFolder(found)]
    if (found / MARKERS["study"]).exists():
        folders = [RunFolder(path.parent) for path in sorted(found.glob("*/*/result.json"))]
    if not folders:
        raise RunError("this study has no finished run", got=str(found), hint="run the study first")
    if part == "test":
        for folder in folders:
            open_test(folder)
    print_skills([(folder, compare(folder, part)) for folder in folders])
