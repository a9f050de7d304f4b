"""What a study compares: its metric, its smallest difference that matters, and the claims that its splits allow."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from paribus.errors import StudyError, nearest
from paribus.evidence import (
    Estimate,
    Interval,
)
from paribus.records.claims import Claim
from paribus.records.metric import Metric
from paribus.records.parts import find
from paribus.records.study import Judging, StudyDesign
from paribus.studies.runs import Scores

Level = TypeVar("Level", Estimate, Interval)


@dataclass(frozen=True)
class Measure:
    """What a study compares.

    Args:
        name: the figure's full name: ``val/accuracy``.
        metric: what is known of it.
        delta: the smallest difference that matters.
        resolution: its smallest step, 0 if it is continuous.
        overlap: validation examples for each one that may train, where every seed draws its own validation split:
            then a claim about data like these can be made; ``None`` where all seeds share one.
        scored: whether all seeds share one and the figure is a mean over its examples: then a claim about examples like
            these can be made.
        examples: name of the arm → what its runs said of single examples, where that claim can be made now.
        foreign: whether the trainings are not those of a recipe.
        metrics: all that the task knows, by name.
    """

    name: str
    metric: Metric
    delta: float | None
    resolution: float
    overlap: float | None = None
    scored: bool = False
    examples: Mapping[str, Scores] | None = None
    foreign: bool = False
    metrics: Mapping[str, Metric] = field(default_factory=dict)

    @property
    def overlaps(self) -> dict[Claim, float]:
        """The claims that seeds alone can make, the narrower first, with the overlap that each takes into account."""
        return {"these": 0.0, **({} if self.overlap is None else {"like-these": self.overlap})}

    def overlap_of(self, claim: Claim) -> float:
        """The overlap that a claim takes into account, as far as seeds alone can make it."""
        return self.overlaps.get(claim, 0.0)

    def claim(self, asked: Claim | None) -> Claim:
        """What verdicts are about: what was asked for, or the widest that can be said where every seed draws a split.

        Where all share one, data like these are examples like these; before the last run is over, these data.

        Raises:
            StudyError: where that cannot be said.
        """
        if asked is None or asked in self.overlaps:
            return asked or [*self.overlaps][-1]
        if self.scored:
            return "examples" if self.examples else "these"
        raise no_claim(asked, self.foreign, varies=self.overlap is not None)


def find_metrics(design: StudyDesign) -> Sequence[Metric]:
    """The figures that the task of a study knows; without a recipe its own one."""
    if design.foreign:
        return (_own_figure(design),)
    found: Sequence[Metric] = getattr(find("task", design.base.task.use), "metrics")  # noqa: B009
    return found


def find_metric(design: StudyDesign) -> Metric:
    """The figure that a study compares: its own, the named one, or the task's first."""
    metrics = find_metrics(design)
    if design.foreign or design.metric is None:
        return metrics[0]
    known = {f"{split}/{metric.name}": metric for split in ("val", "train") for metric in metrics}
    if design.metric.startswith("test/"):
        meant = design.metric.replace("test/", "val/", 1)
        rule = "a study compares figures of the validation split: a test that chooses an arm is no test of it any more"
        choice = meant if meant in known else next(iter(known))
        hint = f"write --metric {choice}; afterwards open the test of the arm that was chosen: paribus test"
        raise StudyError(rule, got=design.metric, hint=hint)
    if design.metric not in known:
        raise StudyError("there is no such figure", got=design.metric, hint=nearest(design.metric, known))
    return known[design.metric]


def _own_figure(design: StudyDesign) -> Metric:
    """The metric of a study without a recipe, which has no task that would know it."""
    if design.figure is None:
        raise StudyError("a study without a recipe says what its metric is like", got=design.name)
    return design.figure


def find_figure(design: StudyDesign) -> str:
    """The full name of the figure that a study compares: ``val/accuracy``."""
    name = find_metric(design).name
    return design.metric or (name if design.foreign else f"val/{name}")


