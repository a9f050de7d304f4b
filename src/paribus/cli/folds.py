"""``paribus folds``: the figures of a cross-validation over all examples, each from a network that did not see it."""

from __future__ import annotations

from typing import Annotated

import typer

from paribus.cli import completion
from paribus.cli.words import RUNS, Csv, Json, Overwrite, Plugin, Runs, find_folder, load_plugins


def folds(
    study: Annotated[
        str,
        typer.Argument(
            metavar="STUDY",
            help="A study with split.folds: its folder, a part of its name, or: last.",
            autocompletion=completion.studies_and_runs,
        ),
    ],
    json: Json = False,
    csv: Csv = None,
    overwrite: Overwrite = False,
    runs: Runs = RUNS,
    plugin: Plugin = None,
) -> None:
    """Show the out-of-fold figures of a cross-validation: every example predicted by a network that did not see it.

    Examples:

    - `paribus study digits/mlp split.folds=5 --seeds 5 --vary model.dropout=0,0.2`, then

    - `paribus folds last`
    """
    from paribus.progress import working
    from paribus.records.study import StudyDesign
    from paribus.reports.export import deliver
    from paribus.reports.outcomes import folds_page
    from paribus.studies.folds import out_of_fold
    from paribus.studies.measure import find_metrics

    load_plugins(plugin)
    folder = find_folder(study, runs, "study")
    with working("asking the networks of all folds"):
        found = out_of_fold(folder)
    metrics = {metric.name: metric for metric in find_metrics(StudyDesign.open(folder))}
    deliver(folds_page(found, metrics), json, csv, overwrite)
