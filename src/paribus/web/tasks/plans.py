"""The study or the search that a form asks for: what it would train, how long that takes, and its command line."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from paribus.errors import ParibusError, RecipeError
from paribus.web.tasks.forms import SEARCHING
from paribus.web.tasks.recipes import changes, source

NUMBERS = ("trials", "eta", "min_epochs", "confirm", "seed")  # of a search, whole ones
MOST_SCALED = 100  # runs from which a time is guessed
Asked = Mapping[str, Any]


def preview(asked: Asked, root: str) -> dict[str, Any]:
    """What it would be, or what is wrong with it.

    Args:
        asked: ``kind`` is ``study`` or ``search``; ``recipe``, ``overrides``, ``vary`` (of a search: what it tries),
            ``name``; of a study ``seeds``, of a search those of :data:`SEARCHING`.
        root: the folder of the runs.
    """
    try:
        found = _search(asked, root) if asked.get("kind") == "search" else _study(asked, root)
        argv = words(asked, root)
    except ParibusError as error:
        problem = {"path": _blamed(error, asked), "message": error.rule, "got": error.got, "hint": error.hint}
        return {"ok": False, "problems": [problem], "arms": [], "runs": 0, "seconds": None, "about_seconds": ""}
    return {"ok": True, "problems": [], **found, "argv": argv, "command": shlex.join(["paribus", *argv])}


def _study(asked: Asked, root: str) -> dict[str, Any]:
    from paribus.records.recipe import override, read
    from paribus.records.shortcuts import expand_factors
    from paribus.records.yaml import split_values
    from paribus.study import Study

    place = source(str(asked.get("recipe", "")), root)
    changed = changes(place, _mapping(asked, "overrides"))
    varied = {path: split_values(values) for path, values in _mapping(asked, "vary").items()}
    factors, _ = expand_factors(varied, override(read(place), changed))
    planned = Study(place, changed, vary=factors, seeds=_seeds(asked), name=_name(asked), runs=root)
    arms, seeds = [arm.name for arm in planned.design.arms()], list(planned.design.seeds)
    runs = len(arms) * len(seeds)
    return {**_about(planned, root), "arms": arms, "seeds": seeds, "runs": runs, **_time(planned.design, root, runs)}


def _search(asked: Asked, root: str) -> dict[str, Any]:
    from paribus.search import Tune
    from paribus.studies.search.design import judged

    place = source(str(asked.get("recipe", "")), root)
    changed = changes(place, _mapping(asked, "overrides"))
    settings: dict[str, Any] = dict(_settings(asked))
    planned = Tune(place, changed, search=_mapping(asked, "vary"), name=_name(asked), runs=root, **settings)
    trials, fresh = planned.design.trials, 2 * planned.design.confirm
    told = _time(judged(planned.design), root, trials + fresh)
    return {**_about(planned, root), "arms": [], "trials": trials, "fresh": fresh, "runs": trials + fresh, **told}


def _about(planned: Any, root: str) -> dict[str, Any]:
    folder = planned.folder
    return {"question": planned.design.question, "folder": folder.name, "there": folder.exists()}


def words(asked: Asked, root: str) -> list[str]:
    """The words of the command line for what was filled in."""
    is_search = asked.get("kind") == "search"
    said = ["tune" if is_search else "study", source(str(asked.get("recipe", "")), root)]
    said += [f"{path}={value}" for path, value in _mapping(asked, "overrides").items()]
    for path, values in _mapping(asked, "vary").items():
        said += ["--search" if is_search else "--vary", f"{path}={values}"]
    if is_search:
        for name, value in _settings(asked).items():
            said += [f"--{name.replace('_', '-')}", str(value)]
    else:
        said += ["--seeds", _seeds(asked)]
    if (called := _name(asked)) is not None:
        said += ["--name", called]
    return [*said, "--runs", root]


def _settings(asked: Asked) -> dict[str, Any]:
    """How is searched, as far as it was said."""
    found: dict[str, Any] = {}
    for name in SEARCHING:
        value = str(asked.get(name) or "").strip()
        if value and name in NUMBERS:
            if not (value.isascii() and value.isdigit() and len(value) < 10):
                raise RecipeError(f"{name} is a whole number", got=value)
            found[name] = int(value)
        elif value:
            found[name] = value
    return found


def _seeds(asked: Asked) -> str:
    return str(asked.get("seeds") or "5")


def _name(asked: Asked) -> str | None:
    return str(asked.get("name") or "") or None


def _mapping(asked: Mapping[str, Any], name: str) -> dict[str, str]:
    found = asked.get(name) or {}
    if not isinstance(found, dict):
        raise RecipeError(f"{name} is fields with their values", got=found)
    return {str(path): str(value) for path, value in found.items()}


def _blamed(error: ParibusError, asked: Mapping[str, Any]) -> str | None:
    """The field that an error is about, where it names one of those that were filled in."""
    said = f"{error.rule} {error.got}"
    with suppress(RecipeError):
        paths = [*_mapping(asked, "overrides"), *_mapping(asked, "vary")]
        return next((path for path in paths if path in said), "seeds" if "seed" in error.rule else None)
    return None


def _time(design: Any, root: str, runs: int) -> dict[str, Any]:
    """How long so many runs take by what runs like them took, with as many at a time as there are cores."""
    import math
    from statistics import fmean

    from paribus.progress import clock
    from paribus.records.environment import cores
    from paribus.studies import alike

    with suppress(ParibusError, OSError):
        known = [run.seconds for run in alike.look(design, Path(root)).runs]
        scaled = [] if known else list(_scaled(design, Path(root)))
        if took := known or scaled:
            each = fmean(took)
            seconds = each * math.ceil(runs / cores())
            said = f"by {len(took)} runs like these that took {clock(each)} each"
            if scaled:
                said = f"by {len(took)} longer or shorter runs of this recipe: {clock(each)} each"
            return {"seconds": seconds, "about_seconds": f"about {clock(seconds)}, {said}"}
    return {"seconds": None, "about_seconds": "no run like these is known here, so nobody knows how long they take"}


def _scaled(design: Any, root: Path) -> Iterator[float]:
    """What runs of the same recipe would take with as many epochs and examples as are planned, in seconds."""
    from paribus.records import store
    from paribus.records.run import read_recipe

    def size(recipe: Mapping[str, Any]) -> tuple[Any, ...]:
        return recipe["data"]["use"], recipe["model"]["use"], recipe["training"]["batch_size"]

    planned = design.recipe_of(design.arms()[0])
    recipe, name = planned.content["recipe"], planned.name
    epochs, limit = recipe["budget"]["epochs"], recipe["split"]["limit"]
    finished = [run for run in store.runs(root) if run.state == "finished" and run.recipe == name and run.epochs]
    for run in finished[-MOST_SCALED:]:
        with suppress(ParibusError, KeyError, TypeError):
            other = read_recipe(f"{run.path}/recipe.json")["recipe"]
            theirs = other["split"]["limit"]
            if size(other) == size(recipe) and (theirs == limit or (theirs and limit)):
                examples = limit / theirs if limit else 1.0
                yield (run.heartbeat - run.started) * examples * epochs / run.epochs
