"""The held-out test of a study: of the one arm that was chosen, and written down with when and why."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from paribus.errors import RunError, StudyError
from paribus.inference.held_out import test
from paribus.records import opened
from paribus.records.given import run_folder as folder_of
from paribus.records.opened import HeldOut
from paribus.records.run import RunFolder
from paribus.records.study import Arm, StudyDesign, find_arm, run_folder
from paribus.studies.conclusions import analyse

SPENT = "comparing arms on the test spends it: the best of several figures is too good, and nothing is held out then"


def test_arm(folder: Path, arm: str | None = None, because: str = "") -> list[tuple[RunFolder, HeldOut]]:
    """Open the test of all finished runs of one arm of a study.

    Args:
        folder: of the study.
        arm: which one, ``norm=batch``; may be left out where there is one only.
        because: why; it has to be said where the test of another arm was opened before.

    Raises:
        StudyError: if it is not said which arm, or not why a second one.
        RunError: if the arm has no finished run.
    """
    design = StudyDesign.open(folder)
    _refuse_foreign(design)
    chosen = which(design, folder, arm)
    _require_reason(design, folder, chosen, because)
    runs = [run for seed in design.seeds if (run := run_folder(folder, chosen, seed)).result is not None]
    if not runs:
        raise RunError("this arm has no finished run", got=f"{folder.name}: {chosen.name}", hint="run the study first")
    return [(run, test(run, because)) for run in runs]


def test_run(run: Any, because: str = "") -> HeldOut:
    """Open the held-out test of one run: once, and written down; asked again, what was written.

    >>> pb.open_test("last", because="the figure of the report").metrics  # doctest: +SKIP

    Args:
        run: a path, a part of a run's name, ``last``, a Run, a RunFolder. One of a study is opened as its arm is.
        because: why the test is opened; it stands in the report.

    Raises:
        DataError: if the data set has no test split.
        StudyError: if the test of another arm of its study was opened, and it is not said why.
    """
    folder = folder_of(run)
    study = folder.path.absolute().parents[1]
    if (study / "study.json").exists() and opened.read(folder.path) is None:
        design = StudyDesign.open(study)
        _refuse_foreign(design)
        chosen = next((arm for arm in design.arms() if arm.slug == folder.path.absolute().parent.name), None)
        if chosen is not None:
            _require_reason(design, study, chosen, because)
    return test(folder, because)


def which(design: StudyDesign, folder: Path, arm: str | None) -> Arm:
    """The arm that somebody means; where there are several it has to be said."""
    arms = design.arms()
    if arm is not None:
        return find_arm(design, arm)
    if len(arms) == 1:
        return arms[0]
    best = _best(design, folder)
    raise StudyError(
        f"the held-out test of a study is for the one arm that was chosen on validation figures; {SPENT}",
        got=f"{folder.name}, with {len(arms)} arms",
        hint=f"say which: --arm '{best}' (the best so far on validation)"
        + f"; all of them: {'; '.join(one.name for one in arms[:8])}{'; …' if len(arms) > 8 else ''}",
    )


def _best(design: StudyDesign, folder: Path) -> str:
    """The arm with the best mean validation figure."""
    result = analyse(design, folder)
    sign = 1 if result.metric.higher_is_better else -1
    known = [arm for arm in result.arms if math.isfinite(arm.level.value)]
    return max(known, key=lambda arm: sign * arm.level.value).name if known else result.arms[0].name


def _refuse_foreign(design: StudyDesign) -> None:
    """Refuse to test what paribus did not train: it has neither the network nor the data."""
    if design.foreign:
        hint = "test the arm that you have chosen on validation figures yourself, once"
        raise StudyError("paribus opens the held-out test of its own trainings only", got=design.name, hint=hint)


def _require_reason(design: StudyDesign, folder: Path, chosen: Arm, because: str) -> None:
    """Refuse to open the test of a second arm without a word."""
    if (others := _opened_before(design, folder, chosen)) and not because.strip():
        raise StudyError(
            f"the test of this study was opened for {others[0]} before, and {SPENT}",
            got=chosen.name,
            hint='if it has to be, say why: --because "…"; it stands in the report',
        )


def _opened_before(design: StudyDesign, folder: Path, chosen: Arm) -> list[str]:
    """The other arms of which the test of a run was opened."""
    return [
        arm.name
        for arm in design.arms()
        if arm.name != chosen.name
        and any((run_folder(folder, arm, seed).path / opened.FILE).exists() for seed in design.seeds)
    ]
