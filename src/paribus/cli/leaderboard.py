"""``paribus leaderboard``: all finished runs of the same examples, and which recipes may be the best."""

from __future__ import annotations

from typing import Annotated

import typer

from paribus.cli.words import RUNS, About, Csv, Json, Overwrite, Runs, read_claim


def leaderboard(
    data: Annotated[
        str | None, typer.Option(metavar="NAME", help="A part of the data's name or path; all data by default.")
    ] = None,
    metric: Annotated[
        str | None, typer.Option(help="The figure, such as val/auroc; the first one of the task by default.")
    ] = None,
    claim: About = None,
    json: Json = False,
    csv: Csv = None,
    overwrite: Overwrite = False,
    runs: Runs = RUNS,
) -> None:
    """Compare the recipes of all finished runs, of studies or single, that validated on the same examples.

    Examples:

    - `paribus leaderboard`

    - `paribus leaderboard --data xray --metric val/balanced_accuracy`
    """
    from paribus.progress import working
    from paribus.reports import leaderboard
    from paribus.reports.export import deliver
    from paribus.studies.leaderboard import boards

    with working("comparing recipes"):
        page = leaderboard.page(boards(runs, data, metric, read_claim(claim)))
    deliver(page, json, csv, overwrite)
