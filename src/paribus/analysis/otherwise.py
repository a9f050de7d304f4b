"""A trained network whose task answers otherwise: another grammar, beams, a threshold; nothing is trained again."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from pydantic import Field

from paribus.errors import DataError, RecipeError
from paribus.evidence.bootstrap import mean_interval
from paribus.evidence.estimate import Estimate
from paribus.inference.trained import SplitName, Trained, loader_of, prepared_with
from paribus.records.metric import Metric
from paribus.records.parts import build
from paribus.records.wording import show
from paribus.tasks.evaluation import evaluate, scores
from paribus.tasks.task import Task

LEAST = 4  # examples for an interval
SURE = 1e-9  # by less than this a score of an example is the same


@dataclass(frozen=True)
class Paired:
    """A figure that single examples have, as trained and otherwise, on the same examples.

    Args:
        gained, lost: examples whose score is higher, and lower, otherwise.
        difference: otherwise − as trained, with its interval over the examples; ``None`` of fewer than four.
    """

    gained: int
    lost: int
    difference: Estimate | None


@dataclass(frozen=True)
class Otherwise:
    """Figures of one network under two settings of its task.

    Args:
        split: of the data.
        examples: that were asked.
        changed: option → its value in training, and now.
        figures: metric → as trained, and otherwise.
        paired: those of them that single examples have.
        metrics: how people read them, by name.
        confidence: of the intervals.
    """

    split: str
    examples: int
    changed: Mapping[str, tuple[str, str]]
    figures: Mapping[str, tuple[float, float]]
    paired: Mapping[str, Paired]
    metrics: Mapping[str, Metric]
    confidence: float


def otherwise(
    trained: Trained,
    *,
    task: Mapping[str, Any],
    split: SplitName = "val",
    most: Annotated[int, Field(ge=1)] = 20_000,
    confidence: Annotated[float, Field(gt=0, lt=1)] = 0.95,
) -> Otherwise:
    """Evaluate a trained network with other settings of its task, beside those that it was trained with.

    Args:
        trained: the network.
        task: options of the task and their values now; task.grammar=us on the command line.
        split: which examples are asked.
        most: examples, the first ones.
        confidence: of the intervals.

    Raises:
        RecipeError: for an option that there is not, or one that decides what the network gives.
        DataError: if nothing is changed.
    """
    changed = asked_otherwise(trained, task)
    prepared = prepared_with(trained, split)
    loader = loader_of(prepared, split, most)
    figures, single = [], []
    for one in (trained, changed):
        one.task.prepare(prepared)
        figures.append(evaluate(one.task, one.network, loader, split))
        single.append(scores(one.task, one.network, loader))
    before, now = single
    paired = {}
    for name in (one for one in before if one != "rows"):
        gains = now[name].double() - before[name].double()
        interval = mean_interval(gains.numpy(), confidence) if len(gains) >= LEAST else None
        paired[name] = Paired(int((gains > SURE).sum()), int((gains < -SURE).sum()), interval)
    return Otherwise(
        split,
        len(loader.rows),
        _changes(trained, changed),
        {name.partition("/")[2]: (value, figures[1][name]) for name, value in figures[0].items() if name in figures[1]},
        paired,
        {metric.name: metric for metric in trained.task.metrics},
        confidence,
    )


def asked_otherwise(trained: Trained, options: Mapping[str, Any]) -> Trained:
    """The same network with other settings of its task.

    Raises:
        RecipeError: for an option that there is not, or one that decides what the network gives.
        DataError: if nothing is changed.
    """
    recipe = trained.recipe.override({f"task.{name}": value for name, value in options.items()})
    recipe.resolved()
    if recipe.task.use != trained.recipe.task.use:
        hint = "train another run, from these weights if you like: model.weights=RUN"
        raise RecipeError("a network is asked for what its task was", got=f"task={recipe.task.use}", hint=hint)
    changed: Task = build("task", recipe.task, info=trained.info)
    if changed.model_inputs() != trained.task.model_inputs():
        rule = "these settings decide what the network gives, and it gives what it was trained for"
        hint = "train another run with them, from these weights if you like: model.weights=RUN"
        raise RecipeError(
            rule, got=", ".join(f"task.{name}={show(value)}" for name, value in options.items()), hint=hint
        )
    found = replace(trained, task=changed, recipe=recipe)
    if not _changes(trained, found):
        hint = "name an option of the task and another value: --set task.NAME=VALUE"
        raise DataError("these are the settings that the network was trained with", got=show(dict(options)), hint=hint)
    return found


def _changes(trained: Trained, now: Trained) -> dict[str, tuple[str, str]]:
    before, after = trained.recipe.settings("task"), now.recipe.settings("task")
    return {name: (show(before[name]), show(after[name])) for name in after if after[name] != before[name]}
