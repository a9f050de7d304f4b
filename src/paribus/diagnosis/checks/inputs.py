"""What goes in: scale, and what batches are made of."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median
from typing import Any

from paribus.diagnosis.case import Case, Check
from paribus.diagnosis.checks.fitting import few
from paribus.diagnosis.finding import Finding, Trace
from paribus.diagnosis.rates import batch
from paribus.diagnosis.record import Record

ONE_CLASS = 0.95  # of a batch
FOLLOWED = 60  # steps after which running statistics of the usual momentum are those of the data
TWO, TINY, SMALL = 2, 3, 4  # examples: of so few a batch norm knows one difference, nothing, or little


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
        _scaling(case.record, wide or case.below("input_deviation")),
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


def _scaling(record: Record, seen: bool) -> dict[str, Any]:
    """Scaling by the data's own figures; ``seen`` says whether it is what the network sees that is out of range."""
    if record.option("data.scale") == "none":
        return {"data.scale": "standard"}
    scaled = record.option("model.input_scaling", "auto") == "data"
    return {"model.input_scaling": "data"} if seen and not scaled else {}


def noisy(case: Case) -> Iterator[Finding]:
    """Inputs of which all are about as far from each other as in noise, or whose neighbouring pixels are."""
    pictures = len(case.record.info.get("input_shape") or ()) > 1
    rough = case.above("rough")
    far = case.above("nearness") and not few(case.record) and (case.high("rough") or not pictures)
    if not far and not rough:
        return  # of few examples the nearest is far, and so it is of pictures whose pixels move, as waves do
    yield Finding(
        "noisy-inputs",
        f"An example's nearest neighbour is {100 * case['nearness']:.0f} % as far away as any other example: inputs "
        "share no more with each other than noise does."
        if far
        else f"Pixels side by side differ by {100 * case['rough']:.0f} % of what they do in noise, more than in any "
        "healthy run.",
        case.evidence("nearness", "rough", "agreement", "achieved"),
        advice="Look at a few of them, and at how they are measured, scaled and cut.",
        severity="fault" if case.behind or case.low("agreement") or case.high("gap") else "warning",
        given=True,
        trace=case.curves("losses", "train/loss", "val/loss"),
    )


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
        {"training.shuffle": "always" if case.record.option("training.shuffle", "full") == "full" else "full"},
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
    """Batch norm over a few values, or steps that follow so few examples that nothing is learned."""
    record, norm = case.record, normed(case.record)
    size = _batch(record) if norm else batch(record)
    if not 0 < size <= SMALL or not (_harmed(case, size, norm) or size <= TINY):
        return
    examples = f"{size} example{'s' * (size > 1)}"
    yield Finding(
        "batches-too-small",
        f"Batch norm takes its mean over {examples}."
        if norm
        else f"Each step follows the gradient of {examples} alone.",
        {"batch size": float(size), **case.evidence("mode_gap", "norm_drift", "gradient_heat", "coordinate_heat")},
        {"training.batch_size": 32},
        "Or a norm that looks at single examples: model.norm=group." if norm else "Or a smaller learning rate.",
        "fault" if _harmed(case, size, norm) else "warning",
        trace=case.looks("|ln| of running over true variance", "norm_variance", "norm_drift", log=False)
        if norm
        else case.curves("losses", "train/loss", "val/loss"),
    )


def _harmed(case: Case, size: int, norm: bool) -> bool:
    """Whether there is a second sign: little is learned, a norm is apart, or a rate that suits larger batches."""
    hot = case.high("gradient_heat") or case.high("coordinate_heat")
    hottest = case.above("gradient_heat") or case.above("coordinate_heat")
    if case.poor or not norm:
        return case.poor or (size <= TINY and (case.behind or hottest or (hot and _unsteady(case))))
    apart = case.above("mode_gap") or case.above("norm_drift")
    alone = len(case.record.info.get("input_shape") or ()) == 1  # else each example has many values of a channel
    return case.behind or hot or (size <= TINY and apart) or (size <= TWO and alone)


def _unsteady(case: Case) -> bool:
    """Whether steps or losses are rougher than in the healthy runs of all recipes but one."""
    return any(map(case.high, ("most_update", "growth", "first_epoch", "jump", "rise", "dead_at_end")))


def frozen_norm(case: Case) -> Iterator[Finding]:
    """Running statistics that are not those of the data."""
    record, look = case.record, case.record.end
    if record.steps < FOLLOWED:
        return
    still = look is not None and record.steps > 1 and look.norm_batches and max(look.norm_batches.values()) == 0
    apart = case.high("norm_drift") and case.high("norm_shift")
    harmed = case.above("mode_gap") or (case.high("mode_gap") and apart)
    drift = case.above("norm_drift") or case.above("norm_shift") or (harmed and _drifts(case))
    if (not still and not (drift and harmed)) or (still and not drift and not harmed):
        return
    yield Finding(
        "batch-norm-frozen",
        "Its running statistics are not those of what passes it"
        + (": they have seen no batch." if still else ", so the network that is evaluated is another one."),
        case.evidence("norm_drift", "norm_shift", "mode_gap"),
        {"model.norm_momentum": 0.1},
        "Let running statistics follow while training (momentum above 0), and train in training mode.",
        severity="fault" if (drift and harmed) or case.poor else "warning",
        trace=case.looks("|ln| of running over true variance", "norm_variance", "norm_drift", log=False),
    )


def _batch(record: Record) -> int:
    size, pieces = record.option("training.batch_size"), record.option("training.accumulate", 1)
    return max(1, size // pieces) if isinstance(size, int) else 0


def _drifts(case: Case) -> bool:
    return case.high("norm_drift") or case.high("norm_shift")


def normed(record: Record) -> bool:
    """Whether there is a batch norm."""
    seen = any(look.norm_variance or look.norm_batches for look in record.looks)
    return seen or record.option("model.norm") == "batch"


def stepped(record: Record) -> bool:
    """Whether an optimizer made steps."""
    return bool(record.rows) and record.option("optimizer.use") is not None


CHECKS = (
    Check("inputs that are not scaled", not_scaled, ("inputs",), lambda record: bool(record.info.get("mean"))),
    Check("inputs that are like noise", noisy, ("agreement",), lambda record: bool(record.info.get("mean"))),
    Check("batches of one class", one_class, ("largest_class",), lambda record: record.classifies),
    Check("batches that are tiny", tiny_batches, applies=stepped),
    Check("batch norm with other statistics", frozen_norm, ("norm_variance",), normed),
)
