"""How the network fits: too little, too much, or labels that cannot be fitted."""

from __future__ import annotations

import math
from collections.abc import Iterator
from statistics import median
from typing import Any

from paribus.diagnosis.case import Case, Check
from paribus.diagnosis.finding import Finding, Severity
from paribus.diagnosis.record import Record

NARROW, LEFT = 3, 0.1  # units of a hidden layer; what is left of the loss of a guess
SQUEEZED = 0.03  # of that loss, left behind so narrow a layer
HEAVY_DROPOUT, HEAVY_DECAY, HEAVY_L1 = 0.6, 0.02, 0.002
BY_HEART, WORSE = 0.98, 0.05  # right answers in training; how many fewer elsewhere
OFTEN = 4.0  # times as many mistakes in pixels of others, and one more
FEW = 20  # examples of a class
COURSE = 4  # epochs that show a best one among them


def narrow(case: Case) -> Iterator[Finding]:
    """A hidden layer of a unit or two."""
    record = case.record
    widths = _widths(record)
    field, units = min(widths.items(), key=lambda one: one[1], default=("", math.inf))
    if units > NARROW:
        return
    answers = record.classes or int(math.prod(record.info.get("target_shape") or (1,)))
    yield Finding(
        "capacity-too-small",
        f"All that later layers know passes {units} unit{'s' * (units > 1)} ({field}), for {answers:,} answers.",
        {"units": float(units), **case.evidence("fit", "achieved")},
        _wider(record),
        "",
        "fault" if answers > units or case.behind or case["fit"] > SQUEEZED else "warning",
        trace=case.curves("losses", "train/loss", "val/loss"),
    )


def _widths(record: Record) -> dict[str, int]:
    """The narrowest width that each field of the model states, and what the first layer gives where it is a factor."""
    found: dict[str, int] = {}
    for name in ("widths", "hidden", "width"):
        value = record.option(f"model.{name}")
        units = [one for one in (value if isinstance(value, list) else [value]) if type(one) is int]
        if units:
            found[f"model.{name}"] = min(units)
        elif isinstance(value, float) and (first := _first(record)):
            found[f"model.{name}"] = first
    return found


def _first(record: Record) -> int:
    """Units of the layer that is called first; 0 where that is not known."""
    called = next((name for look in record.looks for name in look.weight_deviation), "")
    shape = record.matrices.get(f"{called}.weight", ())
    return shape[0] if shape else 0


def _wider(record: Record) -> dict[str, Any]:
    for name in ("widths", "hidden"):
        if widths := record.option(f"model.{name}"):
            return {f"model.{name}": [max(int(width), 64) for width in widths]}
    width = record.option("model.width")
    return {"model.width": 0.25 if isinstance(width, float) else 16} if width else {}  # a factor, or units


def over_regularised(case: Case) -> Iterator[Finding]:
    """Penalties or noise under which not even the training examples are learned."""
    record = case.record
    shrinks = case.low("shrinkage")
    found = strong(record)  # what shows comes first: penalties where weights shrank
    found = dict(sorted(found.items(), key=lambda one: ("drop" in one[0]) == shrinks))
    shrunk = shrinks and case["fit"] > LEFT
    if not found or case.above("usual_rate") or not (shrunk or (held_back(case, found) and _poorly(case))):
        return
    named = " and ".join(f"{name}={value:g}" for name, value in found.items())
    yield Finding(
        "over-regularised",
        f"With {named} the training examples are answered as badly as others.",
        {**found, **case.evidence("fit", "shrinkage", "gap")},
        {next(iter(found)): 0.0},
        "" if len(found) == 1 else f"And then {', '.join(list(found)[1:])}.",
        trace=case.curves("losses", "train/loss", "val/loss"),
    )


def held_back(case: Case, found: dict[str, float]) -> bool:
    """Whether what holds back can be seen: weights that shrank, or units that were left out."""
    return case.low("shrinkage") or case.low("growth") or any("drop" in name for name in found)


def _poorly(case: Case) -> bool:
    """Whether less is learned than elsewhere, or training examples are answered worse than others."""
    if case.record.rated:
        return case.behind or case.low("gap")
    trained, others = case.record.values("train/loss")[-1:], case.record.values("val/loss")[-1:]
    return case.behind or bool(trained and others and trained[0] > others[0] > 0)


