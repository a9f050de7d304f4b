"""The seeds of an arm as an ensemble: what predicting together gains."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from paribus.analysis.averaging import Averaging
from paribus.analysis.table import find, resolve
from paribus.errors import StudyError
from paribus.inference.ensemble import finished, which
from paribus.inference.trained import load
from paribus.records.study import StudyDesign
from paribus.studies.held_out import test_arm


def ensemble(study: Path, arm: str | None = None, because: str = "", **options: Any) -> Averaging:
    """What all finished seeds of an arm gain where they predict together.

    Args:
        study: its folder.
        arm: which one; may be left out where there is one only.
        because: why the test is opened, where ``split="test"`` asks for it: it is opened as by ``paribus test``.
        options: of the analysis: ``split``, ``confidence``.

    Raises:
        StudyError: if it is not said which arm, it has one seed only, or not why the test of a second arm is opened.
        DataError: if no example was left alone by all seeds, or the networks have no classes.
    """
    analysis = find("ensemble")
    settings, design = analysis.settings(options), StudyDesign.open(study)
    folders = finished(design, study, which(design, study, arm))
    if len(folders) < 2:
        raise StudyError("an ensemble has at least two members", got="one finished seed", hint="run more seeds")
    analysis.check(folders[0])
    if settings["split"] == "test":
        test_arm(study, arm, because)
    found: Averaging = resolve(analysis.compute)([load(folder) for folder in folders], **settings)
    return found
