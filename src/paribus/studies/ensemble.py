"""Analyses of all seeds of an arm: what predicting together gains, what holds of the classes for every seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from paribus.analysis.averaging import Averaging
from paribus.analysis.table import find, resolve
from paribus.errors import RecipeError, StudyError
from paribus.inference.ensemble import finished, which
from paribus.inference.trained import load
from paribus.records.study import StudyDesign
from paribus.studies.held_out import test_arm


def ensemble(study: Path, arm: str | None = None, because: str = "", **options: Any) -> Averaging:
    """What all finished seeds of an arm gain where they predict together: see :func:`analyse_arm`."""
    found: Averaging = analyse_arm(study, "ensemble", arm, because, **options)
    return found


def analyse_arm(study: Path, name: str, arm: str | None = None, because: str = "", **options: Any) -> Any:
    """The record of an analysis of all finished seeds of an arm.

    Args:
        study: its folder.
        name: of the analysis, one that is of an arm.
        arm: which one; may be left out where there is one only.
        because: why the test is opened, where ``split="test"`` asks for it: it is opened as by ``paribus test``.
        options: of the analysis: ``split``, ``confidence``.

    Raises:
        RecipeError: if there is no such analysis of an arm.
        StudyError: if it is not said which arm, it has one seed only, or not why the test of a second arm is opened.
        DataError: if no example was left alone by all seeds, or the networks have no classes.
    """
    analysis = find(name)
    if analysis.of != "arm":
        hint = f"ask a run: paribus analyse {name} RUN (in Python: pb.analyse(run, {name!r}))"
        raise RecipeError(f"the analysis {name} is about single runs", got=str(study), hint=hint)
    settings, design = analysis.settings(options), StudyDesign.open(study)
    folders = finished(design, study, which(design, study, arm))
    if len(folders) < 2:
        rule = "an ensemble has at least two members" if name == "ensemble" else f"{name} needs at least two seeds"
        raise StudyError(rule, got="one finished seed", hint="run more seeds")
    analysis.check(folders[0])
    if settings["split"] == "test":
        test_arm(study, arm, because)
    return resolve(analysis.compute)([load(folder) for folder in folders], **settings)
