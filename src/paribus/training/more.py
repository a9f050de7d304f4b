"""More epochs for a finished run: a run of its own, which begins where the finished one ended, if that is the same."""

from __future__ import annotations

import logging
import shutil
from functools import partial

from paribus import files
from paribus.errors import CorruptCheckpoint, RunError
from paribus.records.parts import build
from paribus.records.recipe import Recipe
from paribus.records.run import RunFolder, RunResult
from paribus.records.time import Time
from paribus.training import checkpoints
from paribus.training.keep import copy_kept, state_of
from paribus.training.schedules import Schedule

LOOKS = 10_000  # steps at which two schedules are compared

logger = logging.getLogger(__name__)


def longer(folder: RunFolder, recipe: Recipe, epochs: int) -> Recipe:
    """The recipe of a finished run with so many epochs more.

    Raises:
        RunError: if the run has not finished, or more epochs would change nothing.
    """
    result = folder.result
    if result is None:
        got = f"{folder.path} is {folder.status.state}"
        raise RunError("only a finished run goes on with more epochs", got=got, hint="train it first, without more")
    if epochs < 1:
        raise RunError("a run goes on for at least one epoch more", got=epochs)
    if recipe.budget.steps is not None and result.steps >= recipe.budget.steps:
        hint = "raise budget.steps instead"
        raise RunError("budget.steps ends this run, whatever its epochs", got=recipe.budget.steps, hint=hint)
    return recipe.override({"budget.epochs": recipe.budget.epochs + epochs})


def begin(target: RunFolder, recipe: Recipe, source: RunFolder) -> None:
    """Let a run that has not begun start at the end of one with fewer epochs, or say why it starts at its beginning.

    Either way it becomes, bit for bit, the run that had all its epochs from the start.

    Args:
        target: the new run.
        recipe: its recipe.
        source: the finished run, which stays as it is.
    """
    result = source.result
    try:
        state = state_of(source)
    except CorruptCheckpoint as error:
        state, why = None, str(error)
    else:
        why = "its state was not kept (keep it with --keep last, in Python train(keep='last'))"
    if state is not None and result is not None and (why := _differs(recipe, source.recipe, result)):
        state = None
    if state is None:
        logger.warning("all %d epochs are trained from the beginning: %s", recipe.budget.epochs, why)
        return
    with target.lock():
        target.restore_metrics(source.history)
        for preview in sorted(source.previews.glob("[0-9]*")):
            files.write_with(target.previews / preview.name, partial(shutil.copyfile, preview))
        copy_kept(source, target)
        checkpoints.save(target.checkpoints, state["step"], state)
    logger.info("goes on behind epoch %d of %s", state["epoch"], source.path)


def _differs(longer: Recipe, recipe: Recipe, result: RunResult) -> str:
    """Why the first epochs of the longer training are others than those that were trained; empty if they are not."""
    per_epoch = max(1, result.steps // result.epochs)
    schedule: Schedule = build("schedule", recipe.schedule)
    before, after = (one.budget.epochs * per_epoch for one in (recipe, longer))
    looks = range(0, result.steps, max(1, result.steps // LOOKS))
    if all(schedule.factor(Time(at, before, per_epoch)) == schedule.factor(Time(at, after, per_epoch)) for at in looks):
        return ""
    return (
        f"schedule={recipe.schedule.use} spreads the learning rate over the whole budget, so that "
        f"with {longer.budget.epochs} epochs the first {result.epochs} have other rates"
    )
