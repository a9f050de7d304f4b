"""``paribus explain``: what a trained network does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paribus.cli import completion
from paribus.cli.words import RUNS, Overwrite, Plugin, Runs, find_folder, load_plugins, parse_overrides

if TYPE_CHECKING:
    from paribus.analysis.explain import Explanation


def explain(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN", help="A run's folder, a part of its name, or: last.", autocompletion=completion.runs
        ),
    ],
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[WHAT]...",
            help="Analyses (see: paribus list analyses); by default all that apply and are quick.",
            autocompletion=completion.analyses,
        ),
    ] = None,
    options: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="An option of the analyses (see: paribus show NAME)."),
    ] = None,
    cost: Annotated[
        str | None, typer.Option(help='What mistakes cost, for the analysis errors: "fn=10 fp=1", "CLASS=10".')
    ] = None,
    again: Annotated[bool, typer.Option("--again", help="Compute the answers even if they are kept.")] = False,
    json: Annotated[bool, typer.Option("--json", help="Print the records as JSON.")] = False,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write one page with all pictures.")] = None,
    overwrite: Overwrite = False,
    runs: Runs = RUNS,
    plugin: Plugin = None,
) -> None:
    """Say what a trained network does: all that can be asked of it on one page, or what you name.

    Examples:

    - `paribus explain last`

    - `paribus explain last --html explained.html`

    - `paribus explain last attention --set method=integrated_gradients`

    - `paribus explain last gradcam errors --html seen.html`

    - `paribus explain last errors --cost "fn=10 fp=1"`
    """
    from paribus.progress import working
    from paribus.records.run import RunFolder

    load_plugins(plugin)
    folder = RunFolder(find_folder(run, runs, "run"))
    with working("explaining"):
        from paribus.analysis.explain import explain as ask

        settings = parse_overrides(options) | ({} if cost is None else {"cost": cost})
        found = ask(folder, what or None, again=again, **settings)
    if json:
        _print_json(found)
        return
    _print(found, whole=bool(what) and html is None)
    if html is not None:
        _write(found, html, overwrite)


def _print_json(found: Explanation) -> None:
    from pydantic_core import to_jsonable_python

    from paribus.files import dumps

    print(dumps(to_jsonable_python(found), indent=2))


def _print(found: Explanation, whole: bool) -> None:
    """What was found in short, or the whole page of each analysis."""
    from paribus.reports.explain import brief_page, page_of
    from paribus.reports.terminal import print_page

    if whole:
        for name in found:
            print_page(page_of(found, name))
    else:
        print_page(brief_page(found))


def _write(found: Explanation, path: Path, overwrite: bool) -> None:
    from paribus.files import save
    from paribus.reports.explain import explanation_page
    from paribus.reports.render import draw, to_html
    from paribus.reports.terminal import print_line

    page = explanation_page(found)
    save(path, to_html(page, draw(page)), overwrite)
    print_line(f"page in {path}")
