"""The rows behind learning curves: means with intervals by epoch, and single runs, as the record has them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, TypeVar

from paribus.evidence import Interval
from paribus.plots.grammar import span, within
from paribus.records import wording
from paribus.records.metric import LOSS, Metric
from paribus.records.result import ArmResult, StudyResult
from paribus.records.wording import known

Row = dict[str, Any]
Point = TypeVar("Point")

EXPLOSION = 100.0  # a loss that is this many times larger than usual for an epoch or two leaves the picture
ENOUGH = 3  # seeds for a band; the interval of two is wider than any panel
DECADES = 30.0  # a loss that falls by this factor is drawn on a logarithmic axis


@dataclass(frozen=True)
class Figure:
    """What is drawn over the epochs: a figure, its factor and its unit on an axis."""

    name: str
    factor: float
    unit: str
    percent: bool = False

    @classmethod
    def of(cls, result: StudyResult, name: str) -> Figure:
        """A figure of a study; what is read in per cent is drawn in per cent."""
        ours = name.rpartition("/")[2] == result.metric_name.rpartition("/")[2]
        return cls.read(name, result.metric if ours else LOSS)

    @classmethod
    def read(cls, name: str, metric: Metric) -> Figure:
        """A figure that people read as they read this metric."""
        return cls(name, *wording.unit(metric), metric.percent)

    @property
    def short(self) -> str:
        """What it is called in every split."""
        return self.name.rpartition("/")[2]

    @property
    def loss(self) -> bool:
        """Whether the figure may run away to infinity."""
        return self.name.endswith("loss")

    @property
    def title(self) -> str:
        """The name in words, with the unit."""
        return wording.spoken(self.name) + self.unit


def means(figure: Figure, arms: Mapping[str, ArmResult]) -> list[Row]:
    """Mean and interval for every epoch of which the record knows them."""
    return [
        {"arm": name, "epoch": epoch, **{end: figure.factor * value for end, value in _ends(mean)}}
        for name, arm in arms.items()
        for epoch, mean in _numbered(arm, arm.means.get(figure.name, ()))
        if mean
    ]


def _numbered(arm: ArmResult, points: Sequence[Point]) -> Iterator[tuple[int, Point]]:
    """The points of a curve with their epochs."""
    return zip(arm.epochs or range(1, len(points) + 1), points, strict=False)


def _ends(mean: Interval) -> tuple[tuple[str, float], ...]:
    return ("y", mean.value), ("low", mean.low), ("high", mean.high)


def threads(figure: Figure, arms: Mapping[str, ArmResult]) -> list[Row]:
    """Every single run, one row an epoch; ``last`` marks where a diverged run ends."""
    rows: list[Row] = []
    for name, arm in arms.items():
        for seed, lost, curve in _runs(figure, arm):
            points = [(epoch, y) for epoch, y in _numbered(arm, curve) if known(y)]
            for epoch, y in points:
                last = lost and epoch == points[-1][0]
                run = f"{name} {seed}"
                rows.append({"arm": name, "run": run, "epoch": epoch, "y": y, "lost": lost, "last": last})
    return rows


def limits(figures: Sequence[Figure], arms: Sequence[ArmResult]) -> tuple[float, float, bool]:
    """Where the vertical axis that figures share begins and ends, and whether it is logarithmic.

    A loss on its way to infinity does not count; one that falls over decades is drawn by its decades.
    """
    runs = [(lost, curve) for figure in figures for arm in arms for _, lost, curve in _runs(figure, arm)]
    if not figures[0].loss:
        return (*within(span(y for _, curve in runs for y in curve), figures[0].percent), False)
    sound = [[y for y in curve if known(y)] for lost, curve in runs if curve and not lost]
    most = EXPLOSION * max((abs(median(curve)) for curve in sound), default=math.inf)
    values = [min(y, most) for curve in sound for y in curve] or [y for _, curve in runs for y in curve[:1] if known(y)]
    if values and min(values) > 0 and max(values) > DECADES * min(values):
        low, high = span(map(math.log, values))
        return math.exp(low), math.exp(high), True
    return (*span(values), False)


def _runs(figure: Figure, arm: ArmResult) -> Iterator[tuple[int, bool, Sequence[float | None]]]:
    """Seed, whether the run diverged, and its curve in the unit of the axis, cut behind its last number."""
    for (seed, state), curve in zip(arm.states.items(), arm.curves.get(figure.name, ()), strict=False):
        values = [figure.factor * y if known(y) else None for y in curve]
        while values and values[-1] is None:
            values.pop()
        yield seed, state == "diverged", values