def find_delta(design: StudyDesign) -> float | None:
    """The smallest difference that matters: the study's own, or the metric's."""
    return design.delta if design.delta is not None else find_metric(design).matters


def judging(design: StudyDesign, widest: Claim) -> Judging:
    """By what a study is judged, what it leaves to the task and to the split written out."""
    return Judging(
        metric=find_figure(design),
        delta=find_delta(design),
        confidence=design.confidence,
        seeds=len(design.seeds),
        claim=design.claim or widest,
    )


def no_claim(asked: Claim, foreign: bool = False, varies: bool = False) -> StudyError:
    """What is said where a claim is asked for that the validation splits of the seeds do not allow.

    Args:
        asked: the claim.
        foreign: whether the trainings are not those of a recipe.
        varies: whether every seed draws its own split.
    """
    if varies:
        return StudyError(
            "every seed draws its own validation split here, so no example is common to all",
            got=f"--claim {asked}",
            hint="write --claim like-these, which is about other examples too, or share a split: chance.split=0",
        )
    if foreign:
        return StudyError(
            "nobody said that seeds draw their own validation splits, so they say nothing about data like these",
            got=f"--claim {asked}",
            hint="where they do, say how many examples validate for each one that trains: --overlap 0.25",
        )
    return StudyError(
        "all seeds share one validation split here, and this figure is no mean over its examples, so they say nothing "
        "about data like these",
        got=f"--claim {asked}",
        hint="leave chance.split out, so that each seed draws its own; where the data bring a validation split, "
        "write --claim these",
    )


def scored(design: StudyDesign) -> bool:
    """Whether the figure that is compared is a mean over validation examples, which runs keep one by one."""
    if design.foreign:
        return False
    split, _, name = find_figure(design).partition("/")
    return split == "val" and name in getattr(find("task", design.base.task.use), "scored", ())


def splits_vary(design: StudyDesign) -> bool:
    """Whether a design lets every seed draw its own validation split, if the data bring none."""
    if design.foreign:
        return design.overlap is not None
    fixed = design.base.chance.split is not None or "chance.split" in design.factors
    return not fixed and design.layout != "noise"


def measure_of(design: StudyDesign, infos: Sequence[Mapping[str, Any]]) -> Measure:
    """What a study compares, where its runs say this of their data."""
    return _measure(design, next((info for info in infos if info), {}), _overlap(design, infos))


def _overlap(design: StudyDesign, infos: Sequence[Mapping[str, Any]]) -> float | None:
    """The largest overlap of any arm; ``None`` where all seeds share one validation split, or none has begun."""
    if design.foreign or not splits_vary(design):
        return design.overlap
    return max((found for info in infos if (found := info.get("overlap"))), default=None)


def _measure(design: StudyDesign, info: Mapping[str, Any], overlap: float | None) -> Measure:
    metric, name = find_metric(design), find_figure(design)
    return Measure(
        name=name,
        metric=metric,
        delta=find_delta(design),
        resolution=_resolution(info) if metric.counted else 0.0,
        overlap=overlap,
        scored=bool(info) and overlap is None and scored(design),
        foreign=design.foreign,
        metrics={one.name: one for one in find_metrics(design)},
    )


def _resolution(info: Mapping[str, Any]) -> float:
    """The smallest step of a share of the validation examples; 0 if their number is not known."""
    try:
        return 1 / int(info["sizes"]["val"])
    except (KeyError, TypeError, ValueError, ZeroDivisionError):
        return 0.0


def within(estimate: Level, metric: Metric) -> Level:
    """A level whose interval ends where the metric does: no accuracy is above 100 %; what is not known stays so."""
    if math.isinf(estimate.low) and math.isinf(estimate.high):
        return estimate
    least, most = metric.bounds
    return replace(estimate, low=max(estimate.low, least), high=min(estimate.high, most))
