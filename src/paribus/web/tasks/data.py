"""The data sets: where they lie, how large they are, and what is in them."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

from paribus.errors import MissingData, ParibusError, nearest

SHOWN = 8  # examples of a class
CLASSES = 40  # of which examples are shown
LOOKED_AT, SIZE = 2000, 64  # validation examples that are looked through, and pixels of a picture


def sets() -> list[dict[str, Any]]:
    """All sources with what is known of them without reading their data."""
    from paribus.cache import paths
    from paribus.data.origin import origin_of
    from paribus.records.options import describe
    from paribus.records.parts import find, names

    own, uses = paths.own_data(), _uses()
    found = []
    for name in names("data"):
        source = find("data", name)
        origin = origin_of(source)
        place = str(own / origin.folder) if own and origin.folder else ""
        there = origin.now(own)
        found.append(
            {
                "name": name,
                "about": describe(source)[0],
                "task": ", ".join(sorted({task for _, task in uses.get(name, ())})),
                "recipes": sorted(recipe for recipe, _ in uses.get(name, ())),
                "place": place,
                "origin": there,
                "present": there in ("in PARIBUS_DATA", "built in", "generated"),
                "bytes": None,
                "examples": None,
                "classes": None,
            }
        )
    return found


def _uses() -> dict[str, list[tuple[str, str]]]:
    """Source → the recipes that read it, with their tasks."""
    from paribus.records.recipe import Recipe, shipped

    found: dict[str, list[tuple[str, str]]] = {}
    for name in shipped():
        recipe = Recipe.load(name)
        found.setdefault(recipe.data.use, []).append((name, recipe.task.use))
    return found


def one(name: str) -> dict[str, Any]:
    """A source: what its data are like by a recipe that reads it, and examples of every class where they are pictures.

    Raises:
        MissingData: if there is no such source; or its data are not on this machine, with what to do.
    """
    from paribus.records.options import describe
    from paribus.records.parts import find, names

    if name not in names("data"):
        raise MissingData("there is no such data set", got=name, hint=nearest(name, names("data")))
    about: dict[str, Any] = {
        "name": name,
        "about": describe(find("data", name))[0],
        "facts": [],
        "classes": [],
    }
    recipes = _uses().get(name, [])
    if not recipes:
        return {**about, "hint": "no recipe that ships reads it: its options say how it is used", **_options(name)}
    try:
        return {**about, **_options(name), **_looked_at(recipes[0][0])}
    except ParibusError as error:
        problem = {"message": error.rule, "got": error.got, "hint": error.hint}
        return {**about, **_options(name), "problem": problem}


def own_folders() -> list[str]:
    """Folders right below ``PARIBUS_DATA`` in which pictures lie in folders, by their paths."""
    from paribus.cache import paths

    own = paths.own_data()
    found = _folders(own) if own else []
    return [str(folder) for folder in found if _has_classes(folder)]


def _has_classes(folder: Path) -> bool:
    """Whether its folders, or those of its training part, hold pictures."""
    parts = (folder, *(one for one in _folders(folder) if one.name.lower() in ("train", "training")))
    found = [_folders(part)[:2] for part in parts]
    return any(len(classes) > 1 and all(map(_has_pictures, classes)) for classes in found)


def _folders(folder: Path) -> list[Path]:
    with suppress(OSError):
        return sorted(one for one in folder.iterdir() if one.is_dir() and not one.name.startswith("."))
    return []


def _has_pictures(folder: Path) -> bool:
    """Whether one of its first files is a picture, by its name."""
    from paribus.data.sources.images.decoding import SUFFIXES

    with suppress(OSError), os.scandir(folder) as entries:
        return any(Path(entry.name).suffix.lower() in SUFFIXES for entry in islice(entries, 5))
    return False


def look(kind: str, options: dict[str, Any], copies: bool) -> dict[str, Any]:
    """What a folder of pictures, one with masks, or a table holds: the page that the command line prints.

    Args:
        kind: the data source that reads it.
        options: of that source.
        copies: whether pictures are looked for that were made from others.
    """
    from paribus.reports import scans
    from paribus.web.pages import plain

    if kind == "folder":
        from paribus.data.prepare.scan import scan

        labels = options.get("labels") or "folders"
        return plain(scans.scan_page(scan(options["path"], labels, options.get("group") or None, copies=copies)))
    if kind == "masks":
        from paribus.data.prepare.survey import survey

        given = {name: options[name] for name in ("masks", "suffix", "format") if options.get(name)}
        return plain(scans.survey_page(survey(options["path"], options.get("images") or "images", **given)))
    from paribus.data.prepare.columns import survey_table
    from paribus.data.sources.table.table import Table

    return plain(scans.table_page(survey_table(Table(**{"target": (), **options}))))


def _options(name: str) -> dict[str, Any]:
    from paribus.reports.lists import part
    from paribus.web.pages import plain

    return {"page": plain(part("data", name))}


def _looked_at(recipe: str) -> dict[str, Any]:
    from dataclasses import asdict

    from paribus.chance import Seeds
    from paribus.data.prepare.prepared import prepare
    from paribus.records.recipe import Recipe
    from paribus.web.tasks.runs import rows

    prepared = prepare(Recipe.load(recipe), Seeds(0))
    info: Mapping[str, Any] = asdict(prepared.info)
    facts = [["read by the recipe", recipe], *rows(info)]
    return {"facts": facts, "classes": _classes(prepared, info)}


def _classes(prepared: Any, info: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The classes with how many training examples each has, and pictures of some."""
    names, counts = info.get("classes") or (), info.get("class_counts") or ()
    pictures: dict[int, list[str]] = {}
    with suppress(Exception):  # what cannot be shown is left out: the numbers are known all the same
        pictures = _pictures(prepared, len(names))
    return [
        {
            "name": str(name),
            "count": counts[place] if place < len(counts) else None,
            "examples": pictures.get(place, []),
        }
        for place, name in enumerate(names)
    ]


def _pictures(prepared: Any, classes: int) -> dict[int, list[str]]:
    """Class → the first validation pictures of it, as addresses; nothing where examples are no pictures of a class."""
    from paribus.analysis.examples import address
    from paribus.analysis.pictures import viewable

    inputs, targets = prepared.examples.take(prepared.rows["val"][:LOOKED_AT])
    pictures = viewable(inputs)
    if pictures is None or targets.ndim != 1:
        return {}
    places = {one: (targets == one).nonzero()[:SHOWN, 0].tolist() for one in range(min(classes, CLASSES))}
    return {one: [address(pictures[place], SIZE) for place in found] for one, found in places.items()}
