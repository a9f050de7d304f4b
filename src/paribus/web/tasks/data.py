"""The data sets: where they lie, how large they are, and what is in them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
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
        "scan": None,
    }
    recipes = _uses().get(name, [])
    if not recipes:
        return {**about, "hint": "no recipe that ships reads it: its options say how it is used", **_options(name)}
    try:
        return {**about, **_options(name), **_looked_at(recipes[0][0])}
    except ParibusError as error:
        problem = {"message": error.rule, "got": error.got, "hint": error.hint}
        return {**about, **_options(name), "problem": problem}


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
