"""``paribus run``: one training."""

from __future__ import annotations

from typing import Annotated

import typer

from paribus.cli.words import (
    RUNS,
    Device,
    DryRun,
    Overrides,
    Plugin,
    RecipeName,
    Runs,
    load_plugins,
    parse_overrides,
)


def run(
    recipe: RecipeName,
    overrides: Overrides = None,
    seed: Annotated[int, typer.Option(min=0, help="The seed that all streams of chance follow.")] = 0,
    runs: Runs = RUNS,
    device: Device = "auto",
    threads: Annotated[
        int | None, typer.Option(min=1, help="Processor threads; by default all cores where they pay, else one.")
    ] = None,
    plugin: Plugin = None,
    dry_run: DryRun = False,
) -> None:
    """Train a recipe once, or go on where it was interrupted.

    Examples:

    - `paribus run fashion_mnist/mlp budget.epochs=4 --seed 0`

    - `paribus run digits/cnn model.norm=batch augment.crop.padding=1`

    - `paribus run folder/cnn data.path=my_pictures training.batch_size=16`

    - `paribus run my_recipe.yaml --dry-run`
    """
    from paribus.records.recipe import Recipe

    load_plugins(plugin)
    chosen = Recipe.load(recipe, parse_overrides(overrides))
    if dry_run:
        from paribus.records import yaml

        print(yaml.dump({"name": chosen.name, **chosen.resolved()}), end="")
        return

    from paribus.reports import brief
    from paribus.reports.live import following
    from paribus.reports.terminal import print_page
    from paribus.training.run import Run

    training = Run(chosen, seed=seed, runs=runs)
    before = training.result
    metrics = {metric.name: metric for metric in chosen.metrics()}
    log = training.folder.path / "log.txt"
    with following(chosen.name, seed, metrics, log) as (listen, progress):
        training.train(device=device, threads=threads, listen=listen, progress=progress)
    print_page(brief.run(training.folder, fresh=before is None))
