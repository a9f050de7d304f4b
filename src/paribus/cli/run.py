"""``paribus run``: one training."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from paribus.cli.words import (
    RUNS,
    DataChanged,
    Device,
    DryRun,
    Keep,
    Overrides,
    Plugin,
    RecipeName,
    Runs,
    Signals,
    load_plugins,
    on_change,
    read_changes,
)


def run(
    recipe: RecipeName,
    overrides: Overrides = None,
    seed: Annotated[int, typer.Option(min=0, help="The seed that all streams of chance follow.")] = 0,
    runs: Runs = RUNS,
    device: Device = "auto",
    threads: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Processor threads; by default all cores where they pay, else one. With others the last bits differ.",
        ),
    ] = None,
    more: Annotated[
        int | None, typer.Option(metavar="EPOCHS", min=1, help="So many epochs more than the run that is finished.")
    ] = None,
    keep: Keep = "none",
    signals: Signals = True,
    processes: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Processes that train together on this machine, each with its share of every batch; torchrun starts "
            "them on several.",
        ),
    ] = None,
    patience: Annotated[
        float,
        typer.Option(metavar="SECONDS", help="How long the processes wait for one that does not come to a step."),
    ] = 600.0,
    shard: Annotated[
        bool,
        typer.Option("--shard", help="Give each process but a part of the weights (FSDP2), where all do not fit."),
    ] = False,
    compile: Annotated[
        str,
        typer.Option(
            metavar="auto|on|off",
            help="Whether the model is compiled: auto on a GPU where the time that is left pays for it.",
        ),
    ] = "auto",
    plugin: Plugin = None,
    data_changed: DataChanged = "refuse",
    dry_run: DryRun = False,
) -> None:
    """Train a recipe once, or go on where it was interrupted.

    Examples:

    - `paribus run fashion_mnist/mlp budget.epochs=4 --seed 0`

    - `paribus run digits/cnn model.norm=batch augment.crop.padding=1`

    - `paribus run folder/cnn data.path=my_pictures training.batch_size=16`

    - `paribus run digits/mlp --keep best,last`

    - `paribus run digits/mlp --more 5`

    - `paribus run my_recipe.yaml --dry-run`

    - `paribus run cifar10/resnet20 --processes 2`
    """
    from contextlib import suppress

    from paribus.errors import Interrupted
    from paribus.records.recipe import Recipe

    load_plugins(plugin)
    chosen = Recipe.load(recipe, read_changes(recipe, overrides))

    from paribus.records import yaml
    from paribus.reports import brief
    from paribus.reports.live import counting, following
    from paribus.reports.terminal import print_page
    from paribus.run import Run

    change = on_change(data_changed)
    training = Run(chosen, seed=seed, runs=runs)
    if more is not None:
        training = training.more(more)
    if training.follows:  # of several that torchrun started, the first one shows and writes everything
        if not dry_run:
            with suppress(Interrupted):  # of which the first one tells
                training.train(patience=patience)
        return
    if dry_run:
        with counting() as progress:
            wishes: dict[str, Any] = {"device": device, "threads": threads, "keep": keep, "processes": processes}
            training.check(**wishes, data_changed=change, progress=progress)
        print(yaml.dump({"name": chosen.name, **chosen.resolved()}), end="")
        return
    metrics = {metric.name: metric for metric in chosen.figures_of_merit()}
    with counting() as progress:
        before = training.find(progress).result
    log = training.folder.path / "log.txt"
    with following(chosen.name, seed, metrics, log) as (listen, progress):
        how: dict[str, Any] = {"device": device, "threads": threads, "keep": keep, "signals": signals}
        how["processes"] = processes
        how["compile"], how["patience"], how["shard"] = compile, patience, shard
        training.train(**how, data_changed=change, listen=listen, progress=progress)
    print_page(brief.run(training.folder, known=before is not None))
