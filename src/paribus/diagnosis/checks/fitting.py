"""How the network fits: too little, too much, or labels that cannot be fitted."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from paribus.diagnosis.case import Case, Check
from paribus.diagnosis.finding import Finding, Severity
from paribus.diagnosis.measures import entropy
from paribus.diagnosis.record import Record

NARROW = 3  # units of a hidden layer
HEAVY_DROPOUT, HEAVY_DECAY, HEAVY_L1 = 0.6, 0.02, 0.002
BY_HEART = 0.98  # right answers in training
AS_GUESSED = 0.25  # of what guessing leaves
FEW = 20  # examples of a class
COURSE = 4  # epochs that show a best one among them
PROBABLE = 0.99  # share of outputs that are probabilities


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
        "fault" if answers > units or case.poor else "warning",
        trace=case.curves("losses", "train/loss", "val/loss"),
    )


def _widths(record: Record) -> dict[str, int]:
    """The narrowest width that each field of the model states; a factor of the usual widths is none."""
    found: dict[str, int] = {}
    for name in ("widths", "hidden", "width"):
        value = record.option(f"model.{name}")
        units = [one for one in (value if isinstance(value, list) else [value]) if type(one) is int]
        if units:
            found[f"model.{name}"] = min(units)
    return found


def _wider(record: Record) -> dict[str, Any]:
    for name in ("widths", "hidden"):
        if widths := record.option(f"model.{name}"):
            return {f"model.{name}": [max(int(width), 64) for width in widths]}
    return {"model.width": 64} if record.option("model.width") else {}


def over_regularised(case: Case) -> Iterator[Finding]:
    """Penalties or noise under which not even the training examples are learned."""
    record = case.record
    strong = _strong(record)
    if not strong or not (case.poor or case.high("fit")) or not _held(case, strong):
        return
    named = " and ".join(f"{name}={value:g}" for name, value in strong.items())
    yield Finding(
        "over-regularised",
        f"With {named} the training examples are answered as badly as others.",
        {**strong, **case.evidence("fit", "shrinkage", "gap")},
        {next(iter(strong)): 0.0},
        "" if len(strong) == 1 else f"And then {', '.join(list(strong)[1:])}.",
        trace=case.curves("losses", "train/loss", "val/loss"),
    )


def _held(case: Case, strong: dict[str, float]) -> bool:
    """Whether what holds back can be seen: weights that shrank, or units that were left out."""
    return case.low("shrinkage") or case.low("growth") or any("drop" in name for name in strong)


def _strong(record: Record) -> dict[str, float]:
    """The fields that regularise heavily, the heaviest first."""
    rates = {f"model.{name}": HEAVY_DROPOUT for name in ("dropout", "conv_dropout", "drop_path")}
    rates |= {"optimizer.weight_decay": HEAVY_DECAY, "training.l2": HEAVY_DECAY, "training.l1": HEAVY_L1}
    found = {name: (record.option(name), limit) for name, limit in rates.items()}
    heavy = {name: float(value) for name, (value, limit) in found.items() if _number(value) and value >= limit}
    return dict(sorted(heavy.items(), key=lambda one: -one[1] / rates[one[0]]))


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def permuted(case: Case) -> Iterator[Finding]:
    """Nothing to be learned, though steps and gradients are sound."""
    record = case.record
    base, losses = entropy(record), record.values("val/loss")
    if base is None or not losses or not case["achieved"] < AS_GUESSED or record.diverged:
        return
    learned = record.values("train/loss")[-1] < 0.9 * base if record.values("train/loss") else False
    worse = losses[-1] > 0.98 * base
    if not (learned and worse) or case.above("mode_gap"):
        return
    yield Finding(
        "labels-permuted",
        f"Training examples are learned by heart, and others are answered no better than by guessing: their loss is "
        f"{losses[-1]:.3g}, and that of the frequencies {base:.3g}.",
        {**case.evidence("achieved", "fit", "rise"), "loss of the frequencies": base},
        advice="Look at a few examples with their labels, and at how files and labels are put together.",
        trace=case.curves("losses", "train/loss", "val/loss", loss_of_the_frequencies=base),
    )


def wrong_labels(case: Case) -> Iterator[Finding]:
    """Errors that are spread evenly, as wrong labels are."""
    record = case.record
    early = len(record.rows) < COURSE or case.above("unfinished")
    if _strong(record) or early or case.poor or case["simplex"] > PROBABLE:
        return
    if not case.above("confusion_loss") and not (case.high("confusion_loss") and _behind(case)):
        return
    best = min((row for row in record.rows if row.get("val/loss") is not None), key=lambda row: row["val/loss"])
    yield Finding(
        "labels-wrong",
        f"At its best epoch, {best['epoch']}, {100 * best['val/accuracy']:.1f} % are right, and the loss of "
        f"{best['val/loss']:.3g} is that of mistakes which are spread evenly over all examples and "
        "classes: hard examples are not like that, wrong labels are.",
        case.evidence("confusion_loss", "gap", "rise"),
        advice="Look for them: paribus analyse errors lists suspected wrong labels. Label smoothing lessens the harm.",
        trace=case.curves("losses", "train/loss", "val/loss"),
    )


def _behind(case: Case) -> bool:
    """Whether training examples are answered worse than others, though nothing makes them harder."""
    record = case.record
    harder = record.option("augment") or record.option("model.dropout") or record.option("model.conv_dropout")
    return case.low("gap") and not harder


def overfitted(case: Case) -> Iterator[Finding]:
    """Training examples by heart, and others badly."""
    record = case.record
    wide = case.span("gap")
    both = wide is not None and case["gap"] > wide[1] and case.high("rise")
    risen, apart = case.above("rise") or both, case.above("gap")
    if not risen and not apart:
        return
    severity: Severity = "fault" if apart else "warning"
    counts = record.info.get("class_counts") or ()
    few = min(counts) if counts else record.info.get("sizes", {}).get("train", 0)
    yield Finding(
        "overfitting",
        "Training examples are answered far better than others"
        + (f", and there are only {few:,} of the rarest class." if few < FEW else "."),
        {
            **case.evidence("gap", "rise", "fit"),
            "training examples": float(record.info.get("sizes", {}).get("train", 0)),
        },
        _regularised(record),
        "More examples are better than any penalty; augmentation makes some.",
        severity,
        trace=case.curves("losses", "train/loss", "val/loss"),
    )


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
    Check("labels that do not belong to their inputs", permuted, applies=rated),
    Check("labels that are wrong", wrong_labels, applies=lambda record: record.classifies),
    Check("overfitting", overfitted, applies=rated),
    Check("underfitting", underfitted, applies=known),
)
