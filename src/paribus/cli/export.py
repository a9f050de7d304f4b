"""``paribus export``: runs in the formats of other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paribus.cli import completion
from paribus.cli.words import RUNS, Overwrite, Plugin, Runs, find_folder, load_plugins


def export(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="Folder of a study or a run, a part of its name, or: last.",
            autocompletion=completion.studies_and_runs,
        ),
    ],
    to: Annotated[
        str,
        typer.Option(
            metavar="FORMAT",
            help="Runs: csv, parquet, tensorboard, mlflow, wandb. A run's network: onnx, pt2, safetensors.",
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="The folder to write; export/FORMAT in that of the run or study by default."
        ),
    ] = None,
    overwrite: Overwrite = False,
    runs: Runs = RUNS,
    plugin: Plugin = None,
) -> None:
    """Write a run or a study for another tool, or a run's network for use without paribus.

    A network is checked against the run on batches of 1, 2 and 7 before it is kept. What other tools logged is read by
    `paribus evidence`.

    Examples:

    - `paribus export last --to csv`

    - `paribus export digits-cnn--model.norm --to tensorboard --out logs`

    - `paribus export last --to mlflow`

    - `paribus export last --to onnx`
    """
    from paribus.inference.export.formats import FORMATS
    from paribus.progress import working
    from paribus.reports.terminal import print_line

    load_plugins(plugin)
    network = to in FORMATS
    folder = find_folder(name, runs, *(("run",) if network else ("study", "run")))
    with working(f"writing {to}"):
        from paribus.exchange.targets import TARGETS
        from paribus.inference.export.export import export as write

        place = write(folder, to, out, overwrite=overwrite)
    print_line(str(place))
    if network:
        _tell_network(place, to)
    elif then := TARGETS[to].then:
        print_line(f"look at it: {then.format(place=place)}")


def _tell_network(place: Path, to: str) -> None:
    """Say how near a written network is to its run, and how it is used."""
    from paribus.files import read_json
    from paribus.reports.terminal import print_line

    about = read_json(place / "about.json")
    check = about["check"]
    sizes = ", ".join(map(str, check["batches"]))
    print_line(
        f"checked on batches of {sizes} ({check['inputs']}): largest difference {check['largest_difference']:.2g}, "
        f"allowed {check['allowed']:.2g}"
    )
    print_line(
        f"use it: python {place / 'load.py'}" + (" PICTURE" if about["decoding"] and to != "safetensors" else "")
    )
