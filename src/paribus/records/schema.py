"""JSON Schema of recipe files, for editors: every field, every part, every option with its sentence."""

from __future__ import annotations

from typing import Any

from paribus.records.kinds import KINDS
from paribus.records.options import describe, schema
from paribus.records.parts import find, names
from paribus.records.recipe import Recipe
from paribus.records.sections import Section


def recipe_schema() -> dict[str, Any]:
    """The schema of a recipe file (JSON Schema 2020-12), the user's own registered parts included."""
    properties: dict[str, Any] = {
        "base": {"type": "string", "description": "a recipe that this one changes"},
    }
    for name, field in Recipe.model_fields.items():
        if name == "augment":
            content: dict[str, Any] = _augment()
        elif name == "optimizers":
            content = {"type": "object", "additionalProperties": _of_kind("optimizer")}
        elif name in KINDS:
            content = _of_kind(name)
        elif isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            content = field.annotation.model_json_schema()
        else:
            content = {"type": "string"}
        properties[name] = {**content, "description": field.description or content.get("description", "")}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "paribus recipe",
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
    }


def _of_kind(kind: str) -> dict[str, Any]:
    """A name, or a mapping with options."""
    return {"anyOf": [{"enum": names(kind)}, *(_part(kind, part) for part in names(kind))]}


def _part(kind: str, name: str) -> dict[str, Any]:
    """One part: its ``use``, fixed, and its options."""
    factory = find(kind, name)
    content = schema(kind, factory).model_json_schema()
    options = content.get("properties", {})
    return {
        "type": "object",
        "description": describe(factory)[0],
        "properties": {"use": {"const": name}, **options},
        "required": ["use"],
        "additionalProperties": False,
    }


def _augment() -> dict[str, Any]:
    """A part under its own name, or under any name if it says which one it is."""
    parts = {name: _part("augment", name) for name in names("augment")}
    own = {
        name: {"anyOf": [{"type": "boolean"}, {**part, "required": []}], "description": part["description"]}
        for name, part in parts.items()
    }
    mapping = {"type": "object", "properties": own, "additionalProperties": {"anyOf": list(parts.values())}}
    name = {"enum": names("augment")}
    return {"anyOf": [{"enum": ["none", *names("augment")]}, {"type": "array", "items": name}, mapping]}
