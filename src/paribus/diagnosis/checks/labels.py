"""Labels: that are wrong, or belong to other inputs."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import pairwise
from statistics import median

from paribus.diagnosis.case import Case, Check
from paribus.diagnosis.checks.classes import UNRELATED, pairs, scarce
from paribus.diagnosis.checks.fitting import COURSE, few, held_back, rated, strong
from paribus.diagnosis.finding import Finding
from paribus.diagnosis.measures import entropy, softened
from paribus.diagnosis.record import Record

AS_GUESSED = 0.25  # of what guessing leaves
HARDLY = 0.3  # of it, where neighbours tell nothing: a few labels in twenty that are right teach easy classes so much
NOTHING = 0.05  # of the variance of a number
RELATED = 0.2  # κ of neighbours' targets that have something to do with their inputs
AGREED = 0.9  # κ of neighbours that rules out more than one wrong label in twenty
PROBABLE = 0.99  # share of outputs that are probabilities
SURE, FAR = 3.0, 4.0  # standard errors; of the farthest of many
AT_REST = 0.8, 1.1  # the last training loss over that of the frequencies, where nothing is learned
STILL = ("most_update", "gradient_span", "middle_gain", "first_spread", "usual_rate", "shrinkage")
"""Figures that are as in healthy runs where only the labels are at fault."""
BY_HEART = 0.9  # of the loss of a guess: with less left something was learned
EVEN = 0.5  # of the share of the middle class, of classes that are about as frequent
LAST = 3  # epochs at the end
LAG = 0.02  # of right answers: less is no harm
SAME_MODE = 0.1  # of the loss, in training mode and when evaluated, where no layer makes training harder


def permuted(case: Case) -> Iterator[Finding]:
    """Nothing to be learned, though steps and gradients are sound."""
    record = case.record
    r2 = record.figures.get("val/r2")
    learns = case["achieved"] > HARDLY or case.below("steps")  # neighbours of textures tell nothing, either
    untold = _unrelated(case) and not learns
    if untold and (case.behind or (r2 is not None and r2 < AS_GUESSED)) and not _noise(case):
        says = (
            f"An example's nearest neighbour tells its target no better than chance does ({_kappa(case)}), and what "
            "was learned tells it hardly better."
        )
        yield _permuted(case, says, case.evidence("agreement", "achieved", "fit"), given=True)
        return
    if _masks_unrelated(case) and (case.behind or case.below("outputs_vary")) and not _noise(case):
        says = (
            "The mask of the nearest picture tells the classes of pixels no better than their places do (κ = "
            f"{case['mask_agreement']:.2f} ± {case['mask_error']:.2f}), and outputs hardly depend on the picture."
        )
        yield _permuted(case, says, case.evidence("mask_agreement", "achieved", "outputs_vary"), given=True)
        return
    if _untold(case):
        says = (
            "Steps and gradients are sound, units alive, and yet training examples are answered as if by frequencies."
        )
        yield _permuted(case, says, case.evidence("achieved", "fit", "most_update", "dead_at_end"))
        return
    if _related(case) or few(record) or scarce(record) or record.diverged:
        return
    if r2 is not None and r2 < NOTHING and case["fit"] < BY_HEART and not case.above("mode_gap"):
        says = (
            f"Training examples are learned by heart, their loss falls to {case['fit']:.2g} of what it was, and the "
            f"numbers of others are told no better than by their mean: R² = {r2:.2g}."
        )
        yield _permuted(case, says, case.evidence("fit", "agreement", "rise"))
        return
    base, losses = entropy(record), record.values("val/loss")
    if base is None or not losses or not case["achieved"] < AS_GUESSED:
        return
    learned = record.values("train/loss")[-1] < BY_HEART * base if record.values("train/loss") else False
    worse = losses[-1] > 0.98 * base
    if not (learned and worse) or case.above("mode_gap"):
        return
    says = (
        "Training examples are learned by heart, and others are answered no better than by guessing: their loss is "
        f"{losses[-1]:.3g}, and that of the frequencies {base:.3g}."
    )
    yield _permuted(case, says, {**case.evidence("achieved", "fit", "rise"), "loss of the frequencies": base})


def _permuted(case: Case, says: str, evidence: dict[str, float | str], given: bool = False) -> Finding:
    return Finding(
        "labels-permuted",
        says,
        evidence,
        advice="Look at a few examples with their labels, and at how files and labels are put together.",
        given=given,
        trace=case.curves("losses", "train/loss", "val/loss"),
    )


def _noise(case: Case) -> bool:
    """Whether inputs are rather like noise: of them neighbours tell nothing, either."""
    return case.high("nearness") or case.above("rough")


def _unrelated(case: Case) -> bool:
    """Whether neighbours were compared, and agree as if by chance: of no two classes less often."""
    rarely = any(kappa < -FAR * error for kappa, error, *_ in pairs(case.record)) if case.record.start else False
    return case["agreement"] < min(UNRELATED, SURE * case["agreement_error"]) and not rarely


def _masks_unrelated(case: Case) -> bool:
    """The same of masks, whose pixels agree already where they lie."""
    return case["mask_agreement"] < min(UNRELATED, SURE * case["mask_error"])


def _related(case: Case) -> bool:
    """Whether neighbours agree far more often than chance would have them."""
    return case["agreement"] > max(RELATED, SURE * case["agreement_error"])


def _untold(case: Case) -> bool:
    """Whether, where neighbours were not compared, nothing is learned and no other reason for it can be seen."""
    record = case.record
    odd = any(case.below(name) or case.above(name) for name in STILL) or case.above("dead_at_end")
    rests = AT_REST[0] < case["fit"] < AT_REST[1] and case["achieved"] < AS_GUESSED and not case.above("unfinished")
    seen = record.start is not None and "kappa" not in record.start.agreement and not case["mask_agreement"] > RELATED
    return seen and rests and not odd and len(record.rows) >= COURSE and not strong(record) and not record.stopped


def _kappa(case: Case) -> str:
    return f"κ = {case['agreement']:.2f} ± {case['agreement_error']:.2f}"


def wrong_labels(case: Case) -> Iterator[Finding]:
    """Errors that are spread evenly, as wrong labels are."""
    record = case.record
    early = len(record.rows) < COURSE or case.above("unfinished")
    agree = case["agreement"] > AGREED  # a share of wrong labels takes twice as much of it
    excused = held_back(case, found) if (found := strong(record)) else False
    if excused or agree or few(record) or early or case.poor or case["simplex"] > PROBABLE:
        return
    if _worse(case):
        yield _worse_than_others(case)
        return
    if not case.above("confusion_loss") and not (case.high("confusion_loss") and _behind(case)):
        return
    best = min((row for row in record.rows if row.get("val/loss") is not None), key=lambda row: row["val/loss"])
    yield Finding(
        "labels-wrong",
        f"At its best epoch, {best['epoch']}, {100 * best['val/accuracy']:.1f} % are right, and the loss of "
        f"{best['val/loss']:.3g} is that of mistakes which are spread evenly over all examples and "
        "classes, as of wrong labels, or of classes that overlap.",
        case.evidence("confusion_loss", "gap", "rise"),
        _agreeing(record),
        "Look for them: paribus analyse errors lists suspected wrong labels. Label smoothing lessens the harm.",
        severity="fault" if _behind(case) else "warning",  # where classes overlap others are answered no better
        trace=case.curves("losses", "train/loss", "val/loss"),
    )


def _behind(case: Case) -> bool:
    """Whether training examples are answered worse than others, though nothing makes them harder."""
    return case.low("gap") and not _harder(case.record)


def _harder(record: Record) -> bool:
    """Whether training examples are made harder than others on purpose."""
    return any(record.option(name) for name in ("augment", "model.dropout", "model.conv_dropout", "model.drop_path"))


def _worse(case: Case) -> bool:
    """Whether training examples are answered worse than others by more than chance, and nothing but labels is left.

    A network answers what it was trained on at least as well as other examples of the same kind, unless those are made
    harder: by augmentation, dropout or small batches in training mode, by weights of classes, or while it still learns.
    Weights that are averaged answer better than those that were trained.
    """
    record = case.record
    eased = record.option("training.ema") or record.option("task.class_weights", "none") != "none" or softened(record)
    balanced = min(record.shares, default=0.0) > EVEN * median(record.shares or [1.0])
    told = case["agreement"] < AGREED and case["told"] > 0  # of labels that are right neighbours know about as much
    lag, error = _lag(record)
    still = abs(case["mode_gap"]) < SAME_MODE
    early, chance = _most(record)
    seen = lag > max(LAG, SURE * error) or early > max(LAG, FAR * chance)
    return told and balanced and still and not eased and not _harder(record) and seen


def _lag(record: Record) -> tuple[float, float]:
    """How much rarer training examples are answered right than others, at the end, and its error by chance."""
    rows = _answers(record)[-LAST:]
    if not rows:
        return 0.0, 0.0
    trained, checked = (median(column) for column in zip(*rows, strict=True))
    return checked - trained, _error(record, trained, checked)


def _most(record: Record) -> tuple[float, float]:
    """The same of the epoch in which it was most: wrong labels are learned last (Arpit et al., 2017).

    While a network learns, others are answered at the end of an epoch, and training examples all along it: so others
    count as they were answered at its beginning or at its end, whichever was worse.
    """
    rows = _answers(record)
    worse = [(trained, min(before, after)) for (_, before), (trained, after) in pairwise(rows)]
    trained, checked = max(worse, key=lambda one: one[1] - one[0], default=(0.0, 0.0))
    return (checked - trained, _error(record, trained, checked)) if worse else (0.0, 0.0)


def _answers(record: Record) -> list[tuple[float, float]]:
    """Shares of right answers over the epochs, of training examples and of others; none where one is not known."""
    sizes = record.info.get("sizes") or {}
    rows = [(row.get("train/accuracy"), row.get("val/accuracy")) for row in record.rows]
    known = [(trained, checked) for trained, checked in rows if trained is not None and checked is not None]
    return known if len(known) == len(rows) and sizes.get("train") and sizes.get("val") else []


def _error(record: Record, trained: float, checked: float) -> float:
    """The standard error of a difference between two such shares."""
    sizes = record.info["sizes"]
    return math.sqrt(trained * (1 - trained) / sizes["train"] + checked * (1 - checked) / sizes["val"])


def _worse_than_others(case: Case) -> Finding:
    at_end, at_most = _lag(case.record), _most(case.record)
    lag, error = max(at_end, at_most)
    when = "are" if at_end >= at_most else "were, until they were learned by heart,"
    return Finding(
        "labels-wrong",
        f"Training examples {when} answered right less often than others, by {100 * lag:.1f} ± {100 * error:.1f} "
        "points, though nothing makes them harder, and nearest neighbours disagree more often than the network errs.",
        case.evidence("agreement", "told", "gap", "mode_gap"),
        _agreeing(case.record),
        "Look for them: paribus analyse errors lists suspected wrong labels. Label smoothing lessens the harm.",
        trace=case.curves("right answers", "train/accuracy", "val/accuracy", log=False),
    )


def _agreeing(record: Record) -> dict[str, int]:
    return {} if record.option("training.agreeing") else {"training.agreeing": 10}


def answered(record: Record) -> bool:
    """Whether answers can be counted right, or told from the mean of all."""
    return rated(record) or record.figures.get("val/r2") is not None


CHECKS = (
    Check("labels that do not belong to their inputs", permuted, applies=answered),
    Check("labels that are wrong", wrong_labels, applies=lambda record: record.classifies),
)
