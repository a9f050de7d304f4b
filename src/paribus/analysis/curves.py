"""Learning curves of a study: means with intervals by epoch, every single run, and the range in which they lie."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from statistics import median

from paribus.evidence import Estimate, mean_interval
from paribus.records.result import ArmResult, StudyResult
from paribus.records.wording import known

LOSSES = ("train/loss", "val/loss")
EXPLOSION = 100.0  # a loss that is this many times larger than usual for an epoch or two leaves the picture
DECADES = 30.0  # a loss that falls by this factor is read by its decades


@dataclass(frozen=True)
class RunCurve:
    """A figure of one run over its epochs, from the first; a gap is ``None``, and none is at the end."""

    seed: int
    diverged: bool
    values: tuple[float | None, ...]


@dataclass(frozen=True)
class ArmCurve:
    """A figure of one arm.

    Args:
        name: of the arm.
        band: mean over the seeds with its interval, for each epoch that all runs but diverged ones have reached:
            a mean over fewer and fewer seeds would show who is left rather than how they learn. A gap is ``None``.
        runs: every run.
    """

    name: str
    band: tuple[Estimate | None, ...]
    runs: tuple[RunCurve, ...]


@dataclass(frozen=True)
class Curves:
    """A figure over the epochs, for all arms.

    Args:
        figure: its name in the records.
        arms: its curves.
        low, high: between them lie all values, but for those of a loss on its way to infinity.
        decades: whether it is a loss that falls over decades.
    """

    figure: str
    arms: tuple[ArmCurve, ...]
    low: float
    high: float
    decades: bool


def learning_curves(result: StudyResult, metric: str | None = None) -> tuple[Curves, ...]:
    """Learning curves of all arms: of one figure, or of both losses and the study's metric, as far as recorded."""
    recorded = {name for arm in result.arms for name in arm.curves}
    wanted = [metric] if metric else list(dict.fromkeys([*LOSSES, result.metric_name]))
    return tuple(_curves(result, name) for name in wanted if name in recorded)


def _curves(result: StudyResult, figure: str) -> Curves:
    arms = tuple(_arm(arm, figure, result.design.confidence) for arm in result.arms)
    return Curves(figure, arms, *limits([run for arm in arms for run in arm.runs], figure.endswith("loss")))


def _arm(arm: ArmResult, figure: str, confidence: float) -> ArmCurve:
    runs = tuple(_runs(arm, figure))
    return ArmCurve(arm.name, band([run.values for run in runs if not run.diverged and run.values], confidence), runs)


def band(curves: Sequence[Sequence[float | None]], confidence: float) -> tuple[Estimate | None, ...]:
    """Mean over curves with its interval, by epoch; ``None`` where a curve has no value."""
    epochs = ([value for value in values if known(value)] for values in zip_longest(*curves))
    return tuple(mean_interval(present, confidence) if len(present) == len(curves) else None for present in epochs)


def limits(runs: Sequence[RunCurve], loss: bool) -> tuple[float, float, bool]:
    """Between which values curves lie, and whether they fall over decades.

    A loss on its way to infinity does not count.
    """
    values = [y for run in runs for y in run.values if known(y)]
    if loss:
        sound = [[y for y in run.values if known(y)] for run in runs if run.values and not run.diverged]
        most = EXPLOSION * max(map(median, sound), default=math.inf)
        first = [y for run in runs for y in run.values[:1] if known(y)]
        values = [min(y, most) for curve in sound for y in curve] or first
    low, high = min(values, default=math.nan), max(values, default=math.nan)
    return low, high, loss and low > 0 and high > DECADES * low


def _runs(arm: ArmResult, figure: str) -> Iterator[RunCurve]:
    """Every run, cut behind its last number."""
    for (seed, state), curve in zip(arm.states.items(), arm.curves.get(figure, ()), strict=False):
        values = [y if known(y) else None for y in curve]
        while values and values[-1] is None:
            values.pop()
        yield RunCurve(seed, state == "diverged", tuple(values))
