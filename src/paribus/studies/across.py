"""Analyses of single runs, asked of all runs of a study and put together: arm beside arm."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from paribus.analysis.kept import analyse
from paribus.analysis.table import find, resolve
from paribus.errors import RecipeError, StudyError
from paribus.inference.ensemble import finished
from paribus.records.study import StudyDesign
from paribus.studies.held_out import SPENT


def analyse_study(study: Path, name: str, again: bool = False, **options: Any) -> Any:
    """The record of an analysis over all arms of a study, from those of its runs, which are kept in their folders.

    Args:
        study: its folder.
        name: of the analysis, one that knows how to put arms together.
        again: compute what is kept.
        options: of the analysis.

    Raises:
        RecipeError: if there is no such analysis, or it is about single runs alone.
        StudyError: for a study of one arm, or without recipes, and for the test split.
        RunError: if an arm has no finished run.
    """
    analysis, design = find(name), StudyDesign.open(study)
    arms = design.arms()
    if not analysis.across:
        raise RecipeError(f"the analysis {analysis.name} is about single runs", got=str(study), hint="name a run")
    if design.foreign or design.layout == "noise" or len(arms) < 2:
        rule = "arms are compared in a study of recipes that has two or more"
        raise StudyError(rule, got=study.name, hint=f"name a run: paribus analyse {analysis.name} RUN")
    if analysis.settings(options).get("split") == "test":
        hint = "name a run of the arm that you have chosen"
        raise StudyError(f"the test split is for one arm; {SPENT}", got=str(study), hint=hint)
    found = {arm.name: finished(design, study, arm) for arm in arms}
    records = {
        arm: {run.seed: analyse(run, name, again=again, **options) for run in runs} for arm, runs in found.items()
    }
    drawn = design.base.chance.split is None
    overlap = next(iter(found.values()))[0].info().get("overlap") if drawn else None
    return resolve(analysis.across)(records, overlap or 0.0)
