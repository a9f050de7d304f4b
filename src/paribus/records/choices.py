"""Every choice of a recipe with a sentence on what it means."""

from __future__ import annotations

from collections.abc import Sequence

from paribus.records.options import describe
from paribus.records.options import options as all_options
from paribus.records.parts import factory_of, present
from paribus.records.recipe import Recipe
from paribus.records.result import Choice
from paribus.records.sections import Section
from paribus.records.wording import show


def choices(recipe: Recipe, varied: Sequence[str] = ()) -> tuple[Choice, ...]:
    """All settings of a recipe, defaults included.

    Args:
        recipe: the recipe.
        varied: dotted fields that a study varies.
    """
    found: list[Choice] = []
    parts = recipe.fields
    for name, about in Recipe.model_fields.items():
        value = getattr(recipe, name)
        if isinstance(value, Section):
            found += _of_section(name, value, varied)
        elif isinstance(value, dict) and not value:
            found.append(Choice(name, "none", about.description or "", name in varied))
        else:
            fields = [field for field in parts if field == name or field.startswith(f"{name}.")]
            found += [choice for field in fields for choice in _of_part(recipe, field, varied)]
    return tuple(found)


def _of_part(recipe: Recipe, field: str, varied: Sequence[str]) -> list[Choice]:
    kind, part = recipe.fields[field]
    whole = field in varied or f"{field}.use" in varied
    if not present(kind, part):  # a user's class that is not loaded: what was written is known all the same
        head = Choice(field, part.use, "a part of the author's own", whole)
        options = [(name, value, "") for name, value in part.options.items()]
    else:
        factory, values = factory_of(kind, part), recipe.settings(field)
        head = Choice(field, part.use, describe(factory)[0], whole)
        texts = {option.name: option.text for option in all_options(kind, factory)}
        options = [(name, value, texts[name]) for name, value in values.items()]
    return [head, *(Choice(f"{field}.{name}", show(value), text, f"{field}.{name}" in varied)
                    for name, value, text in options)]  # fmt: skip


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
