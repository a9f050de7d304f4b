"""``paribus diagnose``: what is wrong with a training."""

from __future__ import annotations

from typing import Annotated

import typer

from paribus.cli import completion
from paribus.cli.words import RUNS, Plugin, Runs, find_folder, load_plugins


def diagnose(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN", help="A run's folder, a part of its name, or: last.", autocompletion=completion.runs
        ),
    ],
    json: Annotated[bool, typer.Option("--json", help="Print the findings, and what was looked at, as JSON.")] = False,
    runs: Runs = RUNS,
    plugin: Plugin = None,
) -> None:
    """Say from its records what is wrong with a run, with the evidence and a one-change treatment.

    It also says what it looked for, and what it did not look at.

    Examples:

    - `paribus diagnose last`

    - `paribus diagnose runs/energy-lstm/3f2a/seed-0 --json`
    """
    from json import dumps

    from paribus.progress import working
    from paribus.records.run import RunFolder
    from paribus.reports.outcomes import findings_page
    from paribus.reports.terminal import print_page

    load_plugins(plugin)
    folder = RunFolder(find_folder(run, runs, "run"))
    with working("looking through the records"):
        from paribus.diagnosis.doctor import diagnose as examine

        found = examine(folder)
    if json:
        print(dumps(found.plain(), indent=2, ensure_ascii=False))
    else:
        print_page(findings_page(found, folder))
