"""``paribus study``: arms × seeds, compared."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from paribus.cli import completion
from paribus.cli.words import (
    RUNS,
    About,
    Collect,
    CpusPerRun,
    Csv,
    DataChanged,
    Delta,
    Device,
    DryRun,
    GpusPerRun,
    Jobs,
    Json,
    Keep,
    On,
    OneAtATime,
    Overrides,
    Overwrite,
    Plugin,
    Runs,
    Signals,
    Trials,
    Tune,
    as_written,
    executor,
    load_plugins,
    on_change,
    parse_overrides,
    parse_tune,
    parse_vary,
    read_changes,
    read_claim,
    read_factors,
)
from paribus.errors import StudyError

if TYPE_CHECKING:
    from paribus.records.looks import Looking


def study(
    recipe: Annotated[
        str | None,
        typer.Argument(
            metavar="RECIPE",
            help="A recipe's name (see: paribus list) or the path of a recipe file; none with --command.",
            autocompletion=completion.recipes,
        ),
    ] = None,
    overrides: Overrides = None,
    command: Annotated[
        str | None,
        typer.Option(
            metavar="LINE",
            help="Instead of a recipe, a training of your own: "
            "'python train.py --lr {lr} --seed {seed} --out {folder}'.",
        ),
    ] = None,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIELD=VALUE,VALUE…",
            help="A factor; its first value is the reference. Several factors are crossed.",
            autocompletion=completion.vary,
        ),
    ] = None,
    tune: Tune = None,
    trials: Trials = None,
    seeds: Annotated[
        str,
        typer.Option(
            help="How many seeds, or which: 5 (0 … 4), or 3,4,7, or 7, for one; --until-decided: of the first look."
        ),
    ] = "5",
    one_at_a_time: OneAtATime = False,
    noise: Annotated[bool, typer.Option("--noise", help="Ask where the spread between seeds comes from.")] = False,
    metric: Annotated[
        str | None,
        typer.Option(
            help="The figure compared, such as val/loss; the task's first by default. Of a command where it stands: "
            "best:val_acc@metrics.csv, loss@stdout, re:acc=([0-9.]+)@stdout."
        ),
    ] = None,
    higher_is_better: Annotated[
        bool | None,
        typer.Option("--higher-is-better/--lower-is-better", help="Of a command's metric, if its name does not say."),
    ] = None,
    delta: Delta = None,
    claim: About = None,
    overlap: Annotated[
        float | None,
        typer.Option(
            help="Of a command that draws a validation split with every seed: how many examples validate for each one "
            "that trains, such as 0.25; then data like these can be spoken of."
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
    jobs: Jobs = None,
    threads: Annotated[
        int, typer.Option(min=1, help="Processor threads of every run; figures depend on them, not on --jobs.")
    ] = 1,
    on: On = "auto",
    cpus_per_run: CpusPerRun = None,
    gpus_per_run: GpusPerRun = None,
    collect: Collect = False,
    fail_fast: Annotated[
        bool, typer.Option("--fail-fast", help="Stop at the first run that fails; without it the others go on.")
    ] = False,
    timeout: Annotated[
        str | None, typer.Option(metavar="TIME", help="Longest time of a command: 90s, 30m, 2h; without it, any.")
    ] = None,
    retries: Annotated[
        int, typer.Option(min=0, help="How often a command is begun anew that ends with an exit code other than 0.")
    ] = 0,
    shell: Annotated[
        bool, typer.Option("--shell", help="Let a shell read the command, for pipes and the like.")
    ] = False,
    keep: Keep = "none",
    signals: Signals = True,
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
    """Compare variants of a recipe, or of a command, over paired seeds. Finished runs are never trained twice.

    Examples:

    - `paribus study digits/cnn --vary model.norm=none,batch --seeds 5`

    - `paribus study digits/mlp --vary optimizer.use=sgd,adam --vary optimizer.lr=0.01,0.001 --seeds 3`

    - `paribus study digits/cnn --vary optimizer.use=sgd,adam --tune optimizer.lr=1e-4..1 --trials 8`

    - `paribus study digits/cnn --vary model.dropout=0,0.5 --until-decided 20`

    - `paribus study digits/cnn --noise --seeds 10`

    - `paribus study cifar10/resnet20 --vary optimizer.lr=0.1,0.03 --on ray:10.0.0.1:6379 --gpus-per-run 0.5`

    - `paribus study --command "python train.py --lr {lr} --seed {seed} --out {folder}" --vary lr=0.1,0.01
      --metric best:val_acc@metrics.csv`
    """
    from paribus.study import Study

    load_plugins(plugin)
    change = on_change(data_changed)
    where = executor(on, jobs, device, cpus_per_run=cpus_per_run, gpus_per_run=gpus_per_run, collect=collect)
    if noise and one_at_a_time:
        raise StudyError("a study has one layout", got="--noise and --one-at-a-time", hint="drop one of them")
    if command is not None:
        trained: Any = _command(command, metric, shell, timeout, retries)
        changes = parse_overrides([*filter(None, [recipe]), *(overrides or ())], as_written)
        factors, metric = parse_vary(vary, as_written), None
    else:
        _refuse_without_command(
            {"--timeout": timeout, "--retries": retries, "--shell": shell, "--overlap": overlap}, higher_is_better
        )
        trained = _recipe(recipe)
        changes = read_changes(trained, overrides)
        factors = read_factors(trained, changes, vary)
    planned = Study(
        trained,
        changes,
        vary=factors,
        seeds=seeds,
        layout="noise" if noise else "one-at-a-time" if one_at_a_time else "factorial",
        metric=metric,
        delta=delta,
        claim=read_claim(claim),
        higher_is_better=higher_is_better,
        overlap=overlap,
        most=until_decided,
        looks=cast("Looking", looks),  # another word is refused
        tune=parse_tune(tune),
        trials=trials,
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
    how: dict[str, Any] = {"jobs": jobs, "device": device, "threads": threads, "keep": keep, "signals": signals}
    how["executor"] = where
    result = planned.run(**how, fail_fast=fail_fast, data_changed=change)
    deliver_with_report(brief.study(result), planned.report, json, csv, overwrite)
    if not result.complete:
        raise typer.Exit(1)


def _command(line: str, metric: str | None, shell: bool, timeout: str | None, retries: int) -> Any:
    """The command that ``--command`` and the options with it say."""
    from paribus.commands.command import Command

    if metric is None:
        hint = "for example --metric best:val_acc@metrics.csv, or --metric loss@stdout"
        raise StudyError("a command needs --metric, which says where its figure stands", hint=hint)
    return Command(line, metric, shell, timeout, retries)


def _recipe(name: str | None) -> str:
    """The name of the recipe, which is there where no command is."""
    if name is None:
        raise StudyError("a study needs a recipe, or --command", hint="see: paribus list; for example digits/cnn")
    return name


def _refuse_without_command(options: Mapping[str, Any], higher_is_better: bool | None) -> None:
    """Refuse options that are for commands only."""
    given = [name for name, value in options.items() if value]
    given += [] if higher_is_better is None else ["--higher-is-better" if higher_is_better else "--lower-is-better"]
    if given:
        raise StudyError(f"{given[0]} is for studies of a command", got="a recipe", hint="leave it out, or --command")
