"""``paribus compare``: who flips between two runs, or between the arms of a study."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from paribus.cli import completion
from paribus.cli.words import RUNS, Overwrite, Plugin, Runs, load_plugins


def compare(
    first: Annotated[
        str,
        typer.Argument(
            metavar="RUN|STUDY",
            help="A run's folder, a part of its name, or: last; alone, a study.",
            autocompletion=completion.studies_and_runs,
        ),
    ],
    second: Annotated[
        str | None,
        typer.Argument(metavar="[RUN]", help="The other run.", autocompletion=completion.studies_and_runs),
    ] = None,
    arm: Annotated[str | None, typer.Option(help="Of a study: the arm that is compared with the reference.")] = None,
    split: Annotated[
        Literal["val", "test"],
        typer.Option(help="Examples of two runs, val or test; the test is opened and that is written down."),
    ] = "val",
    because: Annotated[str, typer.Option(help="Why the test is opened; it stands in the report.")] = "",
    most: Annotated[int, typer.Option(min=4, help="Examples of two runs that are asked, the first ones.")] = 2000,
    probe: Annotated[int, typer.Option(min=4, help="Of these, those whose features are compared by layer.")] = 512,
    shown: Annotated[int, typer.Option(min=1, max=48, help="Examples that are shown of either kind.")] = 12,
    json: Annotated[bool, typer.Option("--json", help="Print the record as JSON.")] = False,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the page with its pictures.")] = None,
    overwrite: Overwrite = False,
    runs: Runs = RUNS,
    plugin: Plugin = None,
) -> None:
    """Show which examples two runs, or the arms of a study, answer differently, and how alike their layers are.

    Examples:

    - `paribus compare digits-mlp digits-cnn --html compared.html`

    - `paribus compare digits-cnn--model.norm`
    """
    from paribus.progress import working

    load_plugins(plugin)
    with working("comparing"):
        from pydantic_core import to_jsonable_python

        from paribus.files import dumps, save
        from paribus.reports.compare import page_of
        from paribus.reports.render import draw, to_html
        from paribus.reports.terminal import print_line, print_page
        from paribus.studies.compare import compare as compared

        asked: dict[str, Any] = {"arm": arm, "split": split, "because": because, "most": most, "probe": probe}
        found = compared(first, second, **asked, shown=shown, runs=runs)
    if json:
        print(dumps(to_jsonable_python(found), indent=2))
        return
    page = page_of(found)
    if html is None:
        print_page(page)
        return
    save(html, to_html(page, draw(page)), overwrite)
    print_line(f"page in {html}")
