"""``paribus activations``: the sheets of activation functions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def activations(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="sigmoid, relu, gelu …; all by default.")
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a page with formulas and curves.")] = None,
    png: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a picture of values and derivatives.")] = None,
) -> None:
    """Show activation functions: formula, derivative, range, Lipschitz constant, where they saturate.

    Examples:

    - `paribus activations`

    - `paribus activations gelu`

    - `paribus activations relu sigmoid --html activations.html --png activations.png`
    """
    from paribus.files import write_bytes
    from paribus.plots.activations import activations as draw
    from paribus.reports.activations import as_html, as_text
    from paribus.theory.activations import sheets

    found = sheets(names or ())
    if html is not None:
        write_bytes(html, as_html(found).encode())
        print(f"page in {html}")
    if png is not None:
        write_bytes(png, draw([sheet.activation for sheet in found]).png())
        print(f"picture in {png}")
    if html is None and png is None:
        print(as_text(found))
