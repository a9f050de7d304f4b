"""The last layer and the loss that it meets."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from paribus.diagnosis.case import Case, Check
from paribus.diagnosis.finding import Finding
from paribus.diagnosis.record import Record

ALL = 0.999  # of the examples
SUMMED = (0.9, 1.1)  # the power of the number of examples by which a sum grows; that of a mean is 0
LARGE = 5.0  # times the loss of a guess: a mean over examples is lower before the first step
FLOORS = (0.0, 0.5)  # of a rectifier, and of a sigmoid behind one
ALIKE = 0.02  # how far the ratio of two figures may stray and still be called constant
FELL = 1.2  # by what factor two figures must have changed together
TOO_LOW = 0.75  # of the loss of a guess: no cross-entropy begins lower


def double_softmax(case: Case) -> Iterator[Finding]:
    """Probabilities where the loss takes logits."""
    record = case.record
    if not case["simplex"] >= ALL or record.option("model.final_activation", "none") != "none":
        return
    classes = record.classes
    floor = math.log(1 + (classes - 1) / math.e) if classes > 1 else math.nan
    yield Finding(
        "double-softmax",
        "What the network gives is positive and sums to 1 for every example: a softmax, before a cross-entropy that "
        f"takes logits and has its own. With {classes} classes that loss cannot fall below {floor:.3g}.",
        {**case.evidence("simplex", "fit"), "lowest loss that it allows": floor},
        _bare(record),
        "Take the softmax out of the model, or name it: model.final_activation=softmax.",
        trace=case.curves("losses", "train/loss", "val/loss", lowest_that_a_softmax_allows=floor),
    )


def cut(case: Case) -> Iterator[Finding]:
    """Logits that are never negative."""
    record = case.record
    look = record.end or record.start
    low = look.outputs.get("low", math.nan) if look is not None else math.nan
    probable = case["simplex"] >= ALL or record.option("model.final_activation", "none") == "softmax"
    if probable or low not in FLOORS or _lowest(record) != low:
        return
    yield Finding(
        "cut-outputs",
        f"No output is below {low:g}, and some are just that: a rectifier stands behind the last layer.",
        {"lowest output": low, **case.evidence("fit", "achieved")},
        _bare(record),
        "Take it out: the last layer gives logits of any sign.",
        trace=case.curves("losses", "train/loss", "val/loss"),
    )


def squared(case: Case) -> Iterator[Finding]:
    """A loss of classes that is no cross-entropy."""
    record = case.record
    if record.option("task.use") == "classification" or record.option("model.weights", "none") != "none":
        return  # the task that ships has a cross-entropy, and trained weights may begin below a guess
    low = case["start_loss"] < TOO_LOW or _impossible(record)
    ratios = _over_brier(record)
    fell = record.values("val/loss")
    steady = len(ratios) > 1 and max(ratios) - min(ratios) <= ALIKE * max(ratios) and max(fell) > FELL * min(fell)
    if not low and not steady:
        return
    yield Finding(
        "squared-error-of-classes",
        "The loss is in a fixed ratio to the Brier score, which is a squared error of the probabilities."
        if steady
        else "The loss is lower than any cross-entropy can be, of a guess before the first step or of as many wrong "
        "answers: it measures something else, as a squared error does.",
        {**case.evidence("start_loss", "achieved"), **({"loss over Brier score": ratios[-1]} if ratios else {})},
        {"task.use": "classification"},
        "Minimise the cross-entropy of logits.",
        trace=case.curves("losses", "train/loss", "val/loss"),
    )


def summed(case: Case) -> Iterator[Finding]:
    """A loss that grows with the number of examples."""
    record = case.record
    if not SUMMED[0] < case["summed"] < SUMMED[1] or case["start_loss"] < LARGE:
        return
    batch = record.option("training.batch_size")
    yield Finding(
        "summed-loss",
        "The loss of all examples of the probe is as many times that of a part as there are parts: "
        f"it is a sum over the batch, and steps are {batch} times as long as those of a mean.",
        {**case.evidence("summed", "first_update", "start_loss"), "batch size": str(batch)},
        {"optimizer.lr": float(f"{record.lr / batch:.3g}")} if record.lr and isinstance(batch, int) else {},
        "Average the loss over the batch.",
        "fault" if _minds(record) or case.poor else "warning",
        trace=case.curves("losses", "train/loss", "val/loss"),
    )


def _bare(record: Record) -> dict[str, Any]:
    """The last layer's outputs as they are: by the model's own option, or without what its code does behind it."""
    named = record.option("model.final_activation")
    if named is not None:
        return {} if named == "none" else {"model.final_activation": "none"}
    state = record.option("task.use") == "language"  # there a method is called that no option reaches
    return {} if state or record.option("model.ending") is not None else {"model.ending": "bare"}


def _minds(record: Record) -> bool:
    """Whether the optimizer minds the scale of the loss; those that divide by the gradient's size do not."""
    return record.option("optimizer.use") in ("sgd", "lbfgs")


def _lowest(record: Record) -> float:
    found = [look.outputs.get("low", math.nan) for look in record.probed]
    return min((low for low in found if math.isfinite(low)), default=math.nan)


def _impossible(record: Record) -> bool:
    """Whether a loss is below that of its errors alone: each costs ln 2 or more, as its class has less than a half."""
    rows = [(row.get("val/loss"), row.get("val/accuracy")) for row in record.rows]
    known = [(loss, right) for loss, right in rows if loss is not None and right is not None]
    return any(loss < 0.95 * math.log(2) * (1 - right) for loss, right in known)


def _over_brier(record: Record) -> list[float]:
    """The validation loss over the Brier score, epoch by epoch."""
    rows = [(row.get("val/loss"), row.get("val/brier")) for row in record.rows]
    return [loss / brier for loss, brier in rows if loss and brier]


def classifies(record: Record) -> bool:
    """Whether a loss over classes is minimised by steps."""
    return record.classifies and record.option("optimizer.use") is not None


def chooses(record: Record) -> bool:
    """The same, be the classes of single examples, of pixels or of tokens."""
    return bool(record.rated or record.option("task.use") == "language") and record.option("optimizer.use") is not None


CHECKS = (
    Check("a softmax before the loss", double_softmax, ("outputs",), chooses),
    Check("a rectifier behind the last layer", cut, ("outputs",), lambda record: bool(record.rated)),
    Check("squared error for classes", squared, applies=classifies),
    Check("a loss that is summed over the batch", summed, ("loss",), lambda record: bool(record.rows)),
)
