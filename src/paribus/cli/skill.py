"""``paribus skill``: how much better a trained network is than baselines that need no model."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

from paribus.cli import completion
from paribus.cli.words import RUNS, Plugin, Runs, finished, load_plugins


def skill(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN",
            help="A run folder or a study's folder, a part of its name, or: last.",
            autocompletion=completion.studies_and_runs,
        ),
    ],
    split: Annotated[
        Literal["val", "test"],
        typer.Option(help="On which split, val or test; the test is opened and that is written down."),
    ] = "val",
    runs: Runs = RUNS,
    plugin: Plugin = None,
) -> None:
    """Compare trained networks with what needs no model, such as repeating the last season, on the same examples.

    Examples:

    - `paribus skill last`

    - `paribus skill seasons-lstm--model.use --split test`
    """
    from paribus.analysis.kept import analyse
    from paribus.progress import working
    from paribus.reports.analyses import skills_page
    from paribus.reports.outcomes import name_of
    from paribus.reports.terminal import print_page

    load_plugins(plugin)
    with working("computing baselines"):
        skills = [(name_of(folder), analyse(folder, "skill", split=split)) for folder in finished(run, runs, split)]
    print_page(skills_page(skills))
