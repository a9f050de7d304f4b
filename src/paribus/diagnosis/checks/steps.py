"""Steps that are too long, too short, or too few."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

from paribus.diagnosis.case import Case, Check
from paribus.diagnosis.finding import Finding, Severity
from paribus.diagnosis.measures import softened
from paribus.diagnosis.record import Record

LEAST, MOST = 10.0, 1e4  # factors by which a learning rate is treated
CLIPPED = 0.9  # share of the steps from which nearly all are clipped
WARMING = 0.5  # share of the training from which a warm-up takes most of it
VANISHED = 0.5  # of the norm that weights began with
FEW, SHORT, LEFT = 2, 200, 0.4  # epochs, steps, and what is left of a guess's loss: of less, nothing else is said
LITTLE = 0.15  # of a guess's loss: with less left a training is as good as over
FALLS = 0.02  # of a guess's loss, whenever the steps grow by a factor of e
STILL_FALLS = 0.01  # of it where hardly anybody takes such a rate: a schedule that ends near zero hides the rest
WHOLE = 4  # batches in an epoch: of so few each holds a quarter of all examples, and more
LONG, ROUGH = ("growth", "most_update"), ("first_epoch", "jump", "rise")  # signs of long steps, and of their harm
NEAR = 1.4  # times the lowest rate of all recipes but one: a rate that hardly anybody takes
FAR = 5.0  # times less than the limit: so short a step does nothing, whatever else is known


def too_high(case: Case) -> Iterator[Finding]:
    """Steps so long that weights, losses or updates leave the range of healthy runs."""
    record = case.record
    if case.below("most_update") and not record.diverged:
        return  # whatever leaps there, it is not thrown by steps that are shorter than in any healthy run
    vanished = case["shrinkage"] < VANISHED  # of weights that are nearly nothing any step is a large part
    asked = ("growth", "first_epoch", *(() if vanished else ("most_update",)), "jump")
    signs = [name for name in asked if case.above(name)]
    odd = (_unusual(case, case.above) and any(map(case.high, asked))) or (_unusual(case, case.high) and case.behind)
    died = case.high("dead_at_end") and not case.high("dead_at_start")
    rough = [*filter(case.high, ROUGH), *(["dead_at_end"] if died else [])]
    if not signs and not vanished and all(map(case.high, LONG)) and rough:
        signs, odd = [*LONG, *rough], True
    elif odd:
        signs.append("coordinate_rate" if "coordinate_rate" in case.figures else "gradient_rate")
    if case.poor and died and "dead_at_end" not in signs and _far(case):
        signs.append("dead_at_end")
    if not signs and not record.diverged:
        return
    sure = record.diverged or odd or len(signs) > 1 or case.behind or case.above("usual_rate")
    trace = case.looks("update ratio ‖Δw‖/‖w‖", "update_ratio", "most_update") if "most_update" in signs else None
    at = f" of {record.lr:g}" if record.lr else ""
    yield Finding(
        "lr-too-high",
        f"With a learning rate{at} {_said(signs, record)}.",
        case.evidence(*signs, **_lr(record)),
        _rate(record, 1 / _excess(case)),
        "Or let it warm up (schedule.use=warmup), or clip the gradient (training.clip_norm=1).",
        "fault" if sure else "warning",
        given=case.above("usual_rate"),
        trace=trace or case.curves("losses", "train/loss", "val/loss"),
    )


def _unusual(case: Case, far: Callable[[str], bool]) -> bool:
    """Whether a learning rate is that of another optimizer: beyond all with which sound recipes use its own."""
    return far("gradient_rate") or far("coordinate_rate")


def _far(case: Case) -> bool:
    """Whether weights moved farther than in most healthy runs, or with a learning rate that none of them had."""
    return case.high("growth") or case.high("most_update") or case.above("usual_rate")


SIGNS = {
    "growth": "the weights grew as in no healthy run",
    "first_epoch": "the first epoch was worse than no training at all",
    "most_update": "single steps change more of the weights than in any healthy run",
    "jump": "the loss leaps up again",
    "rise": "the loss on other examples rises",
    "dead_at_end": "units died that were alive before the first step",
    "gradient_rate": "steps are longer than in any healthy run with this optimizer",
    "coordinate_rate": "steps are longer than in any healthy run with such an optimizer",
}


def _said(signs: list[str], record: Record) -> str:
    words = [SIGNS[name] for name in signs] + (["the loss became infinite or no number"] if record.diverged else [])
    return " and ".join(words)


def too_low(case: Case) -> Iterator[Finding]:
    """Steps so short that nothing moves."""
    record, short = case.record, case.below("most_update")
    tiny = case["usual_rate"] < case.healthy.below("usual_rate") / FAR
    below = case.below("usual_rate") and case.low("most_update")
    other = _unusual(case, case.below) and (case.low("most_update") or case["unfinished"] > FALLS)
    other |= _unusual(case, case.low) and case.behind
    smooth = softened(record)  # then no loss falls far
    other |= _unusual(case, case.low) and case["unfinished"] > FALLS and case["fit"] > LEFT and not smooth
    much = case.behind and case["fit"] > LITTLE and case["unfinished"] > STILL_FALLS and not smooth
    rare = much and _unusual(case, lambda name: case[name] < NEAR * case.lowest(name))
    unusual = tiny or below or other or rare or (case.low("usual_rate") and case.behind)
    if not (short or unusual) or case.below("clip_factor") or case.high("most_update"):
        return
    far = case["most_update"] < case.healthy.below("most_update") / FAR
    severity: Severity = "fault" if far or unusual or case.poor or case.above("unfinished") else "warning"
    says = (
        f"A step changes {case['most_update']:.1e} of the weights, less than in any healthy run: they are nearly those "
        "that training began with."
        if short
        else f"A learning rate of {record.lr:g} is {case['usual_rate']:.2g} of what is usual with this optimizer, less "
        "than in any healthy run, and little was learned."
    )
    yield Finding(
        "lr-too-low",
        says,
        case.evidence("most_update", "usual_rate", "fit", **_lr(record)),
        _rate(record, _factor(case, "most_update")),
        "",
        severity,
        trace=case.looks("update ratio ‖Δw‖/‖w‖", "update_ratio", "most_update"),
    )


def clipped(case: Case) -> Iterator[Finding]:
    """A limit that shortens nearly every step to nothing."""
    record = case.record
    shares = [share for look in record.looks for share in look.clipped.values()]
    harmful = case.below("most_update") or case.behind
    little = case.below("clip_factor") or (case.low("clip_factor") and case.behind)
    if not shares or max(shares) < CLIPPED or not little or case.high("most_update"):
        return
    yield Finding(
        "clipped-to-nothing",
        f"{100 * max(shares):.0f} % of the gradients were longer than training.clip_norm="
        f"{record.option('training.clip_norm')}, and {case['clip_factor']:.1e} of their length was left.",
        case.evidence("clip_factor", "most_update", share_of_steps_clipped=max(shares)),
        {"training.clip_norm": None},
        "A limit is to catch rare long gradients: choose it near the length of the usual ones.",
        "fault" if harmful else "warning",
        trace=case.looks("update ratio ‖Δw‖/‖w‖", "update_ratio", "most_update"),
    )


def too_few(case: Case) -> Iterator[Finding]:
    """Steps that are sound, and end while the loss is high and still falls."""
    record = case.record
    if not record.rows or record.stopped or record.diverged or not _moves(case):
        return
    epochs = len(record.rows)
    whole = case["batches"] <= WHOLE and case.low("steps")
    fewest = case.below("steps") or case.low("batches") or whole
    falling = case.high("unfinished") or (case.behind and case["unfinished"] > FALLS)
    scarce = whole or case.below("steps") or (case.low("steps") and case.low("batches"))
    falling |= scarce and case["unfinished"] > FALLS
    hurried = (fewest and case.behind) or ((fewest or case.low("steps")) and falling)
    steep = case.below("steps") and case["slope"] > 1  # falls faster than steps grow
    hurried &= not case["fit"] < LITTLE or steep  # else hardly anything is left that more steps could learn
    if not hurried and record.values("train/loss") and not case["fit"] > LEFT:
        return  # little is left to be learned; losses of several stages tell nothing of that
    short = epochs <= FEW and record.steps < SHORT
    if not case.above("unfinished") and not case.above("improving") and not short and not hurried:
        return
    yield Finding(
        "too-few-epochs",
        f"After {epochs} epoch{'s' * (epochs != 1)} and {record.steps:,} steps training ended while "
        + ("the loss was high and still falling." if record.values("train/loss") else "there was still much to gain.")
        + (f" An epoch has {case['batches']:.3g} batches." if case["batches"] <= WHOLE else ""),
        case.evidence("unfinished", "improving", "fit", epochs=float(epochs), steps=float(record.steps)),
        _longer(record),
        "Where the budget is fixed: a larger learning rate, or smaller batches.",
        trace=case.curves(
            "losses", "train/loss", "val/loss", *([] if record.values("train/loss") else ["val/frechet"])
        ),
    )


def warm_up(case: Case) -> Iterator[Finding]:
    """A rise of the learning rate that takes most of the training."""
    record = case.record
    rise = record.option("schedule.epochs" if record.option("schedule.use") == "warmup" else "schedule.warmup")
    epochs = record.option("budget.epochs") or 0
    if not rise or not epochs or rise / epochs < WARMING:
        return
    field = "schedule.epochs" if record.option("schedule.use") == "warmup" else "schedule.warmup"
    yield Finding(
        "warm-up-never-left",
        f"The learning rate rises for {rise:g} of {epochs} epochs.",
        {field: float(rise), "budget.epochs": float(epochs), **case.evidence("fit", "most_update")},
        {field: max(1.0, round(epochs / 20))},
        "",
        "fault" if rise >= epochs and (case.poor or case.above("fit")) else "warning",
        trace=case.curves("learning rate", "lr", log=False),
    )


def stopped(case: Case) -> Iterator[Finding]:
    """A stopping rule without patience, early in the budget."""
    record = case.record
    if not record.stopped or record.option("stopping.use") != "patience":
        return
    patience, budget, epochs = record.option("stopping.patience", 0), record.option("budget.epochs"), len(record.rows)
    if patience > 1 or not budget or epochs > budget / 2:
        return
    yield Finding(
        "stopped-too-early",
        f"It stopped after {epochs} of {budget} epochs, at the first that was not better "
        f"(stopping.patience={patience}).",
        {"stopping.patience": float(patience), "epochs": float(epochs), "budget.epochs": float(budget)},
        {"stopping": {"use": "never"}},
        "Or give it patience: a fifth of the budget, and no least improvement (stopping.min_delta=0).",
        trace=case.curves("what was watched", str(record.option("stopping.metric", "val/loss")), log=False),
    )


def _moves(case: Case) -> bool:
    """Whether steps are neither too short nor unknown."""
    return not case.below("most_update") and not case.below("clip_factor")


def _longer(record: Record) -> dict[str, Any]:
    if steps := record.option("budget.steps"):
        return {"budget.steps": 10 * steps}
    return {"budget.epochs": max(10 * int(record.option("budget.epochs") or 1), 10)}


def _factor(case: Case, name: str, whole: Callable[[float], int] = round) -> float:
    """By what power of ten a figure is away from that of the middle healthy run; ten at least.

    Rounded up where steps that are still too long are worse than some that are too short.
    """
    value, middle = case[name], case.middle(name)
    if not (value > 0 and middle > 0):
        return LEAST
    return float(min(MOST, max(LEAST, 10 ** whole(abs(math.log10(value / middle))))))


def _excess(case: Case) -> float:
    """By what power of ten steps are too long: by what they change, and beyond those of sound recipes but one.

    Units that died soon, or weights that grew, leave updates small: then the rate itself says more.
    """
    changed = _factor(case, "most_update", math.ceil if case.record.diverged else round)
    rates = [name for name in ("gradient_rate", "coordinate_rate") if case.high(name)]
    beyond = [10.0 ** math.ceil(math.log10(case[name] / case.highest(name))) for name in rates]
    return min(MOST, max([changed, *beyond]))


def _rate(record: Record, factor: float) -> dict[str, Any]:
    return {"optimizer.lr": float(f"{record.lr * factor:.3g}")} if record.lr else {}


def _lr(record: Record) -> dict[str, float]:
    return {"lr": record.lr} if record.lr else {}


def steps(record: Record) -> bool:
    """Whether there are steps at all: fitted models have none."""
    return bool(record.rows or record.diverged) and record.option("optimizer.use") is not None


CHECKS = (
    Check("a learning rate that is too high", too_high, applies=steps),
    Check("a learning rate that is too low", too_low, ("update_ratio",), steps),
    Check(
        "a gradient that is clipped to nothing",
        clipped,
        ("clip_factor",),
        lambda record: steps(record) and record.option("training.clip_norm") is not None,
    ),
    Check("too few epochs", too_few, applies=steps),
    Check("a warm-up that takes most of the training", warm_up, applies=steps),
    Check("early stopping without patience", stopped, applies=steps),
)
