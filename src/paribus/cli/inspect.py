"""``paribus list``, ``show`` and ``schema``: what there is, and what it means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from paribus.cli import completion
from paribus.cli.words import (
    RUNS,
    Csv,
    Device,
    Json,
    Overrides,
    Overwrite,
    Plugin,
    Runs,
    find_folder,
    load_plugins,
    read_changes,
)
from paribus.errors import ParibusError, RecipeError, nearest
from paribus.progress import working
from paribus.records.kinds import KINDS

if TYPE_CHECKING:
    from paribus.reports.page import Page

PLURALS = {about.plural: kind for kind, about in KINDS.items()}


def list_(
    what: Annotated[
        str,
        typer.Argument(
            help=f"recipes, runs, studies, searches, analyses, {', '.join(PLURALS)}; an overview of all by default.",
            autocompletion=completion.lists,
        ),
    ] = "all",
    json: Json = False,
    csv: Csv = None,
    overwrite: Overwrite = False,
    runs: Runs = RUNS,
    plugin: Plugin = None,
) -> None:
    """List what there is: recipes, parts, analyses, runs, studies, searches.

    Examples:

    - `paribus list`

    - `paribus list models`

    - `paribus list runs`
    """
    from paribus.reports import lists
    from paribus.reports.export import deliver

    load_plugins(plugin)
    if what == "all":
        from paribus.analysis.table import analyses
        from paribus.records.parts import names
        from paribus.records.recipe import shipped

        found = {many: names(kind) for many, kind in PLURALS.items()}
        overview = {"recipes": shipped(), **found, "analyses": sorted(analyses())}
        deliver(lists.overview(overview), json, csv, overwrite)
    elif what == "recipes":
        from paribus.records.recipe import shipped

        deliver(lists.recipes(shipped()), json, csv, overwrite)
    elif what == "runs":
        deliver(lists.runs(runs), json, csv, overwrite)
    elif what == "studies":
        deliver(lists.studies(runs), json, csv, overwrite)
    elif what == "searches":
        deliver(lists.searches(runs), json, csv, overwrite)
    elif what == "analyses":
        deliver(lists.analyses(), json, csv, overwrite)
    elif what in PLURALS or what in PLURALS.values():
        deliver(lists.parts(PLURALS.get(what, what)), json, csv, overwrite)
    else:
        known = ["recipes", "runs", "studies", "searches", "analyses", *PLURALS]
        raise ParibusError("there is nothing of this kind to list", got=what, hint=nearest(what, known))


def show(
    name: Annotated[
        str,
        typer.Argument(
            help="A recipe, a part (cnn, sgd, flip …), an analysis, a run, a study, or: last.",
            autocompletion=completion.things,
        ),
    ],
    overrides: Overrides = None,
    model: Annotated[
        bool,
        typer.Option("--model", help="Of a recipe: its model before it is trained, layer by layer, and what it costs."),
    ] = False,
    device: Device = "auto",
    json: Json = False,
    csv: Csv = None,
    plot: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Draw a run or a study into a file: .png, .svg, .pdf, .html or .json."),
    ] = None,
    picture: Annotated[
        str | None, typer.Option(metavar="NAME", help="Which picture of its report --plot draws; the first by default.")
    ] = None,
    overwrite: Overwrite = False,
    runs: Runs = RUNS,
    plugin: Plugin = None,
) -> None:
    """Show one thing: a recipe with what every choice means, a part with its options, a run, a study.

    Examples:

    - `paribus show digits/cnn`

    - `paribus show digits/cnn --model model.norm=batch`

    - `paribus show cnn`

    - `paribus show last`

    - `paribus show last --plot curves.png`

    - `paribus show last --plot final.png --picture preview-final`
    """
    from paribus.analysis.table import analyses
    from paribus.records.parts import names
    from paribus.records.recipe import Recipe, shipped
    from paribus.records.run import RunFolder
    from paribus.records.store import MARKERS, UnknownName
    from paribus.reports import brief, lists
    from paribus.reports.export import deliver

    load_plugins(plugin)
    is_recipe = name in shipped() or name.endswith((".yaml", ".yml", ".json"))
    if (overrides or model) and not is_recipe:
        rule = "--model and changes are for recipes"
        raise RecipeError(rule, got=name, hint="a registered model alone: paribus layers --model NAME --input 3,32,32")
    if model:
        deliver(_model(name, overrides, device), json, csv, overwrite)
        return
    if plot is not None:
        with working("drawing"):
            _draw(find_folder(name, runs, "study", "run"), plot, picture, overwrite)
        return
    if is_recipe:
        deliver(lists.recipe(Recipe.load(name, read_changes(name, overrides))), json, csv, overwrite)
        return
    if kinds := [kind for kind in KINDS if name in names(kind)]:
        deliver(lists.namesakes(kinds, name), json, csv, overwrite)
        return
    if name in analyses():
        deliver(lists.analysis(name), json, csv, overwrite)
        return
    try:
        folder = find_folder(name, runs, "study", "run")
    except UnknownName:
        if name == "last":
            raise  # there is none yet
        known = [*shipped(), *analyses(), *(part for kind in KINDS for part in names(kind))]
        raise ParibusError("there is nothing of this name", got=name, hint=nearest(name, known)) from None
    if (folder / MARKERS["run"]).exists():
        deliver(brief.run(RunFolder(folder), whole=True), json, csv, overwrite)
        return
    from paribus.study import Study

    deliver(brief.study(Study.open(folder).result), json, csv, overwrite)


def _model(name: str, overrides: list[str] | None, device: str) -> Page:
    """The model of a recipe, and what training it costs."""
    from paribus.records.recipe import Recipe
    from paribus.reports.costs import costs_page

    recipe = Recipe.load(name, read_changes(name, overrides))
    with working("taking a few steps"):
        from paribus.training.costs import costs

        return costs_page(costs(recipe, device=device))


def _draw(folder: Path, path: Path, name: str | None, overwrite: bool) -> None:
    """Write a picture of the report of a study or a run."""
    from paribus.records.run import RunFolder
    from paribus.records.store import MARKERS
    from paribus.reports.pictures import save_picture
    from paribus.reports.run import run_page
    from paribus.reports.study import study_page
    from paribus.reports.terminal import print_line
    from paribus.study import Study

    is_run = (folder / MARKERS["run"]).exists()
    page = run_page(RunFolder(folder)) if is_run else study_page(Study.open(folder).result)
    print_line(f"picture in {save_picture(page, path, name, overwrite)}")


def schema(
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it to a file; printed by default.")] = None,
    overwrite: Overwrite = False,
    plugin: Plugin = None,
) -> None:
    """Print the JSON Schema of recipe files, with which editors complete and check them.

    Examples:

    - `paribus schema --out recipe.schema.json`
    """
    from paribus.files import dumps, save
    from paribus.records.schema import recipe_schema

    load_plugins(plugin)
    if out is None:
        print(dumps(recipe_schema(), indent=2))
    else:
        save(out, dumps(recipe_schema(), indent=2) + "\n", overwrite)
        print(f"schema in {out}; name it in a recipe's first line: # yaml-language-server: $schema={out}")
