"""Tuned arms: each gets values of its own, from as many trials as the others, before the seeds of the study run.

Trials train on the examples that the study trains on, and are judged on examples that no run of it trains or validates
on: a value that was chosen for the validation examples themselves would look better on them than it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from paribus.errors import ParibusError, StudyError
from paribus.records.recipe import Recipe
from paribus.records.study import Layout, StudyDesign
from paribus.records.tuning import SEED
from paribus.studies import trials
from paribus.studies.executors.job import Job
from paribus.studies.measure import find_figure, find_metric
from paribus.studies.search.space import Space

TRIALS = 8
OVER = ("finished", "diverged", "failed", "killed", "crashed")


def prepared(base: Recipe, tune: Mapping[str, Any], count: int | None, layout: Layout) -> tuple[Recipe, dict[str, Any]]:
    """The recipe with examples for tuning, and what the design says of tuning; by default as many as validate.

    Raises:
        StudyError: where there is nothing to tune, or nothing to compare.
    """
    if not tune:
        raise StudyError("trials are of tuning", got=f"--trials {count}", hint="write --tune optimizer.lr=1e-4..1")
    if layout == "noise":
        raise StudyError("a noise study compares no arms that could be tuned", got="--tune", hint="drop one of them")
    if count is not None and count < 2:
        raise StudyError("tuning has two trials or more", got=count, hint="write --trials 8")
    if not base.split.tuning:
        base = base.override({"split.tuning": base.split.val})
    found = {dimension.field: dimension.text for dimension in Space.of(base, tune)}
    return base, {"tune": found, "trials": count or TRIALS}


def check(design: StudyDesign) -> None:
    """Refuse fields that are both tuned and varied, and ranges that some arm cannot take.

    Raises:
        ParibusError: RecipeError or StudyError.
    """
    for field in design.tune:
        for path in design.factors:
            if field == path or path.startswith(f"{field}."):
                hint = "drop one of the two"
                raise StudyError(f"{field} is tuned in every arm, and cannot be varied as well", got=path, hint=hint)
    for arm in design.arms() if design.tune else ():
        try:
            for dimension in Space.of(design.recipe_of(arm), design.tune):
                if dimension.where is not None:
                    hint = "tune it alone, in arms that have it"
                    raise StudyError(f"{dimension.field} does not exist in every trial", got=dimension.text, hint=hint)
        except ParibusError as error:
            rule = f"--tune does not fit every arm: {error.rule}"
            raise StudyError(rule, got=arm.name, hint=error.hint or "tune what all arms have") from None


def jobs(design: StudyDesign, folder: Path, of_arms: Sequence[Job]) -> list[Job]:
    """All trials, value by value.

    Args:
        design: of the study.
        folder: of the study.
        of_arms: the runs of its arms, which are carried out alike.
    """
    if not design.tune:
        return []
    alike = {job.arm: job for job in of_arms}
    return [
        replace(
            alike[arm.name],
            arm=f"{arm.name}, {trials.called(design, values)}",
            seed=SEED,
            recipe=design.trial_of(arm, values),
            path=trials.trial_folder(folder, design, arm, values).path,
            tuning=True,
        )
        for values in trials.points(design)
        for arm in design.arms()
    ]


def tune(
    design: StudyDesign, folder: Path, of_arms: Sequence[Job], execute: Callable[[list[Job], Path], None]
) -> StudyDesign:
    """The design with the values of every arm; trials that are over are not run again, nor is what was chosen changed.

    Args:
        design: of the study.
        folder: of the study.
        of_arms: the runs of its arms.
        execute: runs jobs that are not over yet; the folder is the one below which twins of theirs may lie.

    Raises:
        StudyError: where an arm has no trial with a figure.
    """
    if all(arm.name in design.tuned for arm in design.arms()) or not design.tune:
        return design
    execute(jobs(design, folder, of_arms), folder / trials.FOLDER)
    figure, higher = find_figure(design), find_metric(design).higher_is_better
    found = trials.tunings(design, folder, figure)
    for one in found:
        if open_ := next((trial for trial in one.trials if trial.state not in OVER), None):
            rule = "the tuning of an arm is not over, and arms are compared with equal budgets only"
            got = f"{one.arm}, {trials.called(design, open_.values)}: {open_.state}"
            raise StudyError(rule, got=got, hint="the same command goes on; without --fail-fast trials that fail count")
    tuned = {one.arm: dict(trials.best(one.trials, higher)) for one in found}
    if none := [arm for arm, values in tuned.items() if not values]:
        errors = [trial.error or trial.state for one in found if one.arm == none[0] for trial in one.trials]
        raise StudyError("no trial of this arm ended with a figure", got=none[0], hint=f"the first said: {errors[0]}")
    return design.model_copy(update={"tuned": tuned, "tuned_by": figure})
