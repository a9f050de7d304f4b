"""``paribus predict``: predictions of a trained network for files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from paribus.cli import completion
from paribus.cli.words import RUNS, Overwrite, Plugin, Runs, find_folder, load_plugins


def predict(
    run: Annotated[
        str,
        typer.Argument(
            metavar="RUN",
            help="A finished run's folder, a part of its name, or: last. Of a study all seeds of an arm.",
            autocompletion=completion.studies_and_runs,
        ),
    ],
    files: Annotated[list[Path], typer.Argument(metavar="FILES...", help="Pictures, or folders of pictures.")],
    arm: Annotated[
        str | None, typer.Option(help="Of a study, the arm whose seeds predict together: norm=batch, or a part of it.")
    ] = None,
    others: Annotated[
        list[str] | None,
        typer.Option(
            "--with",
            metavar="RUN",
            help="Another run, whose probabilities are averaged in.",
            autocompletion=completion.studies_and_runs,
        ),
    ] = None,
    tta: Annotated[
        str | None,
        typer.Option(
            metavar="flip|N", help="Average over views: the mirror image too, or N draws of the recipe's augmentations."
        ),
    ] = None,
    csv: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write a CSV file: file, label, each figure of the task, agreement, problem; - prints it.",
            allow_dash=True,
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Write predictions that are more than a word: pictures, tables with their curves, texts.",
        ),
    ] = None,
    overwrite: Overwrite = False,
    runs: Runs = RUNS,
    plugin: Plugin = None,
) -> None:
    """Predict for files with a trained network: classes of pictures, masks, cleaned pictures, forecasts.

    Several networks, or several views of each picture (--tta), average their probabilities of the classes; what they
    gain is said by `paribus analyse ensemble` and `paribus analyse tta`.

    Examples:

    - `paribus predict last cat.jpg dog.png`

    - `paribus predict runs/folder-cnn/3f2a/seed-0 new_pictures --csv labels.csv`

    - `paribus predict last street.jpg --out predicted`

    - `paribus predict digits-cnn--model.norm new_pictures --arm norm=batch --tta flip`
    """
    from paribus import files as disk
    from paribus.inference.predict import predict as ask
    from paribus.inference.predict import save, to_csv
    from paribus.progress import working
    from paribus.reports.outcomes import predictions_page
    from paribus.reports.terminal import print_line, print_page

    load_plugins(plugin)
    if csv is not None and str(csv) != "-":  # said before the work, not behind it
        disk.refuse_existing(csv, overwrite=overwrite)
    with working("predicting"):
        asked = [_folder(name, runs, arm) for name in (run, *(others or ()))]
        predictions = ask(asked, files, arm=arm, tta=tta)
    if csv is None:
        print_page(predictions_page(predictions))
    elif str(csv) == "-":
        print(to_csv(predictions), end="")
    else:
        disk.save(csv, to_csv(predictions), overwrite)
        print_line(f"{len(predictions)} predictions in {csv}")
    if out is not None:
        from paribus.reports.pictures import save_forecasts

        written = save(predictions, out, overwrite)
        print_line(f"{len([*written, *save_forecasts(predictions, written, overwrite)])} files in {out}")
    if all(one.problem for one in predictions):
        raise typer.Exit(1)


def _folder(name: str, runs: Path, arm: str | None) -> Path:
    """The folder of a run; of a study where an arm is named, or the name fits nothing else."""
    if arm is not None:
        return find_folder(name, runs, "study", "run")
    return find_folder(name, runs, *(("run",) if name == "last" else ("run", "study")))
