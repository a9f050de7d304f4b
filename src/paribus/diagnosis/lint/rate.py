"""The learning rate that was used is the one that was asked for, at every epoch's end."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from paribus.diagnosis.lint.outcome import Unchecked, Verdict, broken, kept
from paribus.diagnosis.lint.subject import Subject
from paribus.records.parts import build
from paribus.records.time import Time
from paribus.records.wording import count

CLOSE = 1e-6  # relative: both are computed in double precision
BACK = 64  # batches that are looked back for the last step of a stage that is not due on every one


def learning_rate(subject: Subject) -> Verdict:
    """The recorded rates against the schedule, computed anew at the step at which each epoch ended."""
    rows = [row for row in subject.rows if row.get("step")]
    recipe = subject.recipe
    if not subject.stepped:
        return kept("the model was fitted at once: there are no steps")
    if not rows:
        return kept("no step was taken")
    if any("lr" not in row for row in rows):
        raise Unchecked("no learning rate was recorded")
    asked = list(_asked(subject, rows, by_step=True))
    wrong = [(row, rate) for row, rate in zip(rows, asked, strict=True) if not _same(row["lr"], rate)]
    if not wrong:
        return kept(f"the rate at the end of {count(len(rows), 'epoch')} is that of schedule={recipe.schedule.use}")
    by_epoch = all(_same(row["lr"], rate) for row, rate in zip(rows, _asked(subject, rows, by_step=False), strict=True))
    row, rate = wrong[0]
    return broken(
        "the schedule was asked once an epoch, and its unit is the step"
        if by_epoch
        else f"at the end of {len(wrong)} of {count(len(rows), 'epoch')} the rate is not what the recipe asks for",
        "train again; where a part of your own sets learning rates, say them in optimizer.lr and schedule instead",
        epoch=float(row["epoch"]),
        used=float(row["lr"]),
        asked=rate,
    )


def _asked(subject: Subject, rows: list[dict[str, Any]], by_step: bool) -> Iterator[float]:
    """The rate of the last step of each epoch; or what one gets who counts epochs in place of steps."""
    recipe, network, task = subject.recipe, subject.network, subject.task
    stage = next(iter(task.stages(network)))
    field = f"optimizers.{stage}" if stage in recipe.optimizers else "optimizer"
    rate = float(recipe.settings(field)["lr"])
    schedule = build("schedule", recipe.schedule)
    directions = {
        f"{split}/{metric.name}": metric.higher_is_better for split in ("train", "val") for metric in task.metrics
    }
    time_of = _steps(subject, lambda step: task.due(stage, step)) if by_step else _epochs(subject)
    for row in rows:
        yield rate * schedule.factor(time_of(row))
        schedule.observe({**dict.fromkeys(row.get("non_finite", ()), math.nan), **row}, directions)


def _steps(subject: Subject, due: Callable[[int], bool]) -> Callable[[dict[str, Any]], Time]:
    """The time of the last step of an epoch's row."""
    recipe, examples = subject.recipe, subject.info.sizes["train"]
    per_epoch = -(-examples // recipe.training.batch(examples))
    steps = min(recipe.budget.epochs * per_epoch, recipe.budget.steps or 2**62)

    def last(row: dict[str, Any]) -> Time:
        done = int(row["step"]) - 1
        return Time(next((step for step in range(done, max(-1, done - BACK), -1) if due(step)), done), steps, per_epoch)

    return last


def _epochs(subject: Subject) -> Callable[[dict[str, Any]], Time]:
    """The time of one who takes a step of the schedule behind each epoch."""
    return lambda row: Time(int(row["epoch"]) - 1, subject.recipe.budget.epochs, 1)


def _same(used: float | None, asked: float) -> bool:
    return used is not None and math.isclose(used, asked, rel_tol=CLOSE, abs_tol=1e-12)
