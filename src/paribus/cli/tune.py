"""``paribus tune``: which values of some fields do best, confirmed on fresh seeds."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING, Annotated, cast

import typer

from paribus.cli import completion
from paribus.cli.words import (
    RUNS,
    Collect,
    CpusPerRun,
    Csv,
    DataChanged,
    Device,
    DryRun,
    GpusPerRun,
    Jobs,
    Json,
    On,
    Overrides,
    Overwrite,
    Plugin,
    RecipeName,
    Runs,
    Threads,
    executor,
    load_plugins,
    on_change,
    parse_search,
    read_changes,
)

if TYPE_CHECKING:
    from paribus.records.search import Sampler, Stop


def tune(
    recipe: RecipeName,
    overrides: Overrides = None,
    search: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIELD=LOW..HIGH",
            help="What is searched: 1e-3..1 (logarithmic where the ends are a factor of 100 apart, or with :log behind "
            "it), 2..6 of whole numbers, 16..128..16 with a step, or values: sgd,adam. Several are searched together.",
            autocompletion=completion.vary,
        ),
    ] = None,
    trials: Annotated[
        int | None, typer.Option(min=1, help="How many trials; 20 by default. With --stop hyperband its table says.")
    ] = None,
    sampler: Annotated[
        str, typer.Option(metavar="NAME", help="random, grid, tpe, gp (Gaussian process), cmaes or reinforce.")
    ] = "tpe",
    stop: Annotated[
        str, typer.Option(metavar="NAME", help="Stop bad trials early, and go on with good ones: hyperband or asha.")
    ] = "none",
    eta: Annotated[int, typer.Option(help="With --stop: one trial in so many goes on.")] = 3,
    min_epochs: Annotated[int, typer.Option(help="With --stop: the fewest epochs of a trial.")] = 1,
    confirm: Annotated[
        int,
        typer.Option(
            metavar="SEEDS", min=0, help="Over how many fresh seeds the winner is compared with the recipe; 0 for none."
        ),
    ] = 5,
    seed: Annotated[int, typer.Option(min=0, help="Of every trial, and of the chance by which values are chosen.")] = 0,
    metric: Annotated[
        str | None, typer.Option(help="The validation figure that is to become best; the task's first by default.")
    ] = None,
    jobs: Jobs = None,
    threads: Threads = 1,
    on: On = "auto",
    cpus_per_run: CpusPerRun = None,
    gpus_per_run: GpusPerRun = None,
    collect: Collect = False,
    name: Annotated[str | None, typer.Option(help="Name of the search's folder; recipe and fields by default.")] = None,
    json: Json = False,
    csv: Csv = None,
    overwrite: Overwrite = False,
    runs: Runs = RUNS,
    device: Device = "auto",
    plugin: Plugin = None,
    data_changed: DataChanged = "refuse",
    dry_run: DryRun = False,
) -> None:
    """Search for the best values of some fields, and confirm the winner against the recipe on fresh seeds.

    The same command goes on where it was interrupted; with more --trials it adds some.

    Examples:

    - `paribus tune digits/mlp --search optimizer.lr=1e-3..1 --trials 20`

    - `paribus tune digits/cnn --search optimizer.use=sgd,adam --search lr=1e-4..1 --search model.dropout=0..0.5`

    - `paribus tune digits/mlp budget.epochs=27 --search lr=1e-4..1 --stop hyperband --dry-run`

    - `paribus tune digits/mlp --search lr=1e-3..1 --search batch_size=16..128..16 --sampler reinforce --trials 60`
    """
    from paribus.records.recipe import Recipe

    load_plugins(plugin)
    change = on_change(data_changed)
    where = executor(on, jobs, device, cpus_per_run=cpus_per_run, gpus_per_run=gpus_per_run, collect=collect)
    base = Recipe.load(recipe, read_changes(recipe, overrides))

    from paribus.reports import search as pages
    from paribus.reports.export import deliver, deliver_with_report
    from paribus.reports.live import counting
    from paribus.search import Tune

    planned = Tune(
        base,
        search=parse_search(search),
        trials=trials,
        sampler=cast("Sampler", sampler),  # other words are refused
        stop=cast("Stop", stop),
        eta=eta,
        min_epochs=min_epochs,
        confirm=confirm,
        seed=seed,
        metric=metric,
        name=name,
        runs=runs,
        command="paribus " + shlex.join(sys.argv[1:]),
    )
    if dry_run:
        with counting() as progress:
            planned.check(device=device, data_changed=change, progress=progress)
        deliver(pages.plan_page(planned.design, planned.folder), json, csv, overwrite)
        return
    result = planned.run(jobs=jobs, device=device, threads=threads, data_changed=change, executor=where)
    deliver_with_report(pages.brief_page(result), planned.report, json, csv, overwrite)
    if not result.complete:
        raise typer.Exit(1)
