"""Numbers as people read them, the same in pictures, pages and tables."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import TypeGuard

from paribus.evidence import Estimate, Interval
from paribus.records.metric import Metric
from paribus.records.result import ArmResult, Effect, StudyResult

LONG = 60  # characters of a name that asks for more room than usual
NONE = "–"  # stands where there is no number
SPLITS = {"train": "training", "val": "validation", "test": "test"}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]+")


def known(value: float | None) -> TypeGuard[float]:
    """Whether there is a number that can be shown."""
    return value is not None and math.isfinite(value)


def level(metric: Metric, value: float | None) -> str:
    """A level with its unit: ``93.12 %``."""
    return metric.format(value).replace("-", "−") if known(value) else NONE


def difference(metric: Metric, value: float | None, signed: bool = True) -> str:
    """A difference with its unit: ``+1.90 points``."""
    return metric.format_difference(value, signed) if known(value) else NONE


def level_interval(metric: Metric, estimate: Estimate) -> str:
    """The interval of a level, without unit: ``[92.51, 93.73]``."""
    return _interval(metric.format(end) for end in (estimate.low, estimate.high)) if has_interval(estimate) else NONE


def difference_interval(metric: Metric, estimate: Estimate) -> str:
    """The interval of a difference, without unit: ``[1.20, 2.60]``."""
    return metric.format_interval(estimate.low, estimate.high) if has_interval(estimate) else NONE


def has_interval(estimate: Estimate) -> bool:
    """Whether the spread could be estimated at all; one seed alone has none."""
    return known(estimate.low) and known(estimate.high)


def verdict(effect: Effect, result: StudyResult) -> str:
    """What the evidence says, with δ in the unit people read."""
    text = clean(effect.verdict.text)
    if result.delta is None:
        return text
    return text.replace(f"beyond {result.delta:g}", f"beyond {difference(result.metric, result.delta, signed=False)}")


def probability(p: float | None) -> str:
    """A p value: three decimals, and never a false zero."""
    if not known(p):
        return NONE
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def percent(share: float) -> str:
    """A confidence: ``95 %``, and never a false 100 %."""
    return f"{100 * share:.4g} %" if share < 0.99995 else "> 99.99 %"


def interval_head(effects: Sequence[Effect]) -> str:
    """What stands over the intervals of effects: their confidence, where they share one."""
    shared = {effect.estimate.confidence for effect in effects}
    return f"{percent(shared.pop())} interval" if len(shared) == 1 else "interval"


def effect_interval(effect: Effect, result: StudyResult) -> str:
    """The interval of an effect; planned looks decide at several levels, and then it says its confidence."""
    text = difference_interval(result.metric, effect.estimate)
    several = len({other.estimate.confidence for other in result.effects}) > 1
    return f"{text} ({percent(effect.estimate.confidence)})" if several and text != NONE else text


def share(value: float) -> str:
    """A part of a whole: ``72.9 %``."""
    return f"{100 * value:.1f} %".replace("-", "−") if known(value) else NONE


def share_interval(interval: Interval) -> str:
    """The interval of a part of a whole: ``[18.1, 293.0]``."""
    if not known(interval.low) or not known(interval.high):
        return NONE
    return _interval(f"{100 * end:.1f}" for end in (interval.low, interval.high))


def both(value: str, interval: str) -> str:
    """A number and its interval, as far as they are known: ``+1.90 points [1.20, 2.60]``."""
    return " ".join(text for text in (value, interval) if text != NONE) or NONE


def count(number: int, thing: str) -> str:
    """``1 seed``, ``2 seeds``."""
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


def runs(arm: ArmResult) -> str:
    """How the runs of an arm ended, nothing left out: ``4 finished, 1 diverged``."""
    states = Counter(arm.states.values())
    return ", ".join(f"{number}\u00a0{state}" for state, number in states.most_common()) or "no run"


def clean(text: str) -> str:
    """A name on one line, without characters that break a file or turn the direction of the text."""
    return re.sub(" +", " ", _CONTROL.sub(" ", text)).strip(" ")


def without_reference(labels: Iterable[str]) -> tuple[list[str], str]:
    """Labels of differences, and what is subtracted: where long ones share it, it is said once, not in each."""
    labels = list(map(clean, labels))
    references = {label.rpartition(" − ")[2] for label in labels}
    if max(map(len, labels), default=0) <= LONG or len(references) > 1 or not all(" − " in label for label in labels):
        return labels, ""
    return [label.rpartition(" − ")[0] for label in labels], references.pop()


def width_for(names: Iterable[str]) -> int:
    """Characters on a line for names that stand in one column: more of them where a name is very long."""
    return 30 if max(map(len, names), default=0) <= LONG else 52


def lines(name: str, width: int = 30, most: int = 3) -> list[str]:
    """A name broken into lines; what does not fit ends in an ellipsis."""
    name = clean(name)
    for sign in ("×", "−"):  # an interaction or a difference breaks where its two sides meet
        first, found, second = name.partition(f" {sign} ")
        if found and len(name) > width and most > 1:
            return [*lines(f"{first} {sign}", width, most - 1), *lines(second, width, 1 + most // 2)]
    return wrap(name, width, max_lines=most, placeholder=" …") or [NONE]


def distinct(names: Iterable[str]) -> list[str]:
    """Names for a picture, where two that read the same must still be two things."""
    seen: Counter[str] = Counter()
    found = []
    for name in map(clean, names):
        found.append(name + "\u200b" * seen[name])  # a space of no width
        seen[name] += 1
    return found


def spoken(figure: str) -> str:
    """The name of a figure in words: ``val/macro_f1`` is the ``validation macro f1``."""
    split, _, name = clean(figure).rpartition("/")
    return f"{SPLITS.get(split, split)} {name}".replace("_", " ").strip()


def unit(metric: Metric) -> tuple[float, str]:
    """What to multiply a figure by for an axis, and the unit that stands there."""
    return (100.0, " (%)") if metric.percent else (1.0, "")


def _interval(ends: Iterable[str]) -> str:
    low, high = (end.replace("-", "−").removesuffix(" %") for end in ends)
    return f"[{low}, {high}]"
