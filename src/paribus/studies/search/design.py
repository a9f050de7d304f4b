"""From the arguments of a search to a checked design, before anything is trained."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from paribus.errors import StudyError, nearest
from paribus.records.recipe import Recipe
from paribus.records.search import SEARCH, SearchDesign
from paribus.records.study import StudyDesign, slug
from paribus.records.wording import short_names
from paribus.studies.measure import find_figure, find_metric
from paribus.studies.search.hyperband import Asha, Hyperband, Plan, Whole, brackets, check
from paribus.studies.search.samplers import SAMPLERS, Choosing, require
from paribus.studies.search.space import Space

HISTORY = {"name", "trials", "confirm", "command"}  # what may differ when a search goes on
STOPS = ("none", "hyperband", "asha")
MODELLING = ("gp", "cmaes")  # samplers that learn from whole trainings only


def plan(base: Recipe, search: Mapping[str, Any], *, name: str | None = None, **fields: Any) -> SearchDesign:
    """The design of a search, checked.

    Args:
        base: the recipe that is changed.
        search: field → what it may be, as :meth:`Space.of` takes it.
        name: of the search; by default after the recipe and what is searched.
        fields: the other fields of the design; ``trials`` may be ``None``.

    Raises:
        StudyError: for what cannot be searched.
        RecipeError: for a field that the recipe has not, or a value that it does not take.
    """
    space = Space.of(base, search)
    trials = fields.pop("trials", None)
    design = SearchDesign.make(
        name=name or f"{base.name}--tune-{'+'.join(short_names([one.field for one in space]).values())}",
        recipe=base.plain(),
        space={one.field: [*one.values] if one.values else one.text for one in space},
        **({} if trials is None else {"trials": trials}),
        **_known(fields),
    )
    _check_stop(design, space, trials)
    require(design.sampler)
    judged(design)
    if design.sampler == "grid":
        design = design.model_copy(update={"trials": len(choosing(design).grid)})
    return design


def _known(fields: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fields, if their words are known."""
    for name, words in {"sampler": SAMPLERS, "stop": STOPS}.items():
        if name in fields and fields[name] not in words:
            raise StudyError(f"there is no such {name}", got=fields[name], hint=nearest(str(fields[name]), words))
    return fields


def _check_stop(design: SearchDesign, space: Space, trials: int | None) -> None:
    """Refuse to stop early what cannot be, or where that is contradicted."""
    if design.stop == "none":
        return
    check(design.base.budget.epochs, design.eta, design.min_epochs)
    rule = f"{design.stop} shares out the epochs of the budget"
    if design.base.budget.steps is not None:
        raise StudyError(rule, got=f"budget.steps={design.base.budget.steps}", hint="leave budget.steps out")
    if taken := [one.field for one in space if one.field.startswith("budget.")]:
        raise StudyError(f"{rule}, so they cannot be searched", got=taken[0], hint=f"leave --search {taken[0]} out")
    if design.sampler in (*MODELLING, "grid"):
        hint = "choose the sampler random, tpe or reinforce, or leave --stop out"
        raise StudyError(f"{design.sampler} needs whole trainings", got=f"--stop {design.stop}", hint=hint)
    if design.stop == "hyperband" and trials is not None:
        hint = "leave --trials out, or write --stop asha"
        raise StudyError("the brackets of Hyperband say how many trials there are", got=f"--trials {trials}", hint=hint)


def steps(design: SearchDesign) -> Plan:
    """Which trial is trained next, and how far."""
    most = design.base.budget.epochs
    if design.stop == "hyperband":
        return Hyperband(brackets(most, design.eta, design.min_epochs))
    if design.stop == "asha":
        return Asha(design.trials, most, design.eta, design.min_epochs)
    return Whole(design.trials, most)


def space_of(design: SearchDesign) -> Space:
    """The space of a design."""
    return Space.of(design.base, design.space)


def choosing(design: SearchDesign) -> Choosing:
    """What chooses the values of its trials."""
    higher = find_metric(judged(design)).higher_is_better
    return Choosing(space_of(design), design.sampler, design.seed, higher, design.trials)


def judged(design: SearchDesign) -> StudyDesign:
    """Its recipe as a study of one arm, which knows by what figure it is judged.

    Raises:
        StudyError: for a figure that there is not, or that is not one of the validation split.
    """
    found = StudyDesign.make(name=design.name, recipe=design.recipe, metric=design.metric, seeds=(design.seed,))
    if not (figure := find_figure(found)).startswith("val/"):
        hint = f"write --metric {figure.replace('train/', 'val/', 1)}"
        raise StudyError("a search is judged by a figure of the validation split", got=figure, hint=hint)
    return found


def same(known: SearchDesign, wished: SearchDesign) -> bool:
    """Whether two designs search the same; only their numbers of trials and of fresh seeds may differ."""
    if known.sampler == "grid" and known.trials != wished.trials:  # its points would be others
        return False
    return known.model_dump(mode="json", exclude=HISTORY) == wished.model_dump(mode="json", exclude=HISTORY)


def folder_for(design: SearchDesign, runs: Path, named: bool = False) -> Path:
    """The folder of a design below ``runs``: the first of NAME, NAME-2, … that is free or holds the same search."""
    number, folder = 1, runs / slug(design.name)
    while not named and (folder / SEARCH).exists() and not same(SearchDesign.open(folder), design):
        number += 1
        folder = runs / slug(f"{design.name}-{number}")
    return folder
