"""``paribus export``: runs in the formats of other tools."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paribus.cli import completion
from paribus.cli.words import RUNS, Overwrite, Runs, find_folder


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
        str, typer.Option(metavar="FORMAT", help="What to write: csv, parquet, tensorboard, mlflow or wandb.")
    ],
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="The folder to write; export/FORMAT in that of the run or study by default."
        ),
    ] = None,
    overwrite: Overwrite = False,
    runs: Runs = RUNS,
) -> None:
    """Write a run, or all runs of a study, for another tool. What other tools logged is read by `paribus evidence`.

    Examples:

    - `paribus export last --to csv`

    - `paribus export digits-cnn--model.norm --to tensorboard --out logs`

    - `paribus export last --to mlflow`
    """
    from paribus.progress import working
    from paribus.reports.terminal import print_line

    folder = find_folder(name, runs, "study", "run")
    with working(f"writing {to}"):
        from paribus.exchange.export import export as write
        from paribus.exchange.targets import TARGETS

        place = write(folder, to, out, overwrite=overwrite)
    print_line(str(place))
    if then := TARGETS[to].then:
        print_line(f"look at it: {then.format(place=place)}")
