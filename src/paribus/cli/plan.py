"""``paribus plan``: how many seeds a study needs, before anything is trained."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paribus.cli import completion
from paribus.cli.words import (
    RUNS,
    About,
    Csv,
    Device,
    Json,
    OneAtATime,
    Overrides,
    Overwrite,
    Plugin,
    Runs,
    Threads,
    Trials,
    Tune,
    find_folder,
    load_plugins,
    parse_tune,
    read_changes,
    read_claim,
    read_factors,
)
from paribus.errors import StudyError, nearest
from paribus.progress import working

if TYPE_CHECKING:
    from paribus.records.study import Layout
    from paribus.study import Study


def plan(
    name: Annotated[
        str,
        typer.Argument(
            metavar="STUDY|RECIPE",
            help="A recipe or the path of a recipe file, or a study's folder, a part of its name, or: last.",
            autocompletion=completion.recipes_and_studies,
        ),
    ],
    overrides: Overrides = None,
    vary: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIELD=VALUE,VALUE…",
            help="What is to be compared, as in a study; without it, one change of which nothing is known yet.",
            autocompletion=completion.vary,
        ),
    ] = None,
    one_at_a_time: OneAtATime = False,
    tune: Tune = None,
    trials: Trials = None,
    delta: Annotated[
        str | None,
        typer.Option(
            metavar="DELTA",
            help="The difference that is to be found: 1pt (one point) or .01 of a share, else in the metric's unit.",
        ),
    ] = None,
    power: Annotated[float, typer.Option(help="With which probability it is to be found.")] = 0.8,
    metric: Annotated[
        str | None, typer.Option(help="The figure compared, such as val/loss; the task's first by default.")
    ] = None,
    claim: About = None,
    pilot: Annotated[
        int | None,
        typer.Option(
            metavar="SEEDS",
            help="Train so many seeds of every arm first, where fewer are known; 3 is usual. No study counts them.",
        ),
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Runs at the same time; by default one per core.")] = None,
    threads: Threads = 1,
    price: Annotated[
        float | None,
        typer.Option(metavar="MONEY", help="What an hour of one run costs, for a plan in money."),
    ] = None,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw what seeds show into a file: .png, .svg, .pdf, .html or .json."),
    ] = None,
    json: Json = False,
    csv: Csv = None,
    overwrite: Overwrite = False,
    runs: Runs = RUNS,
    device: Device = "auto",
    plugin: Plugin = None,
) -> None:
    """How many seeds does a study need, what do they cost, and what will no seeds show? Nothing is trained for it.

    It is planned from runs that are alike in the folder of the runs, or from a pilot.

    Examples:

    - `paribus plan digits/cnn --vary model.norm=none,batch --pilot 3`

    - `paribus plan digits/cnn --vary model.norm=none,batch --delta 0.5pt --power 0.9`

    - `paribus plan last --claim these --plot seeds.png`
    """
    load_plugins(plugin)
    if _is_recipe(name):
        layout: Layout = "one-at-a-time" if one_at_a_time else "factorial"
        study, command = _new(name, overrides, vary, layout, tune, trials, runs)
    elif overrides or vary or one_at_a_time or tune or trials:
        said = " ".join(
            [*(overrides or ()), *(f"--vary {word}" for word in vary or ()), *(f"--tune {word}" for word in tune or ())]
        )
        said = said or ("--one-at-a-time" if one_at_a_time else f"--trials {trials}")
        raise StudyError("a study that is there is planned as it is", got=said, hint="name its recipe instead")
    else:
        study, command = _known(_find(name, runs))
    planned = study.plan(
        delta=delta,
        power=power,
        metric=metric,
        claim=read_claim(claim),
        pilot=pilot,
        jobs=jobs,
        device=device,
        threads=threads,
        price=price,
    )

    from paribus.plots.seeds import seeds
    from paribus.reports.export import deliver
    from paribus.reports.plan import plan_page
    from paribus.streams import say

    judged = {"--metric": metric, "--delta": delta, "--claim": claim}
    words = [word for option, value in judged.items() if value is not None for word in (option, value)]
    deliver(plan_page(planned, shlex.join([*command, *words]) if command else ""), json, csv, overwrite)
    if plot is not None:
        with working("drawing"):
            say(f"picture in {seeds(planned).save(plot, overwrite)}")


def _is_recipe(name: str) -> bool:
    from paribus.records.recipe import SUFFIXES, shipped

    return Path(name).suffix in SUFFIXES or name in shipped()


def _find(name: str, runs: Path) -> Path:
    """The folder of a study.

    Raises:
        StudyError: where neither a study nor a recipe has this name.
    """
    from paribus.records.recipe import shipped
    from paribus.records.store import UnknownName, named

    try:
        return find_folder(name, runs, "study")
    except UnknownName:
        if name == "last":
            raise  # there is none yet
        hint = nearest(name, [*shipped(), *named(runs, "study")])
        raise StudyError("there is neither a recipe nor a study of this name", got=name, hint=hint) from None


def _new(
    recipe: str,
    overrides: list[str] | None,
    vary: list[str] | None,
    layout: Layout,
    tune: list[str] | None,
    trials: int | None,
    runs: Path,
) -> tuple[Study, list[str]]:
    """A study that is not there yet, and the words that run it; none where it varies nothing yet."""
    from paribus.study import Study

    changes = read_changes(recipe, overrides)
    factors = read_factors(recipe, changes, vary)
    study = Study(recipe, changes, vary=factors, layout=layout, tune=parse_tune(tune), trials=trials, runs=runs)
    words = ["paribus", "study", recipe, *(overrides or ())]
    words += [part for word in vary or () for part in ("--vary", word)]
    words += [part for word in tune or () for part in ("--tune", word)]
    words += ["--trials", str(trials)] if trials else []
    words += ["--one-at-a-time"] if layout == "one-at-a-time" else []
    words += ["--runs", str(runs)] if runs != RUNS else []
    return study, words if vary else []


def _known(folder: Path) -> tuple[Study, list[str]]:
    """A study that is there, and the words that ran it, but for its seeds."""
    from paribus.study import Study

    study = Study.open(folder)
    words = shlex.split(study.design.command)
    for place in reversed([place for place, word in enumerate(words) if word == "--seeds"]):
        del words[place : place + 2]
    return study, words
