"""Forms: recipes, their fields with the sentences and limits of their schema."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Field = dict[str, Any]
SEARCHING = ("trials", "sampler", "stop", "eta", "min_epochs", "confirm", "seed")  # of a search, beside its space


def form(name: str, overrides: Mapping[str, str], root: str) -> dict[str, Any]:
    """A recipe as a form: its sections, and in each its fields as the command line takes them."""
    from paribus.records.recipe import Recipe
    from paribus.records.sections import SECTIONS
    from paribus.web.tasks.recipes import changes, source

    place = source(name, root)
    recipe = Recipe.load(place, changes(place, overrides))
    data, *parts = _parts(recipe)
    augmentations = [part for part in parts if part["name"].startswith("augment.")]
    others = [part for part in parts if not part["name"].startswith("augment.")]
    sections = [
        {
            "name": section,
            "title": section,
            "use": None,
            "uses": [],
            "about": kind.__doc__ or "",
            "fields": list(_fields(section, kind.model_json_schema(), _values(recipe, section))),
        }
        for section, kind in SECTIONS.items()
    ]
    return {
        "name": name,
        "about": recipe.about,
        "sections": [data, _augment(recipe), *augmentations, *others, *sections],
        "search": list(_searching()),
    }


def _searching() -> Iterator[Field]:
    """How values are searched: the fields of a search beside its space."""
    from paribus.records.options import describe
    from paribus.records.search import SearchDesign

    schema, said = SearchDesign.model_json_schema()["properties"], describe(SearchDesign)[1]
    for name in SEARCHING:
        yield field(name, name, {**schema[name], "description": said.get(name, "")}, schema[name].get("default"))


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


def _augment(recipe: Any) -> dict[str, Any]:
    """Which augmentations there are, in their order; the options of each stand in a section of its own."""
    from paribus.records.kinds import KINDS
    from paribus.records.parts import names

    chosen = list(recipe.augment)
    which = {"description": "which ones, in the order in which they are chosen.", "type": "array"}
    picked = field("augment", "augment", which, chosen) | {"kind": "several", "choices": names("augment")}
    about = {"use": ", ".join(chosen) or "none", "uses": [], "about": KINDS["augment"].about}
    return {"name": "augment", "title": "augment", **about, "fields": [picked]}


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
