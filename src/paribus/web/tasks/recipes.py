"""The recipes to begin with: those that ship, and files of one's own in the folder of the page."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from paribus.errors import ParibusError, RecipeError, nearest

FOLDERS = ("", "recipes")  # of the page's folder, in which files of one's own are looked for
OWN = "your own"  # family of recipes that do not ship
MOST_FILES = 500
MOST_SENT = 100_000  # letters of a recipe that is sent
_NAME = re.compile(r"\w[\w.-]{0,79}\Z")


def recipes(runs: str) -> list[dict[str, Any]]:
    """All recipes, those of one's own first, with the seconds that a run of each took below ``runs``."""
    from statistics import fmean

    from paribus.records import store
    from paribus.records.recipe import shipped

    took: dict[str, list[float]] = {}
    for run in store.runs(Path(runs)):
        if run.state == "finished" and run.started:
            took.setdefault(run.recipe, []).append(run.heartbeat - run.started)
    sources = {**{name: str(path) for name, path in own(runs).items()}, **{name: name for name in shipped()}}
    found = [_described(name, source) for name, source in sources.items()]
    return [{**one, "seconds": fmean(took[one["called"]]) if one["called"] in took else None} for one in found]


def _described(name: str, source: str) -> dict[str, Any]:
    """A recipe in a list; one that cannot be read says why."""
    from paribus.records.recipe import Recipe

    family = name.partition("/")[0] if source == name else OWN
    about = {"name": name, "called": name, "title": name, "family": family, "problem": ""}
    try:
        recipe = Recipe.load(source)
        if family == OWN:
            _ = recipe.content
    except ParibusError as error:
        return {**about, "about": "", "task": "", "data": "", "problem": f"{error.rule}: {error.got}"}
    said = {"about": recipe.about, "task": recipe.task.use, "data": recipe.data.use}
    return {**about, **said, "called": recipe.name}


def own(root: str) -> dict[str, Path]:
    """Recipe files right in the folder of the page, or in ``recipes`` below it, by their names there; no links."""
    return dict(sorted(_files(Path(root)))[:MOST_FILES])


def _files(root: Path) -> Iterator[tuple[str, Path]]:
    from paribus.records.recipe import SUFFIXES

    for folder in FOLDERS:
        place = root / folder
        for path in place.iterdir() if place.is_dir() and not place.is_symlink() else ():
            is_recipe = path.suffix in SUFFIXES and not path.name.startswith(".")
            if is_recipe and path.is_file() and not path.is_symlink():
                yield str(path.relative_to(root)), path


def source(name: str, root: str) -> str:
    """What a recipe is loaded from: a page opens no file but those that it has listed.

    Raises:
        RecipeError: for another name.
    """
    from paribus.records.recipe import shipped

    files = own(root)
    if name in files:
        return str(files[name])
    if name not in shipped():
        raise RecipeError("there is no recipe of this name", got=name, hint=nearest(name, [*shipped(), *files]))
    return name


def changes(source: str, overrides: Mapping[str, str]) -> dict[str, Any]:
    """Changes to a recipe by dotted field, read as the command line reads them."""
    from paribus.records.recipe import read
    from paribus.records.shortcuts import expand
    from paribus.records.yaml import parse_value

    found, _ = expand({path: parse_value(str(value)) for path, value in overrides.items()}, read(source))
    return found


def keep(root: str, name: str, text: str) -> str:
    """Write a recipe that was sent into the folder of the page, if it is one.

    Returns:
        The name of its file there.

    Raises:
        RecipeError: for what is no recipe; as the command line says it.
        RunError: if another recipe has this name there.
    """
    from paribus.files import save

    called = name.removesuffix(".yaml").removesuffix(".yml")
    if not _NAME.match(called):
        raise RecipeError("the name of a recipe is letters, digits, points and dashes", got=name, hint="my-cnn")
    if len(text) > MOST_SENT:
        raise RecipeError(f"a recipe that is sent has at most {MOST_SENT:,} letters", got=f"{len(text):,}")
    _check(called, text)
    path = Path(root) / f"{called}.yaml"
    known = own(root).get(path.name)
    if known is not None and known.read_text(encoding="utf-8") != text:
        rule = "another recipe of this name is there, and stays as it is"
        raise RecipeError(rule, got=path.name, hint="choose another name")
    if known is None:
        save(path, text)
    return path.name


def _check(called: str, text: str) -> None:
    """Refuse what is no recipe, and one that would open another file."""
    from paribus.records import yaml
    from paribus.records.recipe import SUFFIXES, Recipe

    raw = yaml.parse(text, where=called)
    base = str(raw.get("base", "")) if isinstance(raw, dict) else ""
    if Path(base).suffix in SUFFIXES:
        raise RecipeError(
            "a recipe that is sent can be based on one that ships only", got=base, hint="base: digits/cnn"
        )
    with TemporaryDirectory(prefix="paribus-") as folder:
        path = Path(folder, f"{called}.yaml")
        path.write_text(text, encoding="utf-8")
        try:
            _ = Recipe.load(path).content  # options are looked at when all is asked for
        except ParibusError as error:
            raise type(error)(error.rule, got=error.got.replace(str(path), called), hint=error.hint) from None
