"""The numbers behind learning curves: means with intervals by epoch, and single runs. No drawing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from statistics import median
from typing import Any

from paribus.evidence import mean_interval
from paribus.plots.grammar import span
from paribus.records import wording
from paribus.records.result import ArmResult, StudyResult
from paribus.records.wording import known

Row = dict[str, Any]

EXPLOSION = 100.0  # a loss that is this many times larger than usual for an epoch or two leaves the picture
DECADES = 30.0  # a loss that falls by this factor is drawn on a logarithmic axis


@dataclass(frozen=True)
class Figure:
    """What is drawn over the epochs: a figure, its factor and unit on an axis, and how sure its bands are."""

    name: str
    factor: float
    unit: str
    confidence: float

    @classmethod
    def of(cls, result: StudyResult, name: str) -> Figure:
        """A figure of a study; what is read in per cent is drawn in per cent."""
        ours = name.rpartition("/")[2] == result.metric_name.rpartition("/")[2]
        factor, unit = wording.unit(result.metric) if ours else (1.0, "")
        return cls(name, factor, unit, result.design.confidence)

    @property
    def loss(self) -> bool:
        """Whether the figure may run away to infinity."""
        return self.name.endswith("loss")

    @property
    def title(self) -> str:
        """The name in words, with the unit."""
        return wording.spoken(self.name) + self.unit


def means(figure: Figure, arms: Mapping[str, ArmResult]) -> list[Row]:
    """Mean and interval for every epoch that all runs of an arm have reached, but for those that diverged.

    A mean over fewer and fewer seeds would show who is left rather than how they learn.
    """
    rows: list[Row] = []
    for name, arm in arms.items():
        curves = [curve for _, lost, curve in _runs(figure, arm) if not lost and curve]
        for epoch, values in enumerate(zip_longest(*curves), 1):
            present = [value for value in values if known(value)]
            if len(present) == len(curves):
                mean = mean_interval(present, figure.confidence)
                rows.append({"arm": name, "epoch": epoch, "y": mean.value, "low": mean.low, "high": mean.high})
    return rows


def threads(figure: Figure, arms: Mapping[str, ArmResult]) -> list[Row]:
    """Every single run, one row an epoch; ``last`` marks where a diverged run ends."""
    rows: list[Row] = []
    for name, arm in arms.items():
        for seed, lost, curve in _runs(figure, arm):
            points = [(epoch, y) for epoch, y in enumerate(curve, 1) if known(y)]
            for epoch, y in points:
                last = lost and epoch == points[-1][0]
                run = f"{name} {seed}"
                rows.append({"arm": name, "run": run, "epoch": epoch, "y": y, "lost": lost, "last": last})
    return rows


def limits(figure: Figure, arms: Iterable[ArmResult]) -> tuple[float, float, bool]:
    """Where the vertical axis begins and ends, and whether it is logarithmic.

    A loss on its way to infinity does not count; one that falls over decades is drawn by its decades.
    """
    runs = [(lost, curve) for arm in arms for _, lost, curve in _runs(figure, arm)]
    if not figure.loss:
        return (*span(y for _, curve in runs for y in curve), False)
    sound = [[y for y in curve if known(y)] for lost, curve in runs if curve and not lost]
    most = EXPLOSION * max(map(median, sound), default=math.inf)
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
