"""Names that earlier versions used in recipes, so that their run and study folders stay readable."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

RENAMED: Mapping[str, str] = {  # dotted field of a recipe, then and now
    "split.validation": "split.val",
    "task.judge": "task.extractor",
}


def upgraded(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """Plain recipe data as this version spells them."""
    result = {str(name): dict(value) if isinstance(value, Mapping) else value for name, value in recipe.items()}
    for old, new in RENAMED.items():
        section, _, name = old.partition(".")
        place = result.get(section)
        if isinstance(place, dict) and name in place:
            place[new.partition(".")[2]] = place.pop(name)
    return result


def info_of(facts: Mapping[str, Any]) -> dict[str, Any]:
    """What ``facts.json`` knew of the data, under the names of the splits today."""
    sizes = {"val" if name == "validation" else name: size for name, size in facts["sizes"].items()}
    return {**facts, "sizes": sizes}