def strong(record: Record) -> dict[str, float]:
    """The fields that regularise heavily, the heaviest first."""
    rates = {f"model.{name}": HEAVY_DROPOUT for name in ("dropout", "conv_dropout", "drop_path")}
    rates |= {"optimizer.weight_decay": HEAVY_DECAY, "training.l2": HEAVY_DECAY, "training.l1": HEAVY_L1}
    found = {name: (record.option(name), limit) for name, limit in rates.items()}
    heavy = {name: float(value) for name, (value, limit) in found.items() if _number(value) and value >= limit}
    return dict(sorted(heavy.items(), key=lambda one: -one[1] / rates[one[0]]))


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def overfitted(case: Case) -> Iterator[Finding]:
    """Training examples by heart, and others badly."""
    record = case.record
    wide = case.span("gap")
    both = wide is not None and case["gap"] > wide[1] and case.high("rise")
    apart = case.above("gap") or (few(record) and (case.high("gap") or _by_heart(case)))
    risen = case.above("rise") or both
    if not risen and not apart:
        return
    severity: Severity = "fault" if apart else "warning"
    yield Finding(
        "overfitting",
        "Training examples are answered far better than others"
        + (", and there are only a few." if few(record) else "."),
        {
            **case.evidence("gap", "rise", "fit"),
            "training examples": float(record.info.get("sizes", {}).get("train", 0)),
        },
        _regularised(record),
        "More examples are better than any penalty; augmentation makes some.",
        severity,
        trace=case.curves("losses", "train/loss", "val/loss"),
    )


def _by_heart(case: Case) -> bool:
    """Whether nearly all training examples are answered right, and others are not."""
    record = case.record
    split, _, name = record.rated.partition("/")
    if not split:
        trained, others = record.values("train/loss")[-1:], record.values("val/loss")[-1:]
        return bool(trained and others) and 0 <= trained[0] < (1 - BY_HEART) * others[0]
    known = record.values(f"train/{name}")[-1:]
    if not known or known[0] < BY_HEART:
        return False
    if record.classifies:
        return case["gap"] > WORSE
    return case["gap"] > OFTEN * (1 - known[0])  # of pixels most are easy: mistakes are compared, not right answers


def few(record: Record) -> bool:
    """Whether there are so few examples that any network learns them by heart, and is too sure."""
    counts = record.info.get("class_counts") or ()
    train = int(record.info.get("sizes", {}).get("train", 3 * FEW))
    return train < 3 * FEW or (0 < sum(counts) <= train and median(counts) < FEW)


def _regularised(record: Record) -> dict[str, Any]:
    """One field that holds a network back."""
    if record.option("split.limit"):
        return {"split.limit": None}
    if record.option("model.dropout") == 0:
        return {"model.dropout": 0.5}
    if record.option("optimizer.weight_decay") == 0:
        return {"optimizer.weight_decay": 1e-3}
    return {"stopping": {"use": "patience"}} if record.option("stopping.use") == "never" else {}


def underfitted(case: Case) -> Iterator[Finding]:
    """A training loss that rests high."""
    record = case.record
    if not case.above("fit") or len(record.rows) < COURSE or case.above("unfinished") or record.diverged:
        return
    yield Finding(
        "underfitting",
        "The last training loss is higher than in any healthy run, and the same elsewhere: not even the training "
        "examples are learned.",
        case.evidence("fit", "gap", "unfinished"),
        advice="A larger model, a longer training, less regularisation; and see whether labels belong to their inputs.",
        severity="warning",
        trace=case.curves("losses", "train/loss", "val/loss"),
    )


def rated(record: Record) -> bool:
    """Whether right answers can be counted."""
    return bool(record.rated) and len(record.rows) > 0


def known(record: Record) -> bool:
    """Whether training made steps."""
    return bool(record.rows) and record.option("optimizer.use") is not None


CHECKS = (
    Check("a layer that is too narrow", narrow, applies=known),
    Check("regularisation that is too strong", over_regularised, applies=known),
    Check("overfitting", overfitted, applies=known),
    Check("underfitting", underfitted, applies=known),
)
