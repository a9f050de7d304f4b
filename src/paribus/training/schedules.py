"""Learning-rate schedules: the factor on the optimizer's learning rate, as a function of time.

A schedule answers :meth:`Schedule.factor` before each step. Only *plateau* remembers anything.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from paribus.records.time import Time

PARTS: Mapping[str, str] = {
    "constant": ":Constant",
    "step": ":Step",
    "cosine": ":Cosine",
    "warmup": ":Warmup",
    "one_cycle": ":OneCycle",
    "triangular": ":Triangular",
    "plateau": ":Plateau",
}

Share = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
NotNegative = Annotated[float, Field(ge=0)]


class Schedule:
    """A factor on the learning rate over time."""

    def factor(self, time: Time) -> float:
        """The factor for the coming step."""
        raise NotImplementedError

    def observe(self, row: Mapping[str, Any], higher_is_better: Mapping[str, bool]) -> None:
        """Look at the figures of an epoch that has ended."""

    def state(self) -> dict[str, Any]:
        """What must be remembered over an interruption."""
        return {}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on from a remembered state."""


class Constant(Schedule):
    """The learning rate stays what it is."""

    def factor(self, time: Time) -> float:
        """1."""
        return 1.0


class Step(Schedule):
    """The learning rate falls by a factor every few epochs.

    Args:
        every: epochs between falls.
        gamma: factor of each fall.
    """

    def __init__(self, every: Annotated[int, Field(ge=1)] = 10, gamma: Share = 0.1) -> None:
        self.every, self.gamma = every, gamma

    def factor(self, time: Time) -> float:
        """γ^⌊epoch / every⌋."""
        return float(self.gamma ** (time.step // (time.per_epoch * self.every)))


class Cosine(Schedule):
    """The learning rate falls along half a cosine (Loshchilov & Hutter, 2017), after an optional linear warm-up.

    Args:
        final: factor that is reached at the end.
        warmup: epochs of linear rise before the fall.
    """

    def __init__(self, final: Share = 0.0, warmup: NotNegative = 0.0) -> None:
        self.final, self.warmup = final, warmup

    def factor(self, time: Time) -> float:
        """Final + (1 − final)·(1 + cos πt) / 2, with t from 0 to 1 after the warm-up."""
        rise = min(self.warmup * time.per_epoch, time.steps)
        if time.step < rise:
            return (time.step + 1) / (rise + 1)
        t = (time.step - rise) / max(time.steps - rise, 1)
        return self.final + (1 - self.final) * (1 + math.cos(math.pi * t)) / 2


class Warmup(Schedule):
    """The learning rate rises linearly from a small value, then stays.

    Args:
        epochs: length of the rise.
        start: factor of the first step.
    """

    def __init__(self, epochs: Positive = 1.0, start: Share = 0.01) -> None:
        self.epochs, self.start = epochs, start

    def factor(self, time: Time) -> float:
        """Start + (1 − start)·epoch / epochs, at most 1."""
        return self.start + (1 - self.start) * min(time.epoch / self.epochs, 1.0)


class OneCycle(Schedule):
    """The learning rate rises to its full value and falls to almost nothing, both along a cosine (Smith & Topin, 2019).

    Args:
        rise: share of all steps that it rises.
        start: factor of the first step.
        end: factor of the last step.
    """

    def __init__(self, rise: Share = 0.3, start: Share = 0.04, end: Share = 4e-6) -> None:
        self.rise, self.start, self.end = rise, start, end

    def factor(self, time: Time) -> float:
        """Half a cosine from start to 1, then half a cosine from 1 to end."""
        last = max(time.steps - 1, 1)
        peak = self.rise * time.steps - 1
        if time.step <= peak:
            return _between(self.start, 1.0, time.step / max(peak, 1))
        return _between(1.0, self.end, (time.step - peak) / max(last - peak, 1))


class Triangular(Schedule):
    """The learning rate rises to its full value and falls again, both along a line, as the speed records have it.

    Args:
        rise: share of all steps that it rises.
        start: factor of the first step.
        end: factor of the last step.
    """

    def __init__(self, rise: Share = 0.23, start: Share = 0.2, end: Share = 0.07) -> None:
        self.rise, self.start, self.end = rise, start, end

    def factor(self, time: Time) -> float:
        """A line from start to 1, then one from 1 to end."""
        last = max(time.steps - 1, 1)
        peak = math.floor(self.rise * last)
        if time.step <= peak and peak:
            return self.start + (1 - self.start) * time.step / peak
        return 1 + (self.end - 1) * (time.step - peak) / max(last - peak, 1)


class Plateau(Schedule):
    """The learning rate falls by a factor when a figure has stopped improving.

    Args:
        metric: the figure that is watched.
        patience: epochs without improvement that are tolerated.
        gamma: factor of each fall.
        threshold: relative improvement that counts as one.
        lowest: the factor never goes below this.
    """

    def __init__(
        self,
        metric: str = "val/loss",
        patience: Annotated[int, Field(ge=0)] = 3,
        gamma: Share = 0.5,
        threshold: NotNegative = 1e-4,
        lowest: Share = 0.0,
    ) -> None:
        self.metric, self.patience, self.gamma = metric, patience, gamma
        self.threshold, self.lowest = threshold, lowest
        self.current, self.best, self.bad = 1.0, math.nan, 0

    def factor(self, time: Time) -> float:
        """γ to the number of falls so far."""
        return self.current

    def observe(self, row: Mapping[str, Any], higher_is_better: Mapping[str, bool]) -> None:
        """Count an epoch that did not improve; fall when patience is used up."""
        value = row[self.metric]
        sign = 1 if higher_is_better[self.metric] else -1
        gain = sign * (value - self.best)
        if math.isnan(self.best) or gain > self.threshold * abs(self.best):
            self.best, self.bad = value, 0
        else:
            self.bad += 1
        if self.bad > self.patience:
            self.current, self.bad = max(self.current * self.gamma, self.lowest), 0

    def state(self) -> dict[str, Any]:
        """Factor, best value and bad epochs."""
        return {"current": self.current, "best": self.best, "bad": self.bad}

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on with them."""
        self.current, self.best, self.bad = state["current"], state["best"], state["bad"]


def _between(start: float, end: float, share: float) -> float:
    """Along half a cosine from ``start`` (share 0) to ``end`` (share 1)."""
    return end + (start - end) * (1 + math.cos(math.pi * share)) / 2
