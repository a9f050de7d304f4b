"""``paribus lr-find``: which learning rates suit a recipe."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paribus.cli.words import Csv, Device, Json, Overrides, Overwrite, Plugin, RecipeName, load_plugins, read_changes


def lr_find(
    recipe: RecipeName,
    overrides: Overrides = None,
    seeds: Annotated[int, typer.Option(min=1, help="How many tests, each of a network of its own.")] = 3,
    steps: Annotated[int, typer.Option(help="Steps of each test; the rate grows by the same factor in each.")] = 100,
    lowest: Annotated[float, typer.Option(help="The learning rate of the first step.")] = 1e-7,
    highest: Annotated[float, typer.Option(help="The learning rate of the last step.")] = 10.0,
    curvature: Annotated[
        bool, typer.Option(help="Whether to measure λmax of the fresh network, and the limit 2/λmax.")
    ] = True,
    plot: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Draw it into a file: .png, .svg, .pdf, .html or .json.")
    ] = None,
    html: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the page with its picture.")] = None,
    device: Device = "auto",
    json: Json = False,
    csv: Csv = None,
    overwrite: Overwrite = False,
    plugin: Plugin = None,
) -> None:
    """Find the range of learning rates that suits a recipe, and say whether its own is too low, right or too high.

    A fresh network takes a few steps at a rate that grows from one to the next, and is thrown away.

    Examples:

    - `paribus lr-find digits/cnn`

    - `paribus lr-find digits/cnn optimizer=adam --seeds 5 --plot rates.png`
    """
    from paribus.files import save
    from paribus.progress import working
    from paribus.reports.export import deliver
    from paribus.reports.rates import rates_page
    from paribus.streams import say

    load_plugins(plugin)
    changes = read_changes(recipe, overrides)
    with working("trying learning rates"):
        from paribus.training.finder import lr_find as find

        found = find(
            recipe,
            changes,
            seeds=seeds,
            steps=steps,
            lowest=lowest,
            highest=highest,
            curvature=curvature,
            device=device,
        )
    page = rates_page(found)
    deliver(page, json, csv, overwrite)
    if plot is not None:
        from paribus.plots.rates import rates

        say(f"picture in {rates(found).save(plot, overwrite)}")
    if html is not None:
        from paribus.reports.render import draw, to_html

        save(html, to_html(page, draw(page)), overwrite)
        say(f"page in {html}")
