"""Every choice of a recipe with a sentence on what it means."""

from __future__ import annotations

from collections.abc import Sequence

from paribus.records.options import describe, options
from paribus.records.parts import Part, find, names, settings
from paribus.records.recipe import Recipe, Section
from paribus.records.result import Choice
from paribus.records.wording import show


def choices(recipe: Recipe, varied: Sequence[str] = ()) -> tuple[Choice, ...]:
    """All settings of a recipe, defaults included.

    Args:
        recipe: the recipe.
        varied: dotted fields that a study varies.
    """
    found: list[Choice] = []
    for name, about in Recipe.model_fields.items():
        value = getattr(recipe, name)
        if isinstance(value, Part):
            found += _of_part(name, name, value, varied)
        elif isinstance(value, Section):
            found += _of_section(name, value, varied)
        elif name == "augment":
            found += [
                choice for key, part in value.items() for choice in _of_part(f"augment.{key}", name, part, varied)
            ]
            if not value:
                found.append(Choice("augment", "none", about.description or "", "augment" in varied))
    return tuple(found)


def _of_part(path: str, kind: str, part: Part, varied: Sequence[str]) -> list[Choice]:
    whole = path in varied or f"{path}.use" in varied
    if part.use not in names(kind):  # of somebody's own, and not at hand: what was written is known all the same
        rows = [Choice(path, part.use, "a part of the author's own", whole)]
        rows += [
            Choice(f"{path}.{name}", show(option), "", f"{path}.{name}" in varied)
            for name, option in part.options.items()
        ]
        return rows
    factory = find(kind, part.use)
    values = settings(kind, part)
    rows = [Choice(path, part.use, describe(factory)[0], whole)]
    for option in options(kind, factory):
        field = f"{path}.{option.name}"
        rows.append(Choice(field, show(values[option.name]), option.text, field in varied))
    return rows


def _of_section(path: str, section: Section, varied: Sequence[str]) -> list[Choice]:
    return [
        Choice(
            f"{path}.{name}",
            show(getattr(section, name)),
            field.description or "",
            f"{path}.{name}" in varied,
        )
        for name, field in type(section).model_fields.items()
    ]
