"""``paribus activations``: the sheets of activation functions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paribus.cli.words import Overwrite


def activations(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="sigmoid, relu, gelu …; all by default.")
    ] = None,
    html: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a page with formulas, curves and values.")
    ] = None,
    png: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a picture of values and derivatives.")] = None,
    overwrite: Overwrite = False,
) -> None:
    """Show activation functions: formula, derivative, range, Lipschitz constant, where they saturate.

    Examples:

    - `paribus activations`

    - `paribus activations gelu`

    - `paribus activations relu sigmoid --html activations.html --png activations.png`
    """
    from paribus.files import save
    from paribus.plots.activations import activations as draw
    from paribus.reports.activations import as_html, as_text
    from paribus.theory.activations import sheets

    found = sheets(names or ())
    if html is not None:
        save(html, as_html(found), overwrite)
        print(f"page in {html}")
    if png is not None:
        save(png, draw([sheet.activation for sheet in found]).png(), overwrite)
        print(f"picture in {png}")
    if html is None and png is None:
        print(as_text(found))
