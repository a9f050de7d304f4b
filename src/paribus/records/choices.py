"""Every choice of a recipe with a sentence on what it means, and which of them differ between the arms of a study."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from paribus.records.options import describe
from paribus.records.options import options as all_options
from paribus.records.parts import factory_of, present
from paribus.records.recipe import Recipe
from paribus.records.result import Choice
from paribus.records.sections import Section
from paribus.records.study import Arm, StudyDesign
from paribus.records.wording import show

ABSENT = "not there"  # what a field is in an arm whose part has no such option
FEW = 6  # values of a field that are said each with the arms that have it


def choices(recipe: Recipe) -> tuple[Choice, ...]:
    """All settings of a recipe, defaults included."""
    return tuple(_of_recipe(recipe))


def compared(design: StudyDesign) -> tuple[Choice, ...]:
    """All settings of all arms of a study; every one that is not the same in all of them is varied.

    A part that is varied as a whole brings its options with it: each of them that differs is varied too, and so is
    one that only some of the arms have. Of trainings that are not a recipe's, only what is varied is known.
    """
    arms = design.arms()
    if design.foreign:
        return tuple(_setting(path, arms) for path in design.factors)
    found = [{choice.field: choice for choice in choices(design.recipe_of(arm))} for arm in arms]
    fields = dict.fromkeys(field for of_arm in found for field in of_arm)
    return tuple(_compared(field, [of_arm.get(field) for of_arm in found], arms, design) for field in fields)


def _setting(path: str, arms: Sequence[Arm]) -> Choice:
    """A setting of a training that is not a recipe's."""
    said = {arm.name: show(arm.settings[path]) if path in arm.settings else ABSENT for arm in arms}
    values = dict.fromkeys(said.values())
    varied = len(values) > 1
    return Choice(path, ", ".join(values), "", varied, said if varied else {})


def _compared(field: str, found: Sequence[Choice | None], arms: Sequence[Arm], design: StudyDesign) -> Choice:
    """A field over all arms."""
    said = {arm.name: choice.value if choice else ABSENT for arm, choice in zip(arms, found, strict=True)}
    meanings = {choice.meaning: choice.value for choice in found if choice}
    several = len(meanings) > 1  # parts that were exchanged: each has a sentence of its own
    meaning = "; ".join(f"{value}: {text}" if several else text for text, value in meanings.items())
    factors = {path.removesuffix(".use"): levels for path, levels in design.factors.items()}
    if field in factors and design.layout != "noise":
        return Choice(field, ", ".join(map(show, factors[field])), meaning, True, said)
    if design.tuned and field in design.tune:
        return Choice(field, f"tuned in every arm: {_grouped(said, 'arm')}", meaning, len(set(said.values())) > 1, said)
    if len(set(said.values())) == 1:
        return Choice(field, said[arms[0].name], meaning)
    return Choice(field, _by_arm(said, arms, design), meaning, True, said)


def _by_arm(said: Mapping[str, str], arms: Sequence[Arm], design: StudyDesign) -> str:
    """The values of a field, each with the arms that have it: ``0.9 (sgd), not there (adam)``."""
    for path in design.factors:
        groups: defaultdict[str, dict[str, None]] = defaultdict(dict)
        for arm in arms:
            groups[show(arm.settings.get(path))][said[arm.name]] = None
        if all(len(values) == 1 for values in groups.values()):  # this factor alone decides it
            return _grouped({level: next(iter(values)) for level, values in groups.items()}, path)
    return _grouped(said, "the arms")


def _grouped(said: Mapping[str, str], by: str) -> str:
    groups: defaultdict[str, list[str]] = defaultdict(list)
    for level, value in said.items():
        groups[value].append(level)
    if len(said) > FEW:
        return f"{', '.join(said.values() if len(groups) == len(said) else groups)} (by {by})"
    return ", ".join(f"{value} ({'; '.join(levels)})" for value, levels in groups.items())


def _of_recipe(recipe: Recipe) -> Iterator[Choice]:
    parts = recipe.fields
    for name, about in Recipe.model_fields.items():
        value = getattr(recipe, name)
        if isinstance(value, Section):
            yield from _of_section(name, value)
        elif isinstance(value, dict) and not value:
            yield Choice(name, "none", about.description or "")
        else:
            fields = [field for field in parts if field == name or field.startswith(f"{name}.")]
            yield from (choice for field in fields for choice in _of_part(recipe, field))


def _of_part(recipe: Recipe, field: str) -> Iterator[Choice]:
    kind, part = recipe.fields[field]
    if not present(kind, part):  # a user's class that is not loaded: what was written is known all the same
        yield Choice(field, part.use, "a part of the author's own")
        yield from (Choice(f"{field}.{name}", show(value), "") for name, value in part.options.items())
        return
    factory = factory_of(kind, part)
    yield Choice(field, part.use, describe(factory)[0])
    texts = {option.name: option.text for option in all_options(kind, factory)}
    for name, value in recipe.settings(field).items():
        yield Choice(f"{field}.{name}", show(value), texts[name])


def _of_section(path: str, section: Section) -> Iterator[Choice]:
    for name, field in type(section).model_fields.items():
        yield Choice(f"{path}.{name}", show(getattr(section, name)), field.description or "")
