"""``paribus evidence``: figures that were measured elsewhere, compared."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path
from typing import Annotated

import typer

from paribus.cli.words import About, Csv, Delta, Json, Overwrite, read_claim


def evidence(
    results: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="Figures of runs: .csv, .tsv, .json, .jsonl or .parquet, a row for each; or a folder or database of "
            "MLflow, Weights & Biases, TensorBoard or Optuna.",
        ),
    ],
    arm: Annotated[
        list[str] | None,
        typer.Option(metavar="COLUMN", help="Makes the arms; may be repeated. Without it each column is an arm."),
    ] = None,
    seed: Annotated[
        str | None,
        typer.Option(metavar="COLUMN", help="Pairs the runs of different arms; the one called seed by default."),
    ] = None,
    metric: Annotated[
        str | None, typer.Option(metavar="COLUMN", help="The figure compared; where columns are arms, its name.")
    ] = None,
    by_epoch: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN", help="Counts the rows of a run, whose figure is that of the last; best:epoch of the best."
        ),
    ] = None,
    lower_is_better: Annotated[
        bool | None,
        typer.Option("--lower-is-better/--higher-is-better", help="Which is good; by default as the name says."),
    ] = None,
    percent: Annotated[bool, typer.Option("--percent", help="The figures are per cent, 0 to 100.")] = False,
    delta: Delta = None,
    reference: Annotated[
        str | None, typer.Option(metavar="ARM", help="What others are compared with; the first arm by default.")
    ] = None,
    claim: About = None,
    overlap: Annotated[
        float | None,
        typer.Option(
            metavar="SHARE",
            help="Validation examples for each that trains, where seeds draw the split; so data like these are judged.",
        ),
    ] = None,
    unpaired: Annotated[
        bool, typer.Option("--unpaired", help="Compare means of arms: runs of the same seed share nothing.")
    ] = False,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where report.html, report.md and the pictures go.")
    ] = None,
    json: Json = False,
    csv: Csv = None,
    overwrite: Overwrite = False,
) -> None:
    """Compare trainings that were run elsewhere, from a table of their figures.

    Examples:

    - `paribus evidence results.csv --arm optimizer --seed seed --metric accuracy`

    - `paribus evidence log.jsonl --arm optimizer --arm lr --seed seed --metric val_loss --by-epoch epoch`

    - `paribus evidence results.csv --arm optimizer --metric accuracy --overlap 0.25 --out report`

    - `paribus evidence mlruns --arm lr --metric val_acc`
    """
    from functools import partial

    from paribus.numbers import evidence
    from paribus.reports import brief
    from paribus.reports.export import deliver, deliver_with_report

    result = evidence(
        results,
        arm=arm or (),
        seed=seed,
        metric=metric,
        by_epoch=by_epoch,
        lower_is_better=lower_is_better,
        percent=percent,
        delta=delta,
        reference=reference,
        claim=read_claim(claim),
        overlap=overlap,
        unpaired=unpaired,
        command="paribus " + shlex.join(sys.argv[1:]),
    )
    if out is None:
        deliver(brief.study(result), json, csv, overwrite)
        return
    from paribus.reports.files import write

    deliver_with_report(brief.study(result), partial(write, result, out, overwrite), json, csv, overwrite)
