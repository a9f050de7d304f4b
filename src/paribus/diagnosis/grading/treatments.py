"""Whether what the doctor prescribes helps, and more often than a change of one field drawn at random."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from paribus.chance import key
from paribus.diagnosis.doctor import diagnose
from paribus.diagnosis.finding import Finding
from paribus.diagnosis.grading.cases import Pair
from paribus.diagnosis.grading.grades import Cell, Planted
from paribus.doctor import treated
from paribus.errors import ParibusError
from paribus.progress import Announce
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder

SEEDS = 5


@dataclass(frozen=True)
class Tried:
    """Two treatments of a planted fault.

    Args:
        cell: which fault.
        field: what the doctor changes; empty where it has no treatment of one field.
        confirmed: whether the paired study says that it helps.
        drawn: the field that was drawn.
        drawn_confirmed: whether changing that helps.
    """

    cell: Cell
    field: str
    confirmed: bool
    drawn: str
    drawn_confirmed: bool


def tried(
    pairs: Sequence[Pair], harmful: Sequence[Planted], runs: Path, *, jobs: int, seconds: float, progress: Announce
) -> list[Tried]:
    """Both treatments of each harmful fault, as long as the time lasts; what was studied before is read again.

    Args:
        pairs: the planted trainings.
        harmful: the cells that count.
        runs: the folder of all runs.
        jobs: at the same time.
        seconds: after which no further one is begun.
        progress: told how many are done.
    """
    first: dict[Cell, Pair] = {}
    for pair in pairs:
        first.setdefault(pair.planted.cell, pair)
    until, found = time.monotonic() + seconds, []
    for done, cell in enumerate(harmful):
        if time.monotonic() > until:
            break
        progress("treating", done, len(harmful))
        found.append(_tried(cell.cell, first[cell.cell].planted.folder(runs), runs, jobs))
    return found


def drawn(recipe: Recipe, draw: int) -> tuple[str, Any]:
    """A change of one field that people try, drawn at random among those that the recipe can take."""
    changes = list(_changes(recipe))
    for place in np.random.default_rng(draw).permutation(len(changes)):
        field, value = changes[place]
        if _changes_something(recipe, field, value):
            return field, value
    raise AssertionError("a learning rate can always be changed")


def _tried(cell: Cell, folder: RunFolder, runs: Path, jobs: int) -> Tried:
    findings = diagnose(folder).all()
    named = next((finding for finding in findings if len(finding.treatment) == 1), None)
    field, value = drawn(folder.recipe, key("grading", "treatment", *cell))
    blind = Finding("loss-does-not-fall", "", {}, {field: value})  # any cause will do: it only names the folder
    confirmed = named is not None and _confirmed(folder, named, runs / "treated", jobs)
    changed = next(iter(named.treatment)) if named else ""
    return Tried(cell, changed, confirmed, field, _confirmed(folder, blind, runs / "drawn", jobs))


def _confirmed(folder: RunFolder, finding: Finding, runs: Path, jobs: int) -> bool:
    """Whether the study says so; a treatment that cannot be trained does not help."""
    try:
        return treated(folder, finding, SEEDS, runs, jobs=jobs, device="cpu").word == "confirmed"
    except ParibusError:
        return False


def _changes(recipe: Recipe) -> Iterator[tuple[str, Any]]:
    settings: Mapping[str, Any] = recipe.settings("optimizer")
    yield "optimizer.lr", 10 * settings["lr"]
    yield "optimizer.lr", settings["lr"] / 10
    yield "optimizer.weight_decay", 0.0
    yield "optimizer.weight_decay", 0.01
    yield "budget.epochs", 3 * recipe.budget.epochs
    yield "training.batch_size", 16
    yield "training.batch_size", 128
    yield "training.clip_norm", 1.0
    yield "schedule.use", "cosine"
    yield "schedule.use", "warmup"
    yield "model.norm", "batch"
    yield "model.init", "he"
    yield "model.activation", "relu"
    yield "model.dropout", 0.0
    yield "model.dropout", 0.3


def _changes_something(recipe: Recipe, field: str, value: Any) -> bool:
    try:
        return recipe.override({field: value}).identity != recipe.identity
    except ParibusError:
        return False
