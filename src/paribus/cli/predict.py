"""``paribus predict``: predictions of a trained network for files."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paribus.cli import completion
from paribus.cli.words import RUNS, Overwrite, Plugin, Runs, find_folder, load_plugins

if TYPE_CHECKING:
    from paribus.inference.submission import Layout
    from paribus.tasks.prediction import Prediction


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
    as_submission: Annotated[
        bool,
        typer.Option("--submission", help="Write --csv as leaderboards want it: id (the file's name) and label."),
    ] = False,
    columns: Annotated[
        str | None,
        typer.Option(
            metavar="NAME,NAME…",
            help="Columns of the submission: of the id, then of the label, or classes for their probabilities.",
        ),
    ] = None,
    like: Annotated[
        Path | None,
        typer.Option(metavar="SAMPLE.csv", help="A sample submission, whose columns, ids and order are taken."),
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

    - `paribus predict last test_pictures --csv submission.csv --like sample_submission.csv`
    - `paribus predict digits-cnn--model.norm new_pictures --arm norm=batch --tta flip`
    """
    from paribus import files as disk
    from paribus.inference.predict import predict as ask
    from paribus.inference.predict import save, to_csv
    from paribus.progress import working
    from paribus.reports.outcomes import predictions_page
    from paribus.reports.terminal import print_line, print_page

    load_plugins(plugin)
    wanted = _layout(csv, as_submission, columns, like)
    if csv is not None and str(csv) != "-":  # said before the work, not behind it
        disk.refuse_existing(csv, overwrite=overwrite)
    with working("predicting"):
        asked = [_folder(name, runs, arm) for name in (run, *(others or ()))]
        predictions = ask(asked, files, arm=arm, tta=tta)
    if csv is None:
        print_page(predictions_page(predictions))
    else:
        text, rows = (
            (to_csv(predictions), len(predictions)) if wanted is None else _submission(predictions, wanted, files)
        )
        if str(csv) == "-":
            print(text, end="")
        else:
            disk.save(csv, text, overwrite)
            print_line(f"{rows} predictions in {csv}")
    if out is not None:
        from paribus.reports.pictures import save_forecasts

        written = save(predictions, out, overwrite)
        print_line(f"{len([*written, *save_forecasts(predictions, written, overwrite)])} files in {out}")
    if all(one.problem for one in predictions):
        raise typer.Exit(1)


def _layout(csv: Path | None, asked: bool, columns: str | None, like: Path | None) -> Layout | None:
    """What a submission looks like, where one is asked for; it is read before the work."""
    if not (asked or columns or like):
        return None
    from paribus.errors import DataError
    from paribus.inference.submission import layout

    if csv is None:
        raise DataError("a submission is a CSV file", got="no --csv", hint="write --csv submission.csv")
    return layout(columns, like)


def _submission(predictions: Sequence[Prediction], wanted: Layout, files: Sequence[Path]) -> tuple[str, int]:
    """The text of a submission and its rows; what it leaves out is said beside it."""
    from paribus.inference.submission import submission
    from paribus.records.wording import count
    from paribus.streams import say

    made = submission(predictions, wanted, files)
    if made.left_out:
        say(f"the sample does not name {count(len(made.left_out), 'file')}, left out, such as {made.left_out[0]}")
    return made.text, made.rows


def _folder(name: str, runs: Path, arm: str | None) -> Path:
    """The folder of a run; of a study where an arm is named, or the name fits nothing else."""
    if arm is not None:
        return find_folder(name, runs, "study", "run")
    return find_folder(name, runs, *(("run",) if name == "last" else ("run", "study")))
