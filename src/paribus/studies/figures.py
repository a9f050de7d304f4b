"""The figure that a study without a recipe compares: named, or found among what its first runs recorded."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from paribus.errors import DamagedRecord, Diverged, RunError, StudyError, nearest
from paribus.records.metric import LOSS, Metric
from paribus.records.run import RunResult
from paribus.records.study import StudyDesign, run_folder
from paribus.studies.numbers.figures import kind_of

POINTS = "points"  # the unit of shares that are written in per cent
HELD_OUT = re.compile(r"val|eval|test|held", re.IGNORECASE)  # in names of figures that are not of training data
BEST = "best:"  # before the name of a figure: of all its values the best one, not the last
LATER = Metric("", higher_is_better=True)
"""A figure that is not known before the first result."""


def figure(name: str, higher_is_better: bool | None = None, unit: str = "", best: bool = False) -> Metric:
    """What a figure of this name is like.

    Args:
        name: of it; ``val/accuracy``.
        higher_is_better: where its name does not say.
        unit: of its values.
        best: whether ``best:NAME`` is understood, where rows of it are seen.

    Raises:
        StudyError: where nobody says which direction is good.
    """
    if name.startswith(BEST) and not best:
        plain = name.removeprefix(BEST)
        hint = f"return it under a name: 'best_{plain}': max(…)"
        raise StudyError("a function says itself which of its figures is the best", got=name, hint=hint)
    known = kind_of(name.removeprefix(BEST))
    if higher_is_better is None and known is None:
        raise StudyError(
            "whether more or less of this figure is good is not known by its name",
            got=name,
            hint="say --higher-is-better or --lower-is-better (Python: higher_is_better=True or False)",
        )
    if known is None or higher_is_better not in (None, known.higher_is_better):
        return Metric(name, bool(higher_is_better), unit=unit)
    return replace(known, name=name, counted=False, unit=unit or known.unit)


def choose(recorded: Mapping[str, float | None]) -> tuple[str, Metric]:
    """The figure that a study compares where none was named: of those whose direction is known by their name, one of
    validation data and no loss, if there is such. One that does not say of which data it is may be of training.

    Raises:
        StudyError: if there is none.
    """
    known = [(name, kind) for name in recorded if (kind := kind_of(name))]
    if not known:
        hint = "name one: metric='NAME', higher_is_better=True; what is trained is not trained again"
        raise StudyError("which figure is compared is not known", got=f"recorded are {', '.join(recorded)}", hint=hint)
    name, _ = min(known, key=lambda one: ("train" in one[0], not HELD_OUT.search(one[0]), one[1] == LOSS))
    return name, figure(name)


def with_figure(design: StudyDesign, folder: Path) -> StudyDesign:
    """The design of a study without a recipe with what its results say of its figure: which it is, and its scale.

    A share that is written in per cent is one of a hundred points.

    Raises:
        StudyError: if none can be chosen, or shares and percentages are mixed.
    """
    results = list(_results(design, folder))
    if not results or design.figure is None:
        return design
    name, metric = (design.metric, design.figure) if design.metric else choose(results[0].metrics)
    values = [value for result in results if (value := result.metrics.get(name)) is not None]
    if metric.percent and any(value > 1 for value in values):
        if small := [value for value in values if 0 < value <= 1]:
            got, hint = f"{small[0]:g} and {max(values):g}", "return all of them alike, best as shares: 0.97"
            raise StudyError(f"{name} has shares and percentages in one study", got=got, hint=hint)
        return in_points(design.model_copy(update={"metric": name, "figure": metric}))
    return design.model_copy(update={"metric": name, "figure": metric})


def with_known_figure(wished: StudyDesign, known: StudyDesign) -> StudyDesign:
    """A design goes on with what was found before: the figure where it names none, and that a share is in points."""
    if not wished.foreign or not known.metric or wished.figure is None or known.figure is None:
        return wished
    if not wished.metric:
        return wished.model_copy(update={"metric": known.metric, "figure": known.figure})
    points = wished.metric == known.metric and known.figure.unit == POINTS and wished.figure.percent
    return in_points(wished) if points else wished


def in_points(design: StudyDesign) -> StudyDesign:
    """A design whose figure is no share after all, but one of a hundred points."""
    assert design.figure is not None
    matters = design.figure.matters and 100 * design.figure.matters
    figure = replace(design.figure, percent=False, unit=POINTS, matters=matters)
    return design.model_copy(update={"figure": figure, "delta": design.delta and 100 * design.delta})


def _results(design: StudyDesign, folder: Path) -> Iterable[RunResult]:
    for arm in design.arms():
        for seed in design.seeds:
            try:
                if (result := run_folder(folder, arm, seed).result) is not None:
                    yield result
            except DamagedRecord:  # told where the study is read
                continue


def checked(figures: Mapping[str, float | None], metric: str, found: Mapping[Any, Any]) -> Mapping[str, float | None]:
    """The final figures, among which the study's must be, and must be a number.

    Args:
        figures: what was found of numbers.
        metric: the figure that the study compares; empty where any will do.
        found: all that was returned, for the message.

    Raises:
        RunError: if it is missing, or no number.
        Diverged: if it is infinite or not a number any more.
    """
    if metric and metric in found and metric not in figures:
        raise RunError(f"{metric} is no number", got=found[metric], hint="return a number, such as loss.item()")
    if not figures or (metric and metric not in figures):
        rule = f"there is no {metric or 'number'} in what the training returned"
        raise RunError(rule, got=dict(found), hint=nearest(metric, figures))
    if metric and figures[metric] is None:
        raise RunError(f"{metric} is None: there is no number", got=dict(found), hint="return a number")
    for name in [metric] if metric else figures:
        value = figures[name]
        if value is not None and not math.isfinite(value):
            raise Diverged(f"{name} is {value} at the end", hint="look at its rows, and at its log.txt")
    return figures
