"""``paribus list``, ``show`` and ``schema``: find out what there is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from paribus.cli.words import RUNS, Plugin, Runs, find_folder, load_plugins
from paribus.errors import ParibusError, nearest
from paribus.records.kinds import KINDS

PLURALS = {about.plural: kind for kind, about in KINDS.items()}


def list_(
    what: Annotated[
        str,
        typer.Argument(help=f"recipes, runs, studies, {', '.join(PLURALS)}; an overview of all by default."),
    ] = "all",
    runs: Runs = RUNS,
    plugin: Plugin = None,
) -> None:
    """List what there is: recipes, parts, runs, studies.

    Examples:

    - `paribus list`

    - `paribus list models`

    - `paribus list runs`
    """
    from paribus.records.parts import names
    from paribus.records.recipe import shipped
    from paribus.reports import terminal

    load_plugins(plugin)
    if what == "all":
        terminal.print_overview({"recipes": shipped(), **{many: names(kind) for many, kind in PLURALS.items()}})
    elif what == "recipes":
        terminal.print_recipes(shipped())
    elif what == "runs":
        terminal.print_runs(runs)
    elif what == "studies":
        terminal.print_studies(runs)
    elif what in PLURALS or what in PLURALS.values():
        terminal.print_parts(PLURALS.get(what, what))
    else:
        known = ["recipes", "runs", "studies", *PLURALS]
        raise ParibusError("there is nothing of this kind to list", got=what, hint=nearest(what, known))


def show(
    name: Annotated[str, typer.Argument(help="A recipe, a part (cnn, sgd, flip …), a run, a study, or: last.")],
    runs: Runs = RUNS,
    plugin: Plugin = None,
) -> None:
    """Show one thing: a recipe with what every choice means, a part with its options, a run, a study.

    Examples:

    - `paribus show digits/cnn`

    - `paribus show cnn`

    - `paribus show last`
    """
    from paribus.records.parts import names
    from paribus.records.recipe import Recipe, shipped
    from paribus.records.run import RunFolder
    from paribus.records.store import MARKERS, UnknownName
    from paribus.reports import terminal

    load_plugins(plugin)
    if name in shipped() or name.endswith((".yaml", ".yml", ".json")):
        terminal.print_recipe(Recipe.load(name))
        return
    if kinds := [kind for kind in KINDS if name in names(kind)]:
        for kind in kinds:
            terminal.print_part(kind, name)
        return
    try:
        folder = find_folder(name, runs, "study", "run")
    except UnknownName:
        known = [*shipped(), *(part for kind in KINDS for part in names(kind))]
        raise ParibusError("there is nothing of this name", got=name, hint=nearest(name, known)) from None
    if (folder / MARKERS["run"]).exists():
        terminal.print_run(RunFolder(folder), fresh=False)
        return
    from paribus.study import Study

    terminal.print_study(Study.open(folder).result, None)


def schema(
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Write it to a file; printed by default.")] = None,
    plugin: Plugin = None,
) -> None:
    """Print the JSON Schema of recipe files, with which editors complete and check them.

    Examples:

    - `paribus schema --out recipe.schema.json`
    """
    from paribus.files import write_json
    from paribus.records.schema import recipe_schema

    load_plugins(plugin)
    if out is None:
        print(json.dumps(recipe_schema(), indent=2, ensure_ascii=False))
    else:
        write_json(out, recipe_schema())
        print(f"schema in {out}; name it in a recipe's first line: # yaml-language-server: $schema={out}")
