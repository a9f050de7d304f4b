"""Faults that any training can have: it broke off, its loss is no number, its weights are dead, it learned nothing."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from paribus.diagnosis.finding import Diagnosis, Finding
from paribus.diagnosis.measures import achieved
from paribus.diagnosis.record import Record

BROKEN = ("failed", "killed", "crashed", "interrupted")
SURE = 2.0  # standard errors by which an accuracy must lie above that of guessing
PIXELS = 0.01  # the same for pixels, which are too many and too alike to count as independent
BALANCED = 0.1  # of what guessing leaves, in the mean over classes: what reaches it has learned something
FALL = 0.99  # of the first training loss: above this it has not fallen


def check(record: Record) -> Diagnosis:
    """The general faults, gravest first."""
    return not_a_number(record) + ended(record) + weights(record) + chance_level(record) + falling(record)


def not_a_number(record: Record) -> Diagnosis:
    """The loss or another figure became infinite or not a number."""
    checked = ("figures that are not finite",)
    broken = [(row["epoch"], name) for row in record.rows for name in row.get("non_finite", ())]
    if record.status.state != "diverged" and not broken:
        return Diagnosis(checked=checked) if record.rows else Diagnosis(unchecked=("figures: none was recorded yet",))
    if record.status.state != "diverged" and not any("loss" in name for _, name in broken):
        first, name = broken[0]
        says = f"{name} cannot be computed, from epoch {first} on."
        found = Finding("figure-not-finite", says, {"epoch": float(first)}, severity="warning")
        return Diagnosis((found,), checked)
    epoch = broken[0][0] if broken else record.status.epoch + 1  # that of the status is the last whole one
    found = Finding(
        "loss-not-finite",
        f"The loss became infinite or not a number in epoch {epoch}, and so did the weights: the steps were too large, "
        "or an input is no number itself.",
        {"epoch": float(epoch), "state": record.status.state},
        {"optimizer.lr": float(f"{record.lr / 10:.3g}")} if record.lr else {},
        "Or clip the gradient: training.clip_norm=1.",
    )
    return Diagnosis((found,), checked)


def ended(record: Record) -> Diagnosis:
    """The training broke off."""
    status = record.status
    if status.state in ("new", "running"):
        at = f"epoch {status.epoch} of {status.epochs}"
        return Diagnosis(unchecked=(f"the rest of the training: it is {status.state}, at {at}",))
    if status.state not in BROKEN:
        return Diagnosis(checked=("whether the training came to its end",))
    reason, *_ = status.error.splitlines() or ["nobody knows why"]
    found = Finding(
        "broke-off",
        f"It is {status.state} after epoch {status.epoch} of {status.epochs}: {reason}.",
        {"state": status.state, "epoch": float(status.epoch)},
        advice="The same command again goes on where it stopped.",
        severity="warning",
    )
    return Diagnosis((found,), ("whether the training came to its end",))


def weights(record: Record) -> Diagnosis:
    """Layers whose weights are all zero, or no numbers."""
    from safetensors import SafetensorError

    if not record.weights.exists():
        return Diagnosis(unchecked=("weights: there are no final ones in the folder",))
    try:
        largest = dict(_largest(record.weights))
    except (SafetensorError, OSError) as error:
        return Diagnosis(unchecked=(f"weights: {record.weights.name} cannot be read ({error})",))
    found = (_not_finite(largest), _all_zero(largest))
    return Diagnosis(tuple(one for one in found if one), ("weights that are all zero or not finite",))


def chance_level(record: Record) -> Diagnosis:
    """No better than guessing the most frequent class, or, of tokens, than their frequencies."""
    name = record.rated
    task = record.recipe.get("task", {}).get("use", "")
    if record.shares and name:
        return Diagnosis(tuple(_guessing(record, name)), ("chance level: guessing the most frequent class",))
    if record.shares and task == "language" and record.figures.get("val/loss") is not None:
        return Diagnosis(tuple(_frequencies(record)), ("chance level: the frequencies of the tokens",))
    return Diagnosis(unchecked=("chance level: nothing in the records says what guessing would give",))


def falling(record: Record) -> Diagnosis:
    """The training loss did not fall."""
    losses = [row["train/loss"] for row in record.rows if row.get("train/loss") is not None]
    if len(losses) < 2:
        return Diagnosis(unchecked=("whether the training loss falls: fewer than two epochs recorded one",))
    checked = ("whether the training loss falls",)
    first, last = losses[0], losses[-1]
    if last < first - (1 - FALL) * abs(first):
        return Diagnosis(checked=checked)
    found = Finding(
        "loss-does-not-fall",
        f"After {len(losses)} epochs it is {last:.4g}, and was {first:.4g} after the first: nothing was learned since.",
        {"first epoch": first, "last epoch": last, **({"lr": record.lr} if record.lr else {})},
        advice="Look at the learning rate, up and down by factors of ten: optimizer.lr.",
        severity="warning" if (achieved(record) or 0.0) > BALANCED else "fault",  # it may have been learned before
    )
    return Diagnosis((found,), checked)


def _guessing(record: Record, name: str) -> Iterator[Finding]:
    accuracy, often = record.figures[name], max(record.shares)
    examples = record.info.get("sizes", {}).get("val", 0)
    margin = PIXELS if "pixel" in name else SURE * math.sqrt(often * (1 - often) / max(examples, 1))
    if accuracy <= often + margin and not (achieved(record) or 0.0) > BALANCED:
        yield Finding(
            "chance-level",
            f"{100 * accuracy:.2f} % are right. Always saying the most frequent class would be right in "
            f"{100 * often:.2f} %, and with {examples:,} validation examples the two cannot be told apart.",
            {name: accuracy, "most frequent class": often, **_losses(record)},
            advice="Look at the training loss: if it does not fall, at the learning rate, the weights and the inputs.",
        )


def _frequencies(record: Record) -> Iterator[Finding]:
    loss, entropy = record.figures["val/loss"], -math.fsum(share * math.log(share) for share in record.shares)
    if loss >= FALL * entropy:
        yield Finding(
            "chance-level",
            f"The loss of {loss:.4g} nats per token is that of a guess by how often each token occurs, {entropy:.4g}.",
            {"val/loss": loss, "entropy of the frequencies": entropy},
            advice="Train longer, or look at the learning rate.",
        )


def _losses(record: Record) -> dict[str, float]:
    """The loss beside that of saying all classes equally likely."""
    loss = record.figures.get("val/loss")
    return {} if loss is None else {"val/loss": loss, "loss of a guess": math.log(len(record.shares))}


def _not_finite(largest: Mapping[str, float]) -> Finding | None:
    broken = [name for name, size in largest.items() if not math.isfinite(size)]
    what = "hold values that are infinite or not numbers"
    return _dead("weights-not-finite", what, broken, len(largest)) if broken else None


def _all_zero(largest: Mapping[str, float]) -> Finding | None:
    zero = [name for name, size in largest.items() if size == 0]
    what = "are all zero: whatever goes in, nothing comes out, and no gradient passes"
    return _dead("weights-zero", what, zero, len(largest)) if zero else None


def _dead(name: str, what: str, layers: Sequence[str], of: int) -> Finding:
    shown = ", ".join(layers[:5]) + (", …" if len(layers) > 5 else "")
    return Finding(
        name,
        f"{len(layers)} of {of} layers {what}: {shown}.",
        {"layers": float(len(layers)), "of": float(of)},
        advice="Look at the initial weights (model.init), at the learning rate, and at weight decay.",
    )


def _largest(path: Path) -> Iterator[tuple[str, float]]:
    """The largest absolute weight of every layer: of every tensor with two dimensions or more, one after another."""
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        for name in file.keys():  # noqa: SIM118
            tensor = file.get_tensor(name)
            if tensor.ndim > 1 and tensor.is_floating_point() and tensor.numel():
                yield name, float(tensor.abs().max())
