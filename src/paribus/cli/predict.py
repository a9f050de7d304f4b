"""``paribus predict``: what a trained network says of pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paribus.cli.words import RUNS, Plugin, Runs, find_folder, load_plugins


def predict(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A finished run's folder, a part of its name, or: last.")],
    files: Annotated[list[Path], typer.Argument(metavar="FILES...", help="Pictures, or folders of pictures.")],
    csv: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a CSV file; - prints it.", allow_dash=True)
    ] = None,
    runs: Runs = RUNS,
    plugin: Plugin = None,
) -> None:
    """Label pictures with a trained network, with the probability of every class.

    Examples:

    - `paribus predict last cat.jpg dog.png`

    - `paribus predict runs/folder-cnn/3f2a/seed-0 new_pictures --csv labels.csv`
    """
    from paribus.analysis.predict import predict as ask
    from paribus.analysis.predict import to_csv
    from paribus.analysis.trained import load
    from paribus.records.files import write_bytes
    from paribus.records.run import RunFolder
    from paribus.reports.terminal import print_predictions

    load_plugins(plugin)
    answers = ask(load(RunFolder(find_folder(run, runs, "run"))), files)
    if csv is None:
        print_predictions(answers)
    elif str(csv) == "-":
        print(to_csv(answers), end="")
    else:
        write_bytes(csv, to_csv(answers).encode())
        print(f"{len(answers)} predictions in {csv}")
    if all(answer.problem for answer in answers):
        raise typer.Exit(1)
