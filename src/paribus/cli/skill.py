"""``paribus skill``: how much better a trained network is than what needs no model."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from paribus.cli.words import RUNS, Plugin, Runs, finished, load_plugins


def skill(
    run: Annotated[
        str, typer.Argument(metavar="RUN", help="A run folder or a study's folder, a part of its name, or: last.")
    ],
    part: Annotated[
        Literal["val", "test"], typer.Option(help="On which part; the test is opened and that written down.")
    ] = "val",
    runs: Runs = RUNS,
    plugin: Plugin = None,
) -> None:
    """Compare trained networks with what needs no model, such as repeating the last season, on the same examples.

    Examples:

    - `paribus skill last`

    - `paribus skill seasons-lstm--model.use --part test`
    """
    from paribus.analysis.skill import skill as compare
    from paribus.inference.held_out import test as open_test
    from paribus.reports.terminal import print_skills

    load_plugins(plugin)
    folders = finished(run, runs)
    if part == "test":
        for folder in folders:
            open_test(folder)
    print_skills([(folder, compare(folder, part)) for folder in folders])
