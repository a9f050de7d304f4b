"""Folders and tables of one's own, and what a look into them finds.

They have ids, like all that the page opens: those below ``PARIBUS_DATA``, those that recipes of runs name, and those
that the person at the page named (which changes what the page knows, and so is a POST).
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request

from paribus.cache import paths
from paribus.errors import MissingData, ParibusError
from paribus.web.answers import NotThere, body
from paribus.web.api.explain import SECONDS
from paribus.web.api.home import RECIPES
from paribus.web.known import id_of

KINDS = ("folder", "masks", "table")  # data sources of one's own
WORDS = ("labels", "group", "images", "masks", "suffix", "target")  # that a person may give beside a path
USUAL = (None, "", "folders", "auto")  # options that say nothing: the place is the same without them
LOOKED = ("path", "format", *WORDS)
MOST_OPENED = 200
MOST_PATH = 4096


@dataclass(frozen=True)
class Place:
    """A folder of pictures, a folder of pictures with masks, or a table.

    Args:
        kind: the data source that reads it.
        options: of that source: its path, and how its files are to be understood.
        origin: who named it.
    """

    kind: str
    options: Mapping[str, Any]
    origin: str = ""

    @property
    def id(self) -> str:
        """What the browser calls it."""
        return id_of(repr((self.kind, sorted(self.options.items(), key=str))))

    @property
    def path(self) -> str:
        """As it was written."""
        return str(self.options["path"])

    @property
    def command(self) -> str:
        """What looks into it on the command line."""
        said = [f"--{name}={self.options[name]}" for name in WORDS if self.options.get(name)]
        return shlex.join(["paribus", "data", self.path, *said])

    def plain(self) -> dict[str, str]:
        """As lists show it."""
        return {"id": self.id, "kind": self.kind, "path": self.path, "origin": self.origin, "command": self.command}


def places(request: Request) -> Any:
    """All that are known."""
    return {"places": [place.plain() for place in _all(request).values()]}


def open_one(request: Request) -> Any:
    """Make a folder or a table known by its path.

    Raises:
        MissingData: if there is none.
        ParibusError: for what is no path, or too many.
    """
    asked, opened = body(request), request.app.state.desk.opened
    text = asked.get("path")
    if not isinstance(text, str) or not text.strip() or "\0" in text or len(text) > MOST_PATH:
        raise ParibusError("name a folder of pictures, or a table", got=str(text or "")[:80])
    path = paths.find_folder(text.strip()).absolute()
    if not path.exists():
        hint = "a relative path starts at the folder in which paribus ui was started, or at PARIBUS_DATA"
        raise MissingData("there is no such folder or table", got=text, hint=hint)
    options = {name: str(asked[name]) for name in WORDS if asked.get(name)}
    kind = "table" if path.is_file() else "masks" if "masks" in options else "folder"
    place = Place(kind, {"path": str(path), **options}, "opened here")
    if len(opened) >= MOST_OPENED:
        raise ParibusError(f"at most {MOST_OPENED} places are kept open", hint="start paribus ui again")
    opened[place.id] = place
    return place.plain()


def look(request: Request) -> Any:
    """What a look into a place finds, or that the look still takes: then the page asks again."""
    desk, wanted, asked = request.app.state.desk, request.path_params["id"], request.query_params
    place = _all(request).get(wanted)
    if place is None:
        raise NotThere("no such folder or table is known to the page", got=wanted, hint="open it by its path")
    given = {"kind": place.kind, "options": dict(place.options), "copies": asked.get("duplicates") == "true"}
    key = ("place", wanted, given["copies"], _stamp(place), asked.get("again", ""))
    found = desk.answers.soon(key, lambda: desk.asking.ask("data:look", SECONDS, **given))
    return {**place.plain(), **found}


def place_of(fields: Mapping[str, Any], origin: str) -> Place | None:
    """The place that a recipe names, from its dotted fields; nothing for data that are no files of one's own."""
    kind, path = fields.get("data"), fields.get("data.path")
    if kind not in KINDS or not isinstance(path, str):
        return None
    options = {name[5:]: value for name, value in fields.items() if name.startswith("data.")}
    if kind != "table":  # what a picture is brought to does not matter for a look into the folder
        options = {name: value for name, value in options.items() if name in LOOKED and value not in USUAL}
    return Place(str(kind), options, origin)


def _all(request: Request) -> dict[str, Place]:
    desk = request.app.state.desk
    found: dict[str, Place] = dict(desk.opened)
    for run in desk.known.now().runs.values():
        place = place_of(RECIPES.fields(run), f"the recipe of {run.study}")
        if place is not None:
            found.setdefault(place.id, place)
    for path in desk.known.once(("own data",), 0, lambda: desk.reading.ask("data:own_folders")):
        place = Place("folder", {"path": path}, "PARIBUS_DATA")
        found.setdefault(place.id, place)
    return found


def _stamp(place: Place) -> tuple[int, ...]:
    """When something came to a place, or went: a table, or a folder and those right in it."""
    path = paths.find_folder(place.path)
    with suppress(OSError):
        if path.is_file():
            return (path.stat().st_mtime_ns,)
        return tuple(one.stat().st_mtime_ns for one in (path, *path.iterdir()) if one.is_dir())
    return ()


ENDPOINTS = {"/places": places, "POST /places": open_one, "/places/{id}": look}
