"""What a study cannot mean: a field both set and varied, a factor that has nothing to compare, a value said twice."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, permutations
from typing import Any

from paribus.errors import ParibusError, StudyError
from paribus.records.parts import Part
from paribus.records.recipe import flatten
from paribus.records.study import Arm, StudyDesign
from paribus.records.wording import show
from paribus.studies.measure import no_claim, scored, splits_vary


def check_changes(changes: Mapping[str, Any], vary: Mapping[str, Sequence[Any]]) -> None:
    """Refuse a field that is both set for all arms and varied: one of the two would be dropped.

    Args:
        changes: dotted field → value, for all arms.
        vary: dotted field → values.
    """
    for written, entry in changes.items():
        for field, value in _fields(written, entry).items():
            for path in vary:
                whole = _part(path)
                if _part(field) == whole:
                    raise _both(path, written, entry)
                if field.startswith(f"{whole}."):
                    raise _lost(whole, field, value)


def check_claim(design: StudyDesign) -> None:
    """Refuse a claim that the validation splits of the seeds cannot allow, as far as the design alone says."""
    asked, varies = design.claim, splits_vary(design)
    if asked in (None, "these") or (asked == "like-these" and varies):
        return
    if not scored(design):
        raise no_claim(asked, design.foreign, varies and not design.foreign)
    if design.interim or design.looking == "anytime":
        raise StudyError(
            "intervals for examples like these hold once, at the planned end",
            got=f"--claim {asked} with seeds that are added",
            hint="leave --until-decided and --looks out, or write --claim these",
        )


def check_given(design: StudyDesign) -> None:
    """Refuse seeds that are said twice, and a factor without values; of streams of chance, none named means all."""
    if len(set(design.seeds)) < len(design.seeds):
        raise StudyError("seeds must differ", got=list(design.seeds))
    empty = [path for path, given in design.factors.items() if not given]
    if empty and design.layout != "noise":
        raise StudyError(f"{empty[0]} needs at least one value", hint=f"write --vary {empty[0]}=VALUE,VALUE")


def check_factors(design: StudyDesign) -> None:
    """Refuse factors that contradict each other."""
    for one, other in combinations(design.factors, 2):
        if _part(one) == _part(other):
            raise StudyError("a field is varied once", got=f"{one} and {other}", hint="list all values in one of them")
    for whole, part in permutations(design.factors, 2):
        for level in design.factors[whole]:
            if part in _fields(whole, level):
                raise StudyError(
                    f"{part} is varied, and a value of {whole} sets it as well",
                    got=f"{whole}={show(level)}",
                    hint=f"drop it there, or drop --vary {part}",
                )


def check_arms(design: StudyDesign) -> None:
    """Refuse an option that some arm's part does not have; said of the arm, for the recipe itself may have it.

    Raises:
        ParibusError: as the recipe of the arm raises it, where no part is varied as a whole.
    """
    for arm in design.arms():
        try:
            _ = design.recipe_of(arm).identity
        except ParibusError as error:
            beside = next((pair for pair in _beside(arm) if pair[1] in error.rule), None)
            if beside is None:
                raise
            whole, part = beside
            option = part.removeprefix(f"{_part(whole)}.")
            raise StudyError(
                f"{part} is varied beside {whole}, and does not exist in every arm: {error.rule}",
                got=arm.name,
                hint=f"write it into the values that have it: --vary '{_part(whole)}={{use: NAME, {option}: VALUE}},…'",
            ) from None


def check_values(design: StudyDesign) -> None:
    """Refuse a factor with one value, and one with the same value twice, however it is written."""
    reference = {path: levels[0] for path, levels in design.factors.items()}
    for path, levels in design.factors.items():
        if len(levels) < 2:
            raise StudyError(
                f"a factor has two values or more, and {path} has one: there is nothing to compare",
                got=show(levels[0]),
                hint=f"write {path}={show(levels[0])} without --vary to set it in all arms, or add the reference",
            )
        recipes = [design.base.override({**reference, path: level}) for level in levels]
        if (again := _again([recipe.identity for recipe in recipes])) is not None:
            first, second = (show(levels[place]) for place in again)
            raise StudyError(
                f"{path} has the same value twice: the two arms are the same recipe",
                got=f"{first} and {second}",
                hint="vary something that differs",
            )


def _again(keys: Sequence[str]) -> tuple[int, int] | None:
    """The places of the first two keys that are the same."""
    return next(((keys.index(key), place) for place, key in enumerate(keys) if key in keys[:place]), None)


def _beside(arm: Arm) -> Iterator[tuple[str, str]]:
    """Parts that are varied as a whole, each with a field of it that is varied beside it."""
    for whole, part in permutations(arm.settings, 2):
        if part.startswith(f"{_part(whole)}."):
            yield whole, part


def _fields(path: str, value: Any) -> dict[str, Any]:
    """The dotted fields that a value sets: ``optimizer={use: sgd, lr: 0.1}`` the optimizer, its use and its lr."""
    if isinstance(value, Part):
        value = value.flat()
    return {path: value, **(flatten(value, f"{path}.") if isinstance(value, Mapping) else {})}


def _part(path: str) -> str:
    """What a field exchanges: ``optimizer.use`` the optimizer."""
    return path.removesuffix(".use")


def _both(path: str, written: str, entry: Any) -> StudyError:
    return StudyError(
        f"{path} is varied, and cannot be set for all arms as well",
        got=f"{written}={show(entry)}",
        hint=f"drop one of the two; to compare this value too, add it to the values of {path}",
    )


def _lost(whole: str, field: str, value: Any) -> StudyError:
    option = field.removeprefix(f"{whole}.")
    return StudyError(
        f"{whole} is varied as a whole: arms begin it afresh, and what is set beside it would be lost",
        got=f"{field}={show(value)}",
        hint=f"say it in each value: --vary '{whole}={{use: NAME, {option}: {show(value)}}},{{use: NAME, …}}'",
    )
