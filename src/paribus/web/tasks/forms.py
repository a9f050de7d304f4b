"""Forms: recipes, their fields with the sentences and limits of their schema, and the study that they would make."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from paribus.errors import ParibusError, RecipeError, nearest

Field = dict[str, Any]


def recipes(runs: str) -> list[dict[str, Any]]:
    """All recipes that ship, with the seconds that a run of each took below ``runs``."""
    from statistics import fmean

    from paribus.records import store
    from paribus.records.recipe import Recipe, shipped

    took: dict[str, list[float]] = {}
    for run in store.runs(Path(runs)):
        if run.state == "finished" and run.started:
            took.setdefault(run.recipe, []).append(run.heartbeat - run.started)
    found = []
    for name in shipped():
        recipe = Recipe.load(name)
        seconds = fmean(took[name]) if name in took else None
        about = {"name": name, "title": name, "about": recipe.about, "family": name.partition("/")[0]}
        found.append({**about, "task": recipe.task.use, "data": recipe.data.use, "seconds": seconds})
    return found


def form(name: str, overrides: Mapping[str, str]) -> dict[str, Any]:
    """A recipe as a form: its sections, and in each its fields as the command line takes them."""
    from paribus.records.recipe import Recipe
    from paribus.records.sections import SECTIONS

    recipe = Recipe.load(_shipped(name), _changes(name, overrides))
    parts = list(_parts(recipe))
    sections = [
        {
            "name": section,
            "title": section,
            "use": None,
            "uses": [],
            "about": Recipe.model_fields[section].description or "",
            "fields": list(_fields(section, kind.model_json_schema(), _values(recipe, section))),
        }
        for section, kind in SECTIONS.items()
    ]
    return {"name": name, "about": recipe.about, "sections": [*parts, *sections]}


def _parts(recipe: Any) -> Iterator[dict[str, Any]]:
    from paribus.records.kinds import KINDS
    from paribus.records.options import describe, schema
    from paribus.records.parts import factory_of, names

    for path, (kind, part) in recipe.fields.items():
        factory = factory_of(kind, part)
        yield {
            "name": path,
            "title": path,
            "use": part.use,
            "uses": names(kind) if path == kind else [],
            "about": f"{KINDS[kind].about}: {describe(factory)[0]}",
            "fields": list(_fields(path, schema(kind, factory).model_json_schema(), recipe.settings(path))),
        }


def _values(recipe: Any, section: str) -> dict[str, Any]:
    return {name: getattr(getattr(recipe, section), name) for name in type(getattr(recipe, section)).model_fields}


def _fields(path: str, schema: Mapping[str, Any], values: Mapping[str, Any]) -> Iterator[Field]:
    """The fields below a path, as JSON Schema describes them."""
    for name, content in schema.get("properties", {}).items():
        yield field(f"{path}.{name}" if path else name, name, content, values.get(name, content.get("default")))


def field(path: str, name: str, content: Mapping[str, Any], value: Any) -> Field:
    """One field of a form, from its JSON Schema."""
    from paribus.records.wording import show

    shapes = [one for one in content.get("anyOf", [content]) if one.get("type") != "null"]
    optional = len(shapes) < len(content.get("anyOf", [content]))
    choices = [choice for one in shapes for choice in _choices(one)]
    numbers = [one for one in shapes if one.get("type") in ("integer", "number")]
    number = numbers[0] if numbers else {}
    return {
        "path": path,
        "title": name.replace("_", " "),
        "kind": _kind(shapes, choices, number),
        "value": show(value),
        "default": show(content["default"]) if "default" in content else None,
        "required": "default" not in content,
        "optional": optional,
        "choices": choices,
        "low": number.get("minimum", number.get("exclusiveMinimum")),
        "high": number.get("maximum", number.get("exclusiveMaximum")),
        "open_low": "exclusiveMinimum" in number,
        "open_high": "exclusiveMaximum" in number,
        "about": content.get("description", ""),
        "unit": "",
    }


def _choices(content: Mapping[str, Any]) -> list[str]:
    return [str(one) for one in content.get("enum", [content["const"]] if "const" in content else [])]


def _kind(shapes: Sequence[Mapping[str, Any]], choices: Sequence[str], number: Mapping[str, Any]) -> str:
    kinds = {str(one.get("type", "")) for one in shapes if not _choices(one)}
    if choices and not kinds:
        return "choice"
    if kinds == {"boolean"}:
        return "bool"
    if number and not choices and kinds <= {"integer", "number"}:
        return "int" if kinds == {"integer"} else "float"
    return "list" if kinds == {"array"} else "text"


def preview(asked: Mapping[str, Any], root: str) -> dict[str, Any]:
    """What a study would be: its arms and runs, how long they may take, and the command line that does the same."""
    try:
        planned = _study(asked, root)
    except ParibusError as error:
        problem = {"path": _blamed(error, asked), "message": error.rule, "got": error.got, "hint": error.hint}
        return {"ok": False, "problems": [problem], "arms": [], "runs": 0, "seconds": None, "about_seconds": ""}
    design = planned.design
    arms, seeds = [arm.name for arm in design.arms()], list(design.seeds)
    seconds, said = _time(design, Path(root), len(arms) * len(seeds))
    return {
        "ok": True,
        "problems": [],
        "arms": arms,
        "seeds": seeds,
        "runs": len(arms) * len(seeds),
        "seconds": seconds,
        "about_seconds": said,
        "question": design.question,
        "folder": planned.folder.name,
        "there": planned.folder.exists(),
        "argv": words(asked, root),
        "command": shlex.join(["paribus", *words(asked, root)]),
    }


def words(asked: Mapping[str, Any], root: str) -> list[str]:
    """The words of the command line for a study that was filled in."""
    said = ["study", str(asked.get("recipe", ""))]
    said += [f"{path}={value}" for path, value in _mapping(asked, "overrides").items()]
    for path, values in _mapping(asked, "vary").items():
        said += ["--vary", f"{path}={values}"]
    said += ["--seeds", str(asked.get("seeds") or "5")]
    if name := str(asked.get("name") or ""):
        said += ["--name", name]
    return [*said, "--runs", root]


def _study(asked: Mapping[str, Any], root: str) -> Any:
    from paribus.records.recipe import override, read
    from paribus.records.shortcuts import expand_factors
    from paribus.records.yaml import split_values
    from paribus.study import Study

    name = _shipped(str(asked.get("recipe", "")))
    changes = _changes(name, _mapping(asked, "overrides"))
    varied = {path: split_values(str(values)) for path, values in _mapping(asked, "vary").items()}
    factors, _ = expand_factors(varied, override(read(name), changes))
    seeds, folder = str(asked.get("seeds") or "5"), str(asked.get("name") or "") or None
    return Study(name, changes, vary=factors, seeds=seeds, name=folder, runs=root)


def _shipped(name: str) -> str:
    """A recipe that ships: a page opens no file that a browser names.

    Raises:
        RecipeError: for another name.
    """
    from paribus.records.recipe import shipped

    if name not in shipped():
        raise RecipeError("there is no recipe of this name", got=name, hint=nearest(name, shipped()))
    return name


def _changes(name: str, overrides: Mapping[str, str]) -> dict[str, Any]:
    from paribus.records.recipe import read
    from paribus.records.shortcuts import expand
    from paribus.records.yaml import parse_value

    changes, _ = expand({path: parse_value(str(value)) for path, value in overrides.items()}, read(name))
    return changes


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


def _time(design: Any, root: Path, runs: int) -> tuple[float | None, str]:
    """How long so many runs take by what runs like them took, with as many at a time as there are cores."""
    import math
    from statistics import fmean

    from paribus.progress import clock
    from paribus.records.environment import cores
    from paribus.studies import alike

    with suppress(ParibusError, OSError):
        if known := alike.look(design, root).runs:
            each = fmean(run.seconds for run in known)
            seconds = each * math.ceil(runs / cores())
            return seconds, f"about {clock(seconds)}, by {len(known)} runs like these that took {clock(each)} each"
    return None, "no run like these is known here, so nobody knows how long they take"
