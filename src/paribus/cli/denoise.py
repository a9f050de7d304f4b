"""``paribus denoise``: networks that remove noise against classical filters."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paribus.cli.words import RUNS, Plugin, Runs, find_folder, load_plugins


def denoise(
    files: Annotated[list[Path], typer.Argument(metavar="FILES...", help="Clean pictures, or folders of them.")],
    run: Annotated[
        list[str],
        typer.Option(
            metavar="RUN", help="A finished run: its folder, a part of its name, or last; may be given several times."
        ),
    ],
    sigma: Annotated[
        list[float] | None,
        typer.Option(metavar="NUMBER", help="Strength of the noise, in grey levels of 255; 15, 25 and 50 by default."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Equal seeds draw equal noise.")] = 0,
    runs: Runs = RUNS,
    plugin: Plugin = None,
) -> None:
    """Add noise to clean pictures, and compare how near networks and classical filters come to them.

    Examples:

    - `paribus denoise photographs --run last`

    - `paribus denoise denoise/bsd_test --run bsd-denoise --run bsd-dncnn --sigma 15 --sigma 25 --sigma 50`
    """
    from paribus.analysis.denoising import SIGMAS, compare, named
    from paribus.inference.predict import expanded
    from paribus.inference.trained import load
    from paribus.records.run import RunFolder
    from paribus.reports.analyses import scores_page
    from paribus.reports.live import counting
    from paribus.reports.terminal import print_page

    load_plugins(plugin)
    networks = {named(one): one for one in (load(RunFolder(find_folder(name, runs, "run"))) for name in run)}
    with counting() as progress:
        scores = compare(networks, expanded(files), sigma or SIGMAS, seed, progress)
    print_page(scores_page(scores))
