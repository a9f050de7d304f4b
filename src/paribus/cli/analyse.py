"""``paribus analyse``: one question of the table of analyses, asked of trained runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from paribus.cli import completion
from paribus.cli.words import RUNS, Overwrite, Plugin, Runs, finished, load_plugins, parse_overrides
from paribus.errors import ParibusError

if TYPE_CHECKING:
    from paribus.records.run import RunFolder
    from paribus.reports.page import Page


def analyse(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME", help="The analysis (see: paribus list analyses).", autocompletion=completion.analyses
        ),
    ],
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN",
            help="A run folder or a study's folder, a part of its name, or: last.",
            autocompletion=completion.studies_and_runs,
        ),
    ],
    options: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="An option of the analysis (see: paribus show NAME)."),
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Compute it even if the answer is kept.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the records as JSON.")] = False,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the page with its pictures; of a single run.")
    ] = None,
    overwrite: Overwrite = False,
    runs: Runs = RUNS,
    plugin: Plugin = None,
) -> None:
    """Ask a trained run a question. The answer is kept in its folder, and shown in its report.

    Examples:

    - `paribus analyse latent-map last --html codes.html`

    - `paribus analyse likelihood last --set draws=500`

    - `paribus analyse skill last --set split=test --json`
    """
    from paribus.analysis.kept import analyse as ask
    from paribus.analysis.table import find, resolve
    from paribus.progress import working
    from paribus.reports.terminal import print_line, print_page

    load_plugins(plugin)
    make_page, settings = resolve(find(name).page), parse_overrides(options)
    folders = finished(run, runs, str(settings.get("split", "val")))
    if html is not None and len(folders) > 1:
        raise ParibusError("a page shows one run", got=f"{len(folders)} runs of {run}", hint="name one of them")
    with working(f"analysing {name}"):
        records = {folder: ask(folder, name, again=again, **settings) for folder in folders}
    if json:
        _print_json(records)
        return
    for folder, record in records.items():
        page = make_page(record)
        if html is not None:
            _write(page, html, overwrite)
        else:
            if len(records) > 1:
                print_line(f"\n{folder.path}")
            print_page(page)


def _print_json(records: Mapping[RunFolder, Any]) -> None:
    from pydantic_core import to_jsonable_python

    from paribus.files import dumps

    plain = [{"run": str(folder.path), **to_jsonable_python(record)} for folder, record in records.items()]
    print(dumps(plain, indent=2))


def _write(page: Page, path: Path, overwrite: bool) -> None:
    from paribus.files import save
    from paribus.reports.render import draw, to_html
    from paribus.reports.terminal import print_line

    save(path, to_html(page, draw(page)), overwrite)
    print_line(f"page in {path}")
