"""The words that shells complete, as one file: made from the code, read without it.

    python -m paribus.cli.vocabulary

writes ``vocabulary.json`` anew; a test says when that is due. Completing must take no time, and what knows the fields
of a recipe takes a second to import.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from paribus.records.kinds import KINDS

if TYPE_CHECKING:
    from pydantic import BaseModel

FILE = Path(__file__).with_suffix(".json")


def made() -> dict[str, Any]:
    """All recipes with their parts, all parts with their options, all fields with their values."""
    from paribus.analysis.table import analyses
    from paribus.records.options import common_schema, describe
    from paribus.records.parts import find, table
    from paribus.records.recipe import Recipe, shipped
    from paribus.records.sections import SECTIONS

    recipes = {name: Recipe.load(name) for name in shipped()}
    parts = {kind: {name: find(kind, name) for name in sorted(table(kind))} for kind in KINDS}
    return {
        "recipes": {
            name: {"about": one.about, "parts": {kind: getattr(one, kind).use for kind in KINDS if kind != "augment"}}
            for name, one in recipes.items()
        },
        "fields": {
            f"{name}.{field}": about
            for name, section in SECTIONS.items()
            for field, about in _fields(section.model_json_schema())
        },
        "parts": {
            kind: {
                name: {"about": describe(factory)[0], "options": _options(kind, factory)}
                for name, factory in some.items()
            }
            for kind, some in parts.items()
        },
        "common": {kind: _of_all(common_schema(kind)) for kind in KINDS if KINDS[kind].common},
        "analyses": {name: one.about for name, one in analyses().items()},
    }


def write() -> None:
    """Write the file."""
    FILE.write_text(json.dumps(made(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _of_all(common: type[BaseModel]) -> dict[str, Any]:
    """Options that all parts of a kind have; weights with the names of published ones."""
    from paribus.records.weights import PUBLISHED

    found = dict(_fields(common.model_json_schema()))
    found["weights"]["values"] += PUBLISHED
    return found


def _options(kind: str, factory: Any) -> dict[str, Any]:
    """Its own: those that it shares with all of its kind stand once for them."""
    from paribus.records.options import common_options, schema
    from paribus.records.parts import parameters_of

    common = {option.name for option in common_options(kind)} - parameters_of(factory)
    found = _fields(schema(kind, factory).model_json_schema())
    return {name: about for name, about in found if name not in common}


def _fields(schema: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, about in schema.get("properties", {}).items():
        values = list(dict.fromkeys(_values(about, schema.get("$defs", {}))))
        if "default" in about and not isinstance(about["default"], (list, dict)):
            values = [_word(about["default"]), *(value for value in values if value != _word(about["default"]))]
        yield name, {"about": about.get("description", ""), "values": values}


def _values(about: Mapping[str, Any], known: Mapping[str, Any]) -> Iterator[str]:
    """The words that a field may be set to, where they can be listed."""
    if "$ref" in about:
        about = known.get(about["$ref"].rpartition("/")[2], {})
    yield from map(_word, about.get("enum", ()))
    if "const" in about:
        yield _word(about["const"])
    if about.get("type") == "boolean":
        yield from ("true", "false")
    if about.get("type") == "null":
        yield "null"
    for one in about.get("anyOf", ()):
        yield from _values(one, known)


def _word(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


if __name__ == "__main__":
    write()
