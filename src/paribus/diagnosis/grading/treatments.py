"""Whether what the doctor prescribes helps, and more often than a change of one field drawn at random."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from paribus.chance import key
from paribus.diagnosis.doctor import diagnose
from paribus.diagnosis.finding import Finding
from paribus.diagnosis.grading.cases import Pair
from paribus.diagnosis.grading.grades import Cell, Planted
from paribus.diagnosis.treatment import Word
from paribus.doctor import treated
from paribus.errors import Interrupted, ParibusError
from paribus.progress import Announce
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder

Verdict = Word | Literal["none"]  # where there is no treatment of one field

SEEDS = 5


@dataclass(frozen=True)
class Tried:
    """Two treatments of a planted fault.

    Args:
        cell: which fault.
        cause: the finding that is treated, or the first where none has a treatment of one field.
        field: what the doctor changes; empty where it has none.
        word: what the paired study says of that.
        drawn: the field that was drawn.
        drawn_word: what the study says of changing that.
    """

    cell: Cell
    cause: str
    field: str
    word: Verdict
    drawn: str
    drawn_word: Verdict

    @property
    def confirmed(self) -> bool:
        """Whether the doctor's treatment helps."""
        return self.word == "confirmed"

    @property
    def drawn_confirmed(self) -> bool:
        """Whether the one that was drawn helps."""
        return self.drawn_word == "confirmed"


def tried(
    pairs: Sequence[Pair],
    harmful: Sequence[Planted],
    runs: Path,
    *,
    most: int,
    jobs: int,
    seconds: float,
    progress: Announce,
) -> list[Tried]:
    """Both treatments of harmful faults that were detected, as long as the time lasts; what was studied is read again.

    Args:
        pairs: the planted trainings.
        harmful: the cells that count.
        runs: the folder of all runs.
        most: of how many of them, drawn at random, always in the same order.
        jobs: at the same time.
        seconds: after which no further one is begun.
        progress: told how many are done.
    """
    first: dict[Cell, Pair] = {}
    for pair in pairs:
        first.setdefault(pair.planted.cell, pair)
    until, found = time.monotonic() + seconds, []
    detected = [cell for cell in harmful if cell.answers[0].faults]
    chosen = sorted(detected, key=lambda cell: key("grading", "treated", *cell.cell))[:most]
    for done, cell in enumerate(chosen):
        if time.monotonic() > until:
            break
        progress("treating", done, len(chosen))
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
    findings = list(diagnose(folder).all())
    named = next((finding for finding in findings if len(finding.treatment) == 1), None)
    field, value = drawn(folder.recipe, key("grading", "treatment", *cell))
    blind = Finding("loss-does-not-fall", "", {}, {field: value})  # any cause will do: it only names the folder
    word = _word(folder, named, runs / "treated", jobs) if named else "none"
    cause, changed = (named.cause, next(iter(named.treatment))) if named else (findings[0].cause, "")
    return Tried(cell, cause, changed, word, field, _word(folder, blind, runs / "drawn", jobs))


def _word(folder: RunFolder, finding: Finding, runs: Path, jobs: int) -> Verdict:
    """What the study says; a treatment that cannot be trained does not help.

    Raises:
        Interrupted: when asked to stop, which says nothing of the treatment.
    """
    try:
        return treated(folder, finding, SEEDS, runs, jobs=jobs, device="cpu").word
    except Interrupted:
        raise
    except ParibusError:
        return "not confirmed"


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
