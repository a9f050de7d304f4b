"""``paribus data``: data sets, where they are, and whether pictures of your own are fit for training."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def data(
    path: Annotated[
        Path | None, typer.Argument(metavar="[FOLDER]", help="A folder of your own pictures to examine.")
    ] = None,
    labels: Annotated[str, typer.Option(help="folders, or a CSV file with columns path, label and split.")] = "folders",
    group: Annotated[str | None, typer.Option(help="A CSV column or a regular expression that names groups.")] = None,
    clear_cache: Annotated[bool, typer.Option("--clear-cache", help="Delete the decoded copies.")] = False,
) -> None:
    """Show the data sets and where they are looked for; examine a folder of pictures before training.

    Examples:

    - `paribus data`

    - `paribus data my_pictures`

    - `paribus data --clear-cache`
    """
    from paribus.reports import terminal

    if clear_cache:
        from paribus.data import cache

        print(f"freed {cache.clear() / 1e6:.1f} MB")
    elif path is None:
        terminal.print_sources()
    else:
        from paribus.data.scan import scan
        from paribus.reports.live import counting

        with counting() as progress:
            found = scan(path, labels, group, progress=progress)
        terminal.print_scan(found)
        if found.bad:
            raise typer.Exit(1)
