"""The trials of tuned arms, which lie in ``STUDY/tuning/ARM/VALUE/SEED``: what they try, and what they found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from paribus.errors import DamagedRecord
from paribus.records.run import RunFolder
from paribus.records.study import Arm, StudyDesign, slug
from paribus.records.tuning import SEED, Trial, Tuning
from paribus.records.wording import short_names, show
from paribus.studies.search.space import Space

FOLDER = "tuning"


def space(design: StudyDesign) -> Space:
    """The fields that are tuned, with their ranges."""
    return Space.of(design.recipe_of(design.arms()[0]), design.tune)


def points(design: StudyDesign) -> list[dict[str, Any]]:
    """What every arm tries: a grid of one field; of several points that fill their ranges evenly (Halton, 1960)."""
    dimensions = space(design).dimensions
    if len(dimensions) == 1:
        return [{dimensions[0].field: value} for value in dimensions[0].grid(design.trials)]
    from scipy.stats import qmc

    shares = qmc.Halton(len(dimensions), scramble=False).random(design.trials + 1)[1:]  # the first is a corner
    rows = [{one.field: one.at(float(u)) for one, u in zip(dimensions, row, strict=True)} for row in shares]
    return [row for place, row in enumerate(rows) if row not in rows[:place]]


def called(design: StudyDesign, values: Mapping[str, Any]) -> str:
    """A trial's values in short: ``lr=0.01``."""
    names = short_names(design.tune)
    return ", ".join(f"{names[field]}={show(value)}" for field, value in values.items())


def trial_folder(study: Path, design: StudyDesign, arm: Arm, values: Mapping[str, Any]) -> RunFolder:
    """Where a trial lies."""
    return RunFolder(study / FOLDER / arm.slug / slug(called(design, values)) / f"seed-{SEED}")


def tunings(design: StudyDesign, study: Path, figure: str) -> tuple[Tuning, ...]:
    """The tuning of every arm, as far as it is; nothing where nothing is tuned."""
    if not design.tune:
        return ()
    scales = {dimension.field: dimension.scale for dimension in space(design)}
    tried = points(design)
    return tuple(
        Tuning(
            arm.name,
            figure,
            scales,
            tuple(_trial(trial_folder(study, design, arm, values), values, figure) for values in tried),
            design.tuned.get(arm.name, {}),
        )
        for arm in design.arms()
    )


def best(trials: Sequence[Trial], higher_is_better: bool) -> Mapping[str, Any]:
    """The values of the best trial; of equal ones those of the one in their middle; empty where none has a figure."""
    known = [(trial.figure, trial) for trial in trials if trial.figure is not None]
    if not known:
        return {}
    top = (max if higher_is_better else min)(figure for figure, _ in known)
    equal = [trial for figure, trial in known if figure == top]
    return equal[(len(equal) - 1) // 2].values


def _trial(folder: RunFolder, values: Mapping[str, Any], figure: str) -> Trial:
    """What a trial found; one that is damaged has failed."""
    try:
        status, result = folder.last_status(), folder.result
    except DamagedRecord as error:
        return Trial(values, None, "failed", error.rule)
    found = result.metrics.get(figure) if result is not None else None
    if found is None and result is not None:
        row = next((row for row in folder.history if row["epoch"] == result.best_epoch), {})
        found = row.get(figure)
    return Trial(values, found, status.state, status.error.partition("\n")[0])
