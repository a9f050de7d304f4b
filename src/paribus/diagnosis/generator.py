"""Faults of generative adversarial training: losses say little about them, figures of quality more."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean
from typing import Any

from paribus.diagnosis.case import Case
from paribus.diagnosis.finding import Diagnosis, Finding
from paribus.diagnosis.record import Record
from paribus.records.run import RunFolder

Rows = Sequence[Mapping[str, Any]]

HASTY = 8.0  # times: twice the ratio of rates that is usual where they differ (Heusel et al. 2017: 4)
FAR = 10.0  # times beyond what any healthy run has: as good as one network that stands still
LAST = 3  # epochs over which the end is judged
FLAT = 0.15  # how far losses may stray from their mean and still be called the same, as a share of it
FACTOR = 2.0  # by which the distance must change while they are
LEAST = 5  # epochs that make a stretch
EARLY = 1500  # steps: three sound trainings of gaussians/gan covered all modes after 750 to 1,100, and none before 600
STUCK = 0.3  # of the first distance: sound trainings end at a hundredth of it
COVERED = 0.5  # share of the modes that a sound generator covers at least
SURE = 0.97  # accuracy from which the discriminator has won
FORGOTTEN = math.log(4 / 3)  # nats of KL divergence if a quarter of equal modes is never drawn
NARROW, SOUND = 0.1, 0.3  # recall below which, and precision above which, a generator draws few things well


def check(folder: RunFolder) -> Diagnosis:
    """What the records of a GAN show, gravest first.

    The networks begin as strangers: the discriminator wins at first, and what is drawn lies on one spot. So nothing is
    said of either before :data:`EARLY` steps.
    """
    rows, options = folder.history, folder.recipe.task.options
    if not rows:
        return Diagnosis(unchecked=("faults of adversarial training: no epoch is recorded yet",))
    case = Case.of(Record.read(folder))
    said = _of_the_losses(rows) + _of_the_steps(case)
    if (steps := rows[-1].get("step", math.inf)) < EARLY:
        early = f"too early, after {steps:,} of at least {EARLY:,} steps"
        return said + Diagnosis(unchecked=(f"modes: {early}", f"the discriminator's lead: {early}"))
    return _of_the_balance(rows, options, case) + _of_the_modes(rows, folder.info(), options) + said


def _of_the_losses(rows: Rows) -> Diagnosis:
    found = _loss_says_nothing(rows)
    return Diagnosis((found,) if found else (), ("losses that stand still while the quality changes",))


def _of_the_steps(case: Case) -> Diagnosis:
    """Whether one of the two networks moves far faster than the other, as in no healthy run."""
    rows = case.record.rows
    if "balance" not in case.figures:
        return Diagnosis(unchecked=(f"which network runs ahead: {case.record.why_unseen('update_ratio')}",))
    worse = case["balance"] > HASTY and case.low("improving")  # far ahead, and what is drawn is spoiled again
    ahead, behind = case.above("balance") or worse, case.below("balance")
    far = case["balance"] * FAR < case.healthy.below("balance") or case["balance"] > case.healthy.above("balance") * FAR
    checked = ("a network that runs ahead of the other",)
    if not ahead and not behind:
        return Diagnosis(checked=checked)
    found = Finding(
        "discriminator-wins" if ahead else "discriminator-too-weak",
        f"From the first step on the discriminator moves {case['balance']:.2g} times as fast as the generator.",
        case.evidence("balance", **_quality(rows)),
        _balanced(case),
        "Both networks learn from each other: keep their learning rates within a factor of about four.",
        "fault" if far or _stuck(rows) or _narrow(rows) or case.low("improving") else "warning",
        trace=case.looks("update ratio ‖Δw‖/‖w‖", "update_ratio", "most_update"),
    )
    return Diagnosis((found,), checked)


def _balanced(case: Case) -> dict[str, float]:
    """The learning rate that makes both as fast: of the generator where that alone has one of its own."""
    options, lr = case.record.option("optimizers") or {}, case.record.lr
    own = {name: (options.get(name) or {}).get("lr") for name in ("discriminator", "generator")}
    if own["generator"] and not own["discriminator"]:
        return {"optimizers.generator.lr": float(f"{own['generator'] * case['balance']:.2g}")}
    lr = own["discriminator"] or lr
    return {"optimizers.discriminator.lr": float(f"{lr / case['balance']:.2g}")} if lr else {}


def _quality(rows: Rows) -> dict[str, float]:
    found = [(row["epoch"], row["val/frechet"]) for row in (rows[0], rows[-1]) if row.get("val/frechet") is not None]
    return {f"distance, epoch {epoch}": distance for epoch, distance in found}


def _stuck(rows: Rows) -> bool:
    """Whether what is drawn has come hardly nearer to the data."""
    found = [row["val/frechet"] for row in rows if row.get("val/frechet") is not None]
    return len(found) > 1 and found[-1] > STUCK * found[0]


def _narrow(rows: Rows) -> bool:
    """Whether few things are drawn, and those well."""
    recall, precision = _end(rows, "val/recall"), _end(rows, "val/precision")
    return recall is not None and precision is not None and recall < NARROW and precision > SOUND


def _of_the_balance(rows: Rows, options: Mapping[str, Any], case: Case) -> Diagnosis:
    if options.get("loss") == "wasserstein_gp":
        return Diagnosis(unchecked=("the discriminator's lead: scores of a Wasserstein critic have no threshold",))
    found = _discriminator_wins(rows, options, case.below("most_update"))
    return Diagnosis((found,) if found else (), ("a discriminator that wins",))


def _of_the_modes(rows: Rows, info: Mapping[str, Any], options: Mapping[str, Any]) -> Diagnosis:
    """Modes that are counted; where the data have no known ones, precision and recall stand for them."""
    if (found := _collapsed(rows, info, options) or _uncovered(rows, info, options)) is not None:
        return Diagnosis((found,), ("modes",))
    if _end(rows, "val/modes") is None:
        counted = "modes: they cannot be counted in these data"
        if _end(rows, "val/recall") is None:
            return Diagnosis(unchecked=(counted,))
        return Diagnosis(checked=("modes, by precision and recall",), unchecked=(counted,))
    return Diagnosis(checked=("modes, counted",))


def _discriminator_wins(rows: Rows, options: Mapping[str, Any], still: bool) -> Finding | None:
    """``still`` says that neither network moves: then it is no wonder that what is drawn can be told apart."""
    accuracy, loss = _end(rows, "train/discriminator_accuracy"), _end(rows, "train/discriminator_loss")
    if accuracy is None or loss is None or accuracy < SURE:
        return None
    return Finding(
        "discriminator-wins",
        f"It tells {100 * accuracy:.1f} % of the examples apart: the generator hears that all it draws is wrong, and "
        "not what would be better.",
        {"discriminator accuracy": accuracy, "discriminator loss": loss},
        treatment={"task.r1": 1.0 if not options.get("r1") else 10 * options["r1"]},
        advice="Or slow it down: a smaller optimizers.discriminator.lr, or model.spectral=true.",
        severity="warning" if still else "fault",
    )


def _collapsed(rows: Rows, info: Mapping[str, Any], options: Mapping[str, Any]) -> Finding | None:
    modes, divergence, recall = (_end(rows, name) for name in ("val/modes", "val/mode_kl", "val/recall"))
    forgets = divergence is not None and divergence > FORGOTTEN
    if not forgets and not _narrow(rows):
        return None
    seen = {"modes": modes, "of": len(info.get("classes", ())) or None, "KL to the data's modes": divergence}
    return Finding(
        "mode-collapse",
        "The generator draws some kinds of examples again and again and others hardly ever: it has collapsed onto what "
        "the discriminator lets pass.",
        {name: value for name, value in {**seen, "recall": recall}.items() if value is not None},
        treatment={"task.r1": 1.0} if not options.get("r1") else {"task.loss": "wasserstein_gp"},
        advice="Look at the previews: collapse is seen there first. Several seeds tell whether it was chance.",
    )


def _uncovered(rows: Rows, info: Mapping[str, Any], options: Mapping[str, Any]) -> Finding | None:
    """Few of the modes are drawn clearly, though no single one is drawn too often."""
    modes, of = _end(rows, "val/modes"), len(info.get("classes", ()))
    if modes is None or not of or modes > COVERED * of:
        return None
    clear, distance = _end(rows, "val/quality"), _end(rows, "val/frechet")
    figures = {"modes": modes, "of": of, "clear examples": clear, "distance": distance}
    minimax = options.get("loss") == "minimax"
    return Finding(
        "modes-not-covered",
        f"{modes:.3g} of {of} modes are drawn: what is drawn lies between the modes or away from them, and is clearly "
        "none of them.",
        {name: value for name, value in figures.items() if value is not None},
        treatment={"task.loss": "non_saturating"} if minimax else {"task.r1": 1.0 if not options.get("r1") else 10.0},
        advice="Or train longer: budget.epochs. Look at the previews, and at several seeds.",
    )


def _loss_says_nothing(rows: Rows) -> Finding | None:
    for start in range(len(rows) - LEAST + 1):
        stretch = rows[start:]
        before, after = stretch[0].get("val/frechet"), stretch[-1].get("val/frechet")
        if not before or not after or not all(map(_flat, _losses(stretch))):
            continue
        if max(before / after, after / before) >= FACTOR:
            return _same_loss(stretch, before, after)
    return None


def _same_loss(stretch: Rows, before: float, after: float) -> Finding:
    first, last = stretch[0]["epoch"], stretch[-1]["epoch"]
    changed = "better" if after < before else "worse"
    losses = {
        f"{stage} loss, epoch {row['epoch']}": row[f"val/{stage}_loss"]
        for stage in ("generator", "discriminator")
        for row in (stretch[0], stretch[-1])
    }
    return Finding(
        "loss-without-quality",
        f"From epoch {first} to {last} both losses stay within {100 * FLAT:.0f} % of their means, and what is drawn "
        f"became {changed}: the Fréchet distance went from {before:.3g} to {after:.3g}. Each loss measures one network "
        "against the other, not against the data.",
        {**losses, f"distance, epoch {first}": before, f"distance, epoch {last}": after},
        treatment={} if after < before else {"stopping": {"use": "patience", "metric": "val/frechet", "patience": 10}},
        advice="Compare by val/frechet, val/precision and val/recall.",
        severity="note" if after < before else "warning",
    )


def _losses(rows: Rows) -> Iterator[list[float]]:
    for name in ("val/generator_loss", "val/discriminator_loss"):
        yield [row[name] for row in rows if row.get(name) is not None]


def _flat(values: list[float]) -> bool:
    """Whether values stay near their mean."""
    middle = fmean(values) if values else 0.0
    return bool(values) and all(abs(value - middle) <= FLAT * abs(middle) for value in values)


def _end(rows: Rows, name: str) -> float | None:
    """The mean of a figure over the last epochs."""
    values = [row[name] for row in rows[-LAST:] if row.get(name) is not None]
    return fmean(values) if values else None
