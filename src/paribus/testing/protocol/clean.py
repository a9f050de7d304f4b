"""Clean runs: shipped recipes, cut to a moment's training, and runs with what is unusual and yet in order."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paribus.data.origin import origin_of
from paribus.diagnosis.lint.lint import lint
from paribus.errors import MissingData, ParibusError
from paribus.records.parts import factory_of
from paribus.records.recipe import Recipe, shipped
from paribus.run import Run
from paribus.training.monitor import no_listener

SHORT: Mapping[str, Any] = {"budget.epochs": 2, "budget.steps": 6, "training.batch_size": 16}
UNUSUAL: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("digits/mlp", {"schedule": "cosine", "budget.epochs": 4}),
    ("digits/mlp", {"schedule": "one_cycle", "budget.epochs": 3, "training.ema": 0.9}),
    ("digits/mlp", {"schedule": "plateau", "schedule.patience": 0, "budget.epochs": 6}),
    ("digits/mlp", {"schedule": "warmup", "optimizer": "adam"}),
    ("digits/mlp", {"schedule": "step", "schedule.every": 1, "budget.epochs": 3, "training.accumulate": 2}),
    ("digits/mlp", {"stopping": "patience", "stopping.patience": 1, "budget.epochs": 8, "optimizer.lr": 0.5}),
    ("digits/mlp", {"optimizer": "muon"}),
    ("digits/mlp", {"training.l1": 1e-3, "training.sampling": "balanced", "training.clip_norm": 1.0}),
    ("digits/mlp", {"split.folds": 5}),
    ("digits/cnn", {"model.norm": "batch", "model.dropout": 0.5, "model.freeze": ["stages.0.*"]}),
    ("digits/cnn", {"augment": {"mixup": True, "rotate": True}, "task.label_smoothing": 0.1}),
    ("digits/cnn", {"task.class_weights": "balanced", "task.loss": "focal", "training.batch_size": 7}),
)
"""What a lint might take for a fault, and is none."""


@dataclass(frozen=True)
class Clean:
    """A run in which nothing is wrong, and what a lint said of it.

    Args:
        recipe: its name.
        changes: to it.
        seed: of the run.
        flagged: names of the checks that called something broken, with what they said.
        unchecked: how many claims could not be checked.
        left_out: why it was not trained, as where data are missing.
    """

    recipe: str
    changes: Mapping[str, Any]
    seed: int
    flagged: tuple[str, ...] = ()
    unchecked: int = 0
    left_out: str = ""


def plans(real: bool = False) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The unusual runs, and shipped recipes, each cut short.

    Args:
        real: whether recipes of public data sets are among them, some of which do hold copies.
    """
    yield from UNUSUAL
    for name in shipped():
        if real or origin_of(factory_of("data", Recipe.load(name).data)).way in ("generated", "built in"):
            yield name, SHORT


def judged(recipe: str, changes: Mapping[str, Any], seed: int, runs: Path | None = None) -> Clean:
    """Train a clean run and look at it."""
    with tempfile.TemporaryDirectory(prefix="paribus-clean-") as folder:
        try:
            run = Run(recipe, changes, seed=seed, runs=runs or Path(folder))
            run.train(threads=1, device="cpu", listen=no_listener)
        except (MissingData, ParibusError) as error:
            return Clean(recipe, changes, seed, left_out=error.rule)
        found = lint(run.folder)
    said = tuple(f"{one.check}: {one.says}" for one in found.broken)
    return Clean(recipe, changes, seed, said, len(found.of("unchecked")))


def judge(
    count: int, first: int = 0, tell: Callable[[Clean], None] = lambda one: None, real: bool = False
) -> list[Clean]:
    """So many clean runs: every plan with one seed, then all with the next; what cannot be trained here is left out."""
    found: list[Clean] = []
    refused: set[int] = set()
    every = list(plans(real))
    for seed in range(first, first + count):
        for place, (recipe, changes) in enumerate(every):
            if place in refused:
                continue
            if len(found) == count:
                return found
            one = judged(recipe, changes, seed)
            tell(one)
            if one.left_out:
                refused.add(place)
            else:
                found.append(one)
    return found
