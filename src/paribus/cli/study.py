"""``paribus study``: arms × seeds, compared."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Annotated, cast

import typer

from paribus.cli import completion
from paribus.cli.words import (
    RUNS,
    Csv,
    DataChanged,
    Device,
    DryRun,
    Json,
    Keep,
    Overrides,
    Overwrite,
    Plugin,
    RecipeName,
    Runs,
    load_plugins,
    on_change,
    read_changes,
    read_factors,
)
from paribus.errors import StudyError

if TYPE_CHECKING:
    from paribus.records.claims import Claim
    from paribus.records.looks import Looking


def study(
    recipe: RecipeName,
    overrides: Overrides = None,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIELD=VALUE,VALUE…",
            help="A factor; its first value is the reference. Several factors are crossed.",
            autocompletion=completion.vary,
        ),
    ] = None,
    seeds: Annotated[
        str,
        typer.Option(
            help="How many seeds, or which: 5 (0 … 4), or 3,4,7, or 7, for one; --until-decided: of the first look."
        ),
    ] = "5",
    one_at_a_time: Annotated[
        bool,
        typer.Option("--one-at-a-time", help="Change one factor at a time from the reference, not all combinations."),
    ] = False,
    noise: Annotated[bool, typer.Option("--noise", help="Ask where the spread between seeds comes from.")] = False,
    metric: Annotated[
        str | None, typer.Option(help="The figure compared, such as val/loss; the task's first by default.")
    ] = None,
    delta: Annotated[
        str | None,
        typer.Option(
            metavar="DELTA",
            help="Smallest difference that matters: 1pt (one point) or .01 of a share, else in the metric's unit.",
        ),
    ] = None,
    claim: Annotated[
        str | None,
        typer.Option(
            metavar="these|like-these",
            help="What verdicts are about: these data, or data like these; the latter wherever seeds draw the split.",
        ),
    ] = None,
    until_decided: Annotated[
        int | None,
        typer.Option(
            metavar="MOST",
            min=3,
            help="Add seeds, at looks (see --looks), until every comparison is decided or there are this many.",
        ),
    ] = None,
    looks: Annotated[
        str,
        typer.Option(
            metavar="planned|anytime",
            help="When results count: as planned, or at any time: then seeds may follow every look, at a price.",
        ),
    ] = "planned",
    jobs: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Runs at the same time; by default one per core, two on a GPU; 1 trains in this process.",
        ),
    ] = None,
    threads: Annotated[
        int, typer.Option(min=1, help="Processor threads of every run; figures depend on them, not on --jobs.")
    ] = 1,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", help="Stop at the first run that fails; without it the others go on.")
    ] = False,
    keep: Keep = "none",
    name: Annotated[str | None, typer.Option(help="Name of the study's folder; recipe and factors by default.")] = None,
    json: Json = False,
    csv: Csv = None,
    overwrite: Overwrite = False,
    runs: Runs = RUNS,
    device: Device = "auto",
    plugin: Plugin = None,
    data_changed: DataChanged = "refuse",
    dry_run: DryRun = False,
) -> None:
    """Compare variants of a recipe over paired seeds. Finished runs are never trained twice.

    Examples:

    - `paribus study digits/cnn --vary model.norm=none,batch --seeds 5`

    - `paribus study digits/mlp --vary optimizer.use=sgd,adam --vary optimizer.lr=0.01,0.001 --seeds 3`

    - `paribus study digits/cnn --vary model.dropout=0,0.5 --until-decided 20`

    - `paribus study digits/cnn --noise --seeds 10`
    """
    from paribus.study import Study

    load_plugins(plugin)
    change = on_change(data_changed)
    if noise and one_at_a_time:
        raise StudyError("a study has one layout", got="--noise and --one-at-a-time", hint="drop one of them")
    changes = read_changes(recipe, overrides)
    planned = Study(
        recipe,
        changes,
        vary=read_factors(recipe, changes, vary),
        seeds=seeds,
        layout="noise" if noise else "one-at-a-time" if one_at_a_time else "factorial",
        metric=metric,
        delta=delta,
        claim=cast("Claim | None", claim),  # another word is refused
        most=until_decided,
        looks=cast("Looking", looks),
        name=name,
        runs=runs,
        command="paribus " + shlex.join(sys.argv[1:]),
    )

    from paribus.reports import brief
    from paribus.reports.export import deliver, deliver_with_report
    from paribus.reports.live import counting

    if dry_run:
        with counting() as progress:
            planned.check(device=device, keep=keep, data_changed=change, progress=progress)
        deliver(brief.design(planned.design, planned.folder), json, csv, overwrite)
        return
    result = planned.run(jobs=jobs, device=device, threads=threads, keep=keep, fail_fast=fail_fast, data_changed=change)
    deliver_with_report(brief.study(result), planned.report, json, csv, overwrite)
    if not result.complete:
        raise typer.Exit(1)
