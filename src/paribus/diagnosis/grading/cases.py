"""The trainings that grading needs: each a recipe and a seed, the first seed of all first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from paribus.data.arrays import Data
from paribus.diagnosis.grading.examples import SPOILED
from paribus.diagnosis.grading.faults import FAULTS, Fault
from paribus.diagnosis.grading.healthy import KINDS, PLAIN, SHIPPED
from paribus.diagnosis.grading.host import Host, Set
from paribus.diagnosis.grading.hosts import FIRST_SEED, NAMED, hosts
from paribus.diagnosis.grading.plans import Plan
from paribus.errors import MissingData, RecipeError, nearest
from paribus.records.recipe import Recipe, override
from paribus.records.run import RunFolder

Role = Literal["fault", "twin", "healthy"]
SEVERITIES = ("mild", "middling", "grave")
STRIDE = 7  # cells by which the choice moves on from fault to fault
HEALTHY = 500  # from this seed of a side on: sound trainings share none with the twins


@dataclass(frozen=True)
class Case:
    """One training.

    Args:
        role: what it is for.
        name: of the fault, or of the kind of sound training.
        host: the name of its host, or of a shipped recipe.
        seed: of the training.
        recipe: what is trained.
        severity: 0, 1, 2 of a fault.
        metric: the figure by which harm is judged; empty where there is no host to compare with.
    """

    role: Role
    name: str
    host: str
    seed: int
    recipe: Recipe
    severity: int = 0
    metric: str = ""

    @property
    def cell(self) -> tuple[str, str, str]:
        """What its seeds have in common: name, host, severity."""
        return self.name, self.host, SEVERITIES[self.severity] if self.role == "fault" else ""

    def folder(self, runs: Path) -> RunFolder:
        """Where it is trained: by its recipe, so that the folder says nothing of what was planted."""
        return RunFolder(runs / self.host.replace("/", "-") / self.recipe.identity / f"seed-{self.seed}")


@dataclass(frozen=True)
class Pair:
    """A planted training and its sound twin of the same seed."""

    planted: Case
    twin: Case
    fault: Fault


def pairs(
    set: Set, seeds: int, severities: Sequence[int] = (0, 1, 2), only: Sequence[str] = (), thin: int = 1
) -> list[Pair]:
    """Planted trainings with their twins, the first seed of all first.

    Args:
        set: the side.
        seeds: how many.
        severities: which of the three.
        only: ``FAULT/HOST``, or one of them alone; nothing means all.
        thin: one in so many cells, dealt evenly to faults, hosts and severities.

    Raises:
        RecipeError: if there is no such fault or host.
    """
    cells = [cell for cell in _cells(set, severities, thin) if _wanted(only, cell[0].id, cell[1].name)]
    for name in only:
        if not any(_wanted([name], cell[0].id, cell[1].name) for cell in cells):
            known = {*(fault.id for fault in FAULTS), *(host.name for host in hosts(set))}
            rule = f"--only names a fault or a host of the {set} set, or both: FAULT/HOST"
            raise RecipeError(rule, got=name, hint=nearest(name.partition("/")[0], sorted(known)))
    made = [(cell, _both(*cell)) for cell in cells]
    return [_pair(*cell, *both, FIRST_SEED[set] + seed) for seed in range(seeds) for cell, both in made]


def sound(set: Set, seeds: int, only: Sequence[str] = (), thin: int = 1) -> list[Case]:
    """Sound trainings of all kinds, or of one in so many beside the hosts as they are; the first seed of all first."""
    made = {
        (host, recipe.identity): it
        for it in (*_changed(set, only), *_shipped(set, only))
        for _, host, _, recipe in [it]
    }
    wanted = [one for one in made.values() if _wanted(only, *one[:2])]
    chosen = [one for place, one in enumerate(wanted) if place % thin == 0 or one[0] == PLAIN]
    first = FIRST_SEED[set] + HEALTHY
    return [
        Case("healthy", name, host, first + seed, recipe, metric=metric)
        for seed in range(seeds)
        for name, host, metric, recipe in chosen
    ]


def recipe_of(host: Host, plan: Plan, *, planted: bool = True) -> Recipe:
    """The recipe of a host with a plan in it, or that of the twin."""
    raw = override({**host.recipe, "name": host.name}, plan.planted if planted else plan.twin)
    if host.examples is not None:
        spoil = plan.spoil if planted else None
        raw["data"] = {"use": "arrays", **raw.get("data", {}), "content": _content(host.name, *(spoil or ("", 0.0)))}
        raw["split"] = {"test": 0.0}  # all that does not validate trains
    return Recipe.read(raw)


@cache
def _content(host: str, spoil: str, level: float) -> str:
    """Arrays of a host go into the cache under the hash of their content, as anybody's do."""
    made = NAMED[host].examples
    assert made is not None
    found = SPOILED[spoil](made(), level) if spoil else made()
    validation = (found.val_inputs, found.val_targets)
    data = Data(found.inputs, found.targets, val=validation, classes=found.classes or None)
    return str(data.part.options["content"])


def _cells(set: Set, severities: Sequence[int], thin: int) -> Iterator[tuple[Fault, Host, int]]:
    """Of every fault one cell in so many, and one at least; the first severity of all first."""
    chosen = []
    for row, fault in enumerate(FAULTS):
        cells = [(fault, host, severity) for severity in severities for host in filter(fault.fits, hosts(set))]
        first = STRIDE * row % min(thin, max(1, len(cells)))  # dealt evenly to hosts and severities
        chosen += cells[first::thin]
    return iter(sorted(chosen, key=lambda cell: cell[2]))


def _wanted(only: Sequence[str], name: str, host: str) -> bool:
    """Whether ``FAULT/HOST``, or one of both, means it; nothing means all."""
    return not only or any(one in (name, host, f"{name}/{host}") for one in only)


def _both(fault: Fault, host: Host, severity: int) -> tuple[Recipe, Recipe, str]:
    plan = fault.plan(host, severity)
    return recipe_of(host, plan), recipe_of(host, plan, planted=False), plan.metric or host.figure.metric


def _pair(fault: Fault, host: Host, severity: int, planted: Recipe, twin: Recipe, metric: str, seed: int) -> Pair:
    return Pair(
        Case("fault", fault.id, host.name, seed, planted, severity, metric),
        Case("twin", "twin", host.name, seed, twin, 0, metric),
        fault,
    )


def _changed(set: Set, only: Sequence[str]) -> Iterator[tuple[str, str, str, Recipe]]:
    """Hosts with changes that do no harm; a change that a host has already makes no further kind."""
    asked = [host for host in hosts(set) if any(_wanted(only, kind.name, host.name) for kind in KINDS)]
    for kind in reversed(KINDS):
        for host in asked:
            if host.family in kind.families:
                yield kind.name, host.name, host.figure.metric, recipe_of(host, kind.plan(host))


def _shipped(set: Set, only: Sequence[str]) -> Iterator[tuple[str, str, str, Recipe]]:
    """Recipes that ship, where their data are here."""
    for name in (name for name in SHIPPED[set] if _wanted(only, "shipped", name)):
        recipe = Recipe.load(name)
        try:
            _look_for(recipe)
        except MissingData:
            continue
        yield "shipped", name, "", recipe


def _look_for(recipe: Recipe) -> None:
    from paribus.data.prepare.prepared import inputs_of

    inputs_of(recipe, 0)
