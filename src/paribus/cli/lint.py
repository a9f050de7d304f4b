"""``paribus lint``: whether a run, or a study, keeps what it claims."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paribus.cli import completion
from paribus.cli.words import RUNS, Overwrite, Plugin, Runs, find_folder, load_plugins


def lint(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN|STUDY",
            help="A run folder or a study's folder, a part of its name, or: last.",
            autocompletion=completion.studies_and_runs,
        ),
    ],
    strict: Annotated[
        bool,
        typer.Option("--strict", help="Exit code 1 if a claim is broken; what cannot be checked does not count."),
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="Print all outcomes as JSON.")] = False,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the page.")] = None,
    overwrite: Overwrite = False,
    runs: Runs = RUNS,
    plugin: Plugin = None,
) -> None:
    """Compare what a run or a study claims with what happened: every claim is kept, broken, or cannot be checked.

    Examples:

    - `paribus lint last`

    - `paribus lint digits-cnn--model.norm --strict`

    - `paribus lint last --json`
    """
    from dataclasses import asdict

    from paribus.files import dumps
    from paribus.reports.lint import lint_page
    from paribus.reports.live import counting
    from paribus.reports.terminal import print_line, print_page

    load_plugins(plugin)
    place = find_folder(run, runs, "run", "study")
    with counting() as progress:
        from paribus.diagnosis.lint.lint import lint as check

        found = check(place, progress=progress)
    if json:
        print(dumps(asdict(found), indent=2))
    elif html is not None:
        from paribus.files import save
        from paribus.reports.render import draw, to_html

        page = lint_page(found)
        save(html, to_html(page, draw(page)), overwrite)
        print_line(f"page in {html}")
    else:
        print_page(lint_page(found))
    if strict and found.exit_code:
        raise typer.Exit(found.exit_code)
