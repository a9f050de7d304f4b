"""Figures as the page shows them: how they are called, which stand in one picture, how numbers are sent."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from paribus.records.metric import Metric, is_minor
from paribus.records.wording import metric_of, spoken

AXES = ("epoch", "step", "seconds")
PACE = "seconds/step"  # made from two columns
ORDERED = ("loss", "accuracy")  # groups that come first


def title(name: str) -> str:
    """A figure in words."""
    return {PACE: "seconds a step", "lr": "learning rate"}.get(name) or spoken(name)


def groups(names: Sequence[str], metrics: Mapping[str, Metric]) -> list[dict[str, Any]]:
    """Which figures stand in one picture: a loss in training beside that in validation, classes of one metric."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(_group(name), []).append(name)
    first = [group for group in ORDERED if group in found]
    last = [group for group in ("lr", PACE) if group in found]
    others = [group for group in found if group not in (*first, *last)]
    return [
        {
            "title": title(group) if group in last else group.replace("_", " "),
            "metrics": found[group],
            "percent": percent(found[group][0], metrics),
            "minor": all(is_minor(name) for name in found[group]),
        }
        for group in (*first, *others, *last)
    ]


def _group(name: str) -> str:
    parts = name.split("/")
    return name if name in (PACE, "lr") or len(parts) == 1 else parts[1]


def percent(name: str, metrics: Mapping[str, Metric]) -> bool:
    """Whether people read a figure in per cent."""
    return metric_of(name, metrics).percent


def described(names: Sequence[str], metrics: Mapping[str, Metric]) -> Iterator[dict[str, Any]]:
    """What is to be known of figures: how they are called, read and grouped."""
    for name in names:
        metric = metric_of(name, metrics)
        known = name.rpartition("/")[2] in metrics or name in metrics or name.endswith("loss")
        better = "higher" if metric.higher_is_better else "lower"
        yield {
            "name": name,
            "title": title(name),
            "group": _group(name),
            "percent": metric.percent,
            "better": better if known else None,
            "minor": is_minor(name),
        }


def plain(value: float) -> int | float | None:
    """A number as JSON has it: whole ones without a point, no number as ``None``."""
    if value != value or value in (float("inf"), float("-inf")):
        return None
    return int(value) if value == int(value) and abs(value) < 1 << 53 else float(value)
