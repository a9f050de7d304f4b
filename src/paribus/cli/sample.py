"""``paribus sample``: new examples from a trained network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paribus.cli import completion
from paribus.cli.words import RUNS, Overwrite, Plugin, Runs, find_folder, load_plugins, parse_overrides


def sample(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN", help="A finished run's folder, a part of its name, or: last.", autocompletion=completion.runs
        ),
    ],
    count: Annotated[int, typer.Option(help="How many examples to draw.")] = 16,
    seed: Annotated[int, typer.Option(help="Equal seeds draw equal examples.")] = 0,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Where to write them.")] = None,
    options: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="An option of the task, such as walk=true.")
    ] = None,
    overwrite: Overwrite = False,
    runs: Runs = RUNS,
    plugin: Plugin = None,
) -> None:
    """Draw new examples from a trained network: pictures, or text.

    Examples:

    - `paribus sample last`

    - `paribus sample last --count 64 --seed 3 --out digits.png`

    - `paribus sample last --set walk=true`
    """
    from paribus.inference.sample import sample as draw
    from paribus.inference.trained import load
    from paribus.progress import working
    from paribus.records.run import RunFolder
    from paribus.reports.terminal import print_line

    load_plugins(plugin)
    folder = find_folder(run, runs, "run")
    with working("drawing"):
        drawn = draw(load(RunFolder(folder)), count, seed, **parse_overrides(options))
    if drawn.text:
        print_line(drawn.text)
    if out or not drawn.text:
        own = folder / "samples" / f"seed-{seed}"
        for path in drawn.save(out or own, overwrite=overwrite or out is None):
            print_line(str(path))
