"""A run as the checks see it: its record, its figures, and those of healthy runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from paribus.diagnosis.finding import OF_HEALTHY, Finding, Trace
from paribus.diagnosis.healthy import Healthy, healthy
from paribus.diagnosis.measures import MEASURES, measure
from paribus.diagnosis.record import Record
from paribus.records.signals import Look

POOR = 0.3  # of what guessing leaves: what reaches less has hardly learned
UNLEARNED = 0.7  # the last training loss over that of a guess, where there are no right answers to count
MOST_LINES = 6  # in a picture


@dataclass(frozen=True)
class Case:
    """A run as the checks see it.

    Args:
        record: what it left behind.
        healthy: quantiles of the same figures over healthy runs.
    """

    record: Record
    healthy: Healthy

    @classmethod
    def of(cls, record: Record) -> Case:
        """Beside the table that ships."""
        return cls(record, healthy())

    @cached_property
    def figures(self) -> dict[str, float]:
        """All that can be measured."""
        return measure(self.record)

    def __getitem__(self, name: str) -> float:
        """A figure; no number where it is not known, so that nothing follows from it."""
        return self.figures.get(name, math.nan)

    def above(self, name: str) -> bool:
        """Whether a figure is higher than in any healthy run, by its margin."""
        return self[name] > self.healthy.above(name)

    def below(self, name: str) -> bool:
        """Whether a figure is lower than in any healthy run, by its margin."""
        return self[name] < self.healthy.below(name)

    def high(self, name: str) -> bool:
        """Whether a figure is higher than in the healthy runs of all recipes but one: of two signs, each may be so."""
        return self[name] > self.highest(name)

    def low(self, name: str) -> bool:
        """Whether a figure is lower than in those of all recipes but one."""
        return self[name] < self.lowest(name)

    def highest(self, name: str) -> float:
        """The highest value of the healthy runs of all recipes but one; no number where it is not known."""
        found = self.healthy.ranges.get(name)
        return found.next_high if found else math.nan

    def lowest(self, name: str) -> float:
        """The lowest value of the healthy runs of all recipes but one; no number where it is not known."""
        found = self.healthy.ranges.get(name)
        return found.next_low if found else math.nan

    def middle(self, name: str) -> float:
        """The figure of the middle healthy run."""
        found = self.healthy.ranges.get(name)
        return found.middle if found else math.nan

    def span(self, name: str) -> tuple[float, float] | None:
        """From the lowest to the highest healthy run."""
        found = self.healthy.ranges.get(name)
        return (found.low, found.high) if found else None

    @cached_property
    def poor(self) -> bool:
        """Whether hardly anything was learned."""
        if self.record.diverged:
            return True
        known = self.figures.get("achieved")
        return known < POOR if known is not None else self["fit"] > UNLEARNED

    @cached_property
    def behind(self) -> bool:
        """Whether less was learned than in healthy runs of all recipes but one: by itself no fault, a second sign."""
        skill = self.record.figures.get("val/skill")
        useless = skill is not None and skill < 0  # a forecast that is worse than repeating what was
        low = any(map(self.low, ("achieved", "explained", "pixels", "told")))
        return self.poor or useless or low or self.high("fit")

    def evidence(self, *names: str, **more: float | str) -> dict[str, float | str]:
        """Figures with what they are in healthy runs."""
        found: dict[str, float | str] = {}
        for name in names:
            if name in self.figures:
                found[MEASURES[name].about] = self.figures[name]
                if (span := self.span(name)) is not None:
                    found[f"{MEASURES[name].about}{OF_HEALTHY}"] = f"{span[0]:.3g} to {span[1]:.3g}"
        return {**found, **{name.replace("_", " "): value for name, value in more.items()}}

    def curves(self, title: str, *names: str, log: bool = True, **limits: float) -> Trace:
        """The picture of figures over epochs."""
        lines = {name: curve for name in names if (curve := self.record.curve(name))}
        positive = all(y > 0 for curve in lines.values() for _, y in curve)
        marks = {name.replace("_", " "): value for name, value in limits.items()}
        return Trace(title, "epoch", ", ".join(names), lines, limits=marks, log=log and positive)

    def looks(self, title: str, field: str, measured: str = "", log: bool = True) -> Trace:
        """The picture of a figure by layer over the looks."""
        names = _spread(list(dict.fromkeys(name for look in self.record.looks for name in getattr(look, field))))
        lines = {name: _over_looks(self.record.looks, field, name) for name in names}
        return Trace(title, "epoch", title, lines, self.span(measured) if measured else None, log=log)

    def depth(self, title: str, field: str, look: Look | None, log: bool = True) -> Trace:
        """The picture of a figure over the layers, from the inputs to the outputs."""
        values = getattr(look, field) if look is not None else {}
        points = [(float(place), value) for place, value in enumerate(values.values(), 1) if math.isfinite(value)]
        return Trace(title, "layer, from the inputs", title, {field: points}, log=log)


def _over_looks(looks: Sequence[Look], field: str, name: str) -> list[tuple[float, float]]:
    points = ((float(look.epoch), getattr(look, field).get(name, math.nan)) for look in looks)
    return [point for point in points if math.isfinite(point[1])]


def _spread(names: Sequence[str]) -> Sequence[str]:
    """At most so many of the layers as a picture can hold, from the first to the last."""
    if len(names) <= MOST_LINES:
        return names
    return [names[round(place * (len(names) - 1) / (MOST_LINES - 1))] for place in range(MOST_LINES)]


def always(record: Record) -> bool:
    """Of every run."""
    return True


@dataclass(frozen=True)
class Check:
    """One question to a run.

    Args:
        about: what is looked for, in a few words.
        find: gives what was found.
        needs: fields of the looks without which nothing can be said: of several in a text, one will do.
        applies: whether it is asked of such a run at all.
    """

    about: str
    find: Callable[[Case], Iterator[Finding]]
    needs: tuple[str, ...] = ()
    applies: Callable[[Record], bool] = always

    def missing(self, record: Record) -> str:
        """Why it cannot be asked; empty where it can."""
        for field in self.needs:
            if not any(getattr(look, field) for look in record.looks):
                return record.why_unseen(field)
        return ""
