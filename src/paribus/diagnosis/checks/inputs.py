"""What goes in: scale, and what batches are made of."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Any

from paribus.diagnosis.case import Case, Check
from paribus.diagnosis.finding import Finding, Severity, Trace
from paribus.diagnosis.record import Record

ONE_CLASS = 0.95  # of a batch
FOLLOWED = 60  # steps after which running statistics of the usual momentum are those of the data
TINY = 2  # examples: of so few a batch norm knows nothing
RARE = 0.2  # of the middle class: a class with fewer examples is rare
MISSED = 0.5  # of the recall of the middle class
LESS = 0.85  # of it, where nothing weighs rare classes up
NEVER = 0.15  # recall of a class that is as good as never named
SHARED = 0.25  # how far two recalls may be from summing to one that is shared


def not_scaled(case: Case) -> Iterator[Finding]:
    """Inputs that are far from where a network begins, or nearly nothing."""
    wide, small = case.above("widest_input"), case.below("input_deviation") or _unseen(case)
    if not wide and not small:
        return
    says = (
        f"What the network sees is as large as {case['widest_input']:.3g}, where inputs of healthy "
        "runs have a deviation near 1."
        if wide
        else f"What the network sees deviates by {case['input_deviation']:.1e}, where inputs of "
        "healthy runs do by about 1."
    )
    yield Finding(
        "inputs-not-scaled" if wide else "inputs-too-small",
        says,
        case.evidence("widest_input", "input_deviation", "first_spread"),
        _scaling(case.record),
        "Subtract the mean of the training examples and divide by their deviation, once.",
        "fault",
        trace=_channels(case),
    )


def _unseen(case: Case) -> bool:
    """Whether the first layer makes nothing of its inputs, with weights as they should be."""
    return case.below("first_spread") and not case.below("middle_gain") and not case.above("widest_gain")


def _channels(case: Case) -> Trace | None:
    look = case.record.start
    if look is None:
        return None
    lines = {
        name: [(float(at), value) for at, value in enumerate(look.inputs.get(name, ()), 1)]
        for name in ("mean", "deviation")
    }
    return Trace("what the network sees", "channel or column", "value", lines)


def _scaling(record: Record) -> dict[str, Any]:
    if record.option("data.scale") == "none":
        return {"data.scale": "standard"}
    if record.option("model.input_scaling", "auto") == "imagenet":
        return {"model.input_scaling": "data"}
    return {}


def one_class(case: Case) -> Iterator[Finding]:
    """Batches whose examples are all of one class."""
    found = next((look.largest_class for look in case.record.looks if look.largest_class), ())
    if not found or median(found) < ONE_CLASS or max(case.record.shares, default=1.0) > ONE_CLASS / 1.5:
        return
    if _batch(case.record) == 1:
        return
    yield Finding(
        "one-class-batches",
        f"In the middle one of the first batches {100 * median(found):.0f} % of the examples are of "
        f"one class, among all {100 * max(case.record.shares):.0f} %.",
        {"share in a batch": median(found), "share among all": max(case.record.shares), **case.evidence("mode_gap")},
        {"training.shuffle": "full"} if case.record.option("training.shuffle") == "blocks" else {},
        "Shuffle the examples before they are put into batches.",
        trace=Trace(
            "largest class of the first batches",
            "batch",
            "share",
            {"largest class": [(float(at), share) for at, share in enumerate(found, 1)]},
            limits={"among all": max(case.record.shares)},
        ),
    )


def tiny_batches(case: Case) -> Iterator[Finding]:
    """Batch norm over one or two examples."""
    record = case.record
    size = _batch(record)
    if not 0 < size <= TINY or not (_normed(record) or record.option("model.norm") == "batch"):
        return
    yield Finding(
        "batches-too-small",
        f"Batch norm takes its mean over {size} example{'s' * (size > 1)}.",
        {"batch size": float(size), **case.evidence("mode_gap", "norm_drift")},
        {"training.batch_size": 32},
        "Or a norm that looks at single examples: model.norm=group.",
        "fault" if case.poor or case.above("mode_gap") or case.above("norm_drift") else "warning",
        trace=case.looks("|ln| of running over true variance", "norm_variance", "norm_drift", log=False),
    )


def frozen_norm(case: Case) -> Iterator[Finding]:
    """Running statistics that are not those of the data."""
    record, look = case.record, case.record.end
    if record.steps < FOLLOWED:
        return
    still = look is not None and record.steps > 1 and look.norm_batches and max(look.norm_batches.values()) == 0
    drift = case.above("norm_drift") or case.above("norm_shift")
    harmed = case.above("mode_gap")
    if (not still and not (drift and harmed)) or (still and not drift and not harmed):
        return
    yield Finding(
        "batch-norm-frozen",
        "Its running statistics are not those of what passes it"
        + (": they have seen no batch." if still else ", so the network that is evaluated is another one."),
        case.evidence("norm_drift", "norm_shift", "mode_gap"),
        advice="Let running statistics follow while training (momentum above 0), and train in training mode.",
        severity="fault" if (drift and harmed) or case.poor else "warning",
        trace=case.looks("|ln| of running over true variance", "norm_variance", "norm_drift", log=False),
    )


def thinned(case: Case) -> Iterator[Finding]:
    """A class that is rare and not recognised."""
    record = case.record
    counts = [float(count) for count in record.info.get("class_counts") or ()]
    if len(counts) < 2 or record.option("training.sampling", "all") != "all":
        return
    recalls = _recalls(record)
    rare = [at for at, count in enumerate(counts) if count < RARE * median(counts)]
    names = [str(name) for name in record.info.get("classes") or ()]
    least = MISSED if record.option("task.class_weights", "none") != "none" else LESS
    missed = [at for at in rare if at < len(names) and _missed(recalls, names[at], least)]
    if not missed:
        return
    severity: Severity = "fault" if len(missed) <= len(counts) / 3 else "warning"
    yield Finding(
        "class-thinned",
        f"{names[missed[0]]} has {counts[missed[0]]:.0f} training examples where the middle class has "
        f"{median(counts):.0f}, and is recognised in {100 * recalls.get(names[missed[0]], 0.0):.0f} % of all cases.",
        {
            "examples": counts[missed[0]],
            "of the middle class": median(counts),
            "recall": recalls.get(names[missed[0]], 0.0),
        },
        {"training.sampling": "balanced"},
        "Or task.class_weights=balanced; more examples of it are better than either.",
        severity,
        trace=Trace(
            "recall by training examples",
            "training examples",
            "recall",
            {"classes": sorted((counts[at], recalls[name]) for at, name in enumerate(names) if name in recalls)},
        ),
    )


def twice(case: Case) -> Iterator[Finding]:
    """Two classes that share one recall, where all others are well recognised."""
    record = case.record
    recalls = sorted((value, name) for name, value in _recalls(record).items())
    if len(recalls) < 4:
        return
    (first, one), (second, other), (third, _) = recalls[:3]
    middle = median(value for value, _ in recalls[2:])
    shared = third >= 0.75 * middle and abs(first + second - middle) <= SHARED * middle and second <= 0.85 * third
    never = first < NEVER and second >= 0.75 * middle and not _rare(record, one)
    if middle < 0.3 or not (shared or never):
        return
    yield Finding(
        "class-twice",
        f"{one} and {other} are recognised in {100 * first:.0f} and {100 * second:.0f} % of all "
        f"cases, together about as often as any other class is alone ({100 * middle:.0f} %): as if "
        "they were one class with two labels."
        if shared
        else f"{one} is recognised in {100 * first:.0f} % of all cases, though it is not rare, and all others are "
        "well: as if its examples were those of another class.",
        {f"recall of {one}": first, f"recall of {other}": second, "recall of the middle class": middle},
        advice="Look at the confusions of the two, and at their examples: paribus report.",
        severity="fault" if middle > 0.6 and first < 0.6 * middle else "warning",
        trace=Trace(
            "recall",
            "class, from the worst",
            "recall",
            {"recall": [(float(at), v) for at, (v, _) in enumerate(recalls, 1)]},
        ),
    )


def _rare(record: Record, name: str) -> bool:
    """Whether a class has few training examples, or nobody knows how many."""
    names = [str(it) for it in record.info.get("classes") or ()]
    counts = [float(count) for count in record.info.get("class_counts") or ()]
    return name not in names or not counts or counts[names.index(name)] < RARE * median(counts)


def _recalls(record: Record) -> dict[str, float]:
    start = "val/recall/"
    figures = record.figures.items()
    return {name.removeprefix(start): value for name, value in figures if name.startswith(start) and value is not None}


def _missed(recalls: dict[str, float], name: str, least: float) -> bool:
    return name in recalls and recalls[name] < least * median(recalls.values())


def _batch(record: Record) -> int:
    size, pieces = record.option("training.batch_size"), record.option("training.accumulate", 1)
    return max(1, size // pieces) if isinstance(size, int) else 0


def _normed(record: Record) -> bool:
    return any(look.norm_variance or look.norm_batches for look in record.looks)


def normed(record: Record) -> bool:
    """Whether there is a batch norm."""
    return _normed(record) or record.option("model.norm") == "batch"


CHECKS = (
    Check("inputs that are not scaled", not_scaled, ("inputs",), lambda record: bool(record.info.get("mean"))),
    Check("batches of one class", one_class, ("largest_class",), lambda record: record.classifies),
    Check("batch norm over tiny batches", tiny_batches, applies=normed),
    Check("batch norm with other statistics", frozen_norm, ("norm_variance",), normed),
    Check("a class with hardly any examples", thinned, applies=lambda record: bool(record.classes)),
    Check("a class under two labels", twice, applies=lambda record: record.classifies),
)
