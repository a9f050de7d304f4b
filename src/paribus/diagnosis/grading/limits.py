"""Learning rates that sound recipes take, by optimizer: what of the doctor's table recipes tell without a training."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from paribus import files
from paribus.chance import Seeds
from paribus.data.prepare.prepared import prepare
from paribus.diagnosis.grading.cases import Case, sound
from paribus.diagnosis.grading.host import Set
from paribus.diagnosis.healthy import Range, ranged
from paribus.diagnosis.measures import MEASURES
from paribus.diagnosis.record import Record
from paribus.records.recipe import Recipe
from paribus.records.run import Status

LOOKED_AT: tuple[Set, ...] = ("tuning", "grading")
RATES = ("gradient_rate", "coordinate_rate", "gradient_heat", "coordinate_heat")


def rates(cases: Iterable[Case]) -> Mapping[str, Range]:
    """The range of each figure of :data:`RATES` over sound recipes, each of which counts once."""
    shapes: dict[str, tuple[int, ...]] = {}  # of a target: all kinds of one host have the same
    found = []
    for case in cases:
        if case.host not in shapes:
            shapes[case.host] = prepare(case.recipe, Seeds(0)).info.target_shape
        found.append((case.host, _record(case.recipe, shapes[case.host])))
    values = {
        name: [(value, host) for host, record in found if (value := MEASURES[name].compute(record)) is not None]
        for name in RATES
    }
    return {name: ranged(numbers) for name, numbers in values.items() if numbers}


def write(table: Path) -> str:
    """Put the rates of all sound recipes whose hosts were looked at into a table; gives a line for each.

    Args:
        table: a file as :mod:`paribus.diagnosis.healthy` writes it; all else in it stays.

    Raises:
        ParibusError: if there is no such file, or it is damaged.
    """
    content = files.read_json(table)
    new = rates(case for side in LOOKED_AT for case in sound(side, 1))
    files.write_json(table, {**content, "ranges": {**content["ranges"], **{name: vars(new[name]) for name in new}}})
    lines = (f"{name}: {one.low:g} to {one.high:g}, {one.n} recipes of {one.hosts} hosts" for name, one in new.items())
    return "\n".join(lines)


def _record(recipe: Recipe, target_shape: tuple[int, ...]) -> Record:
    """A run of which nothing but the recipe and the shape of a target is known."""
    return Record(Status("new"), (), {}, {"target_shape": target_shape}, recipe.resolved(), Path())
