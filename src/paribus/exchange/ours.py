"""Runs and studies of paribus as other tools log runs."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from paribus.errors import DamagedRecord, RunError
from paribus.exchange.logged import Logged, Points, flat
from paribus.records.run import RunFolder
from paribus.records.store import MARKERS
from paribus.records.study import StudyDesign, run_folder

NO_FIGURES = ("epoch", "step", "non_finite")
FINAL = "final/"  # before a figure of the final weights: they may be those of an earlier epoch


def logged(folder: Path) -> tuple[list[Logged], list[str]]:
    """All runs of a study that have begun, or the one run, and what was left out.

    Raises:
        RunError: if there is none.
    """
    if (folder / MARKERS["run"]).exists():
        return [run(RunFolder(folder))], []
    found, left = [], []
    for place in _places(folder):
        try:
            found.append(run(*place))
        except DamagedRecord as error:
            left.append(f"a damaged run is left out: {place[0].path}: {error.rule}")
    if not found:
        raise RunError("there is no run to export", got=str(folder), hint="; ".join(left) or "run the study first")
    return found, left


def run(folder: RunFolder, study: str = "", arm: str = "", settings: Mapping[str, Any] = {}) -> Logged:
    """A run with its whole recipe, the figures of every epoch, and those of its final weights."""
    content, status, result = folder.read(), folder.status, folder.result
    curves = dict(_curves(folder.history))
    if result is not None:
        curves |= {FINAL + name: ((result.best_epoch, _value(value)),) for name, value in result.metrics.items()}
    return Logged(
        name=f"{arm}/seed-{content['seed']}" if arm else "/".join(folder.path.parts[-2:]),
        study=study or str(content.get("name", "")),
        params={**dict(flat(content.get("recipe", {}))), **settings, "seed": content["seed"]},
        curves=curves,
        settings=settings,
        arm=arm,
        state=status.state,
        started=status.started,
    )


def _places(study: Path) -> Iterator[tuple[RunFolder, str, str, Mapping[str, Any]]]:
    """The runs of a study that have begun: folder, study, arm and what makes it."""
    design = StudyDesign.open(study)
    for arm in design.arms():
        for seed in design.seeds:
            if (folder := run_folder(study, arm, seed)).exists:
                yield folder, design.name, arm.name, dict(flat(arm.settings))


def _curves(rows: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Points]]:
    """The course of every figure; one that was not finite in an epoch is NaN there."""
    for name in dict.fromkeys(name for row in rows for name in row if name not in NO_FIGURES):
        yield name, tuple((row["epoch"], _value(row[name])) for row in rows if name in row)


def _value(value: float | None) -> float:
    return math.nan if value is None else float(value)
