"""Sound trainings of many kinds, of which a doctor that cries wolf would flag some.

Each is a host with changes that people make and that do no harm, or a recipe that ships. Whether they did no harm is
measured: one whose figure stays far behind its host's is left out, and named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from paribus.diagnosis.grading.host import Family, Host, Set
from paribus.diagnosis.grading.plans import Plan, assembled

CLASSES: tuple[Family, ...] = ("mlp", "cnn", "resnet")
PICTURES: tuple[Family, ...] = ("cnn", "resnet")
STEPPED: tuple[Family, ...] = (*CLASSES, "unet", "numbers", "forecast", "language")
ALL: tuple[Family, ...] = (*STEPPED, "gan")


@dataclass(frozen=True)
class Kind:
    """A kind of sound training.

    Args:
        name: of it.
        plan: how it differs from its host.
        families: of hosts.
    """

    name: str
    plan: Callable[[Host], Plan]
    families: tuple[Family, ...] = STEPPED


def _fixed(changes: Mapping[str, Any], spoil: tuple[str, float] | None = None) -> Callable[[Host], Plan]:
    return lambda host: Plan(changes, spoil)


def _small_batch(host: Host) -> Plan:
    return Plan({"training.batch_size": max(4, host.batch_size // 4), "optimizer.lr": host.lr / 3})


def _large_batch(host: Host) -> Plan:
    return Plan(
        {"training.batch_size": 4 * host.batch_size, "optimizer.lr": 2 * host.lr, "budget.epochs": 3 * host.epochs}
    )


def _regularised(host: Host) -> Plan:
    """Weight decay that every step takes a thousandth by, and dropout where there is room for it."""
    adaptive = host.recipe["optimizer"]["use"] != "sgd"
    decay = {"optimizer.use": "adamw", "optimizer.lr": host.lr, "optimizer.weight_decay": 1e-3 / host.lr}
    if not adaptive:
        decay = {"optimizer.weight_decay": 3e-3}
    dropout = {"model.dropout": 0.25} if host.model in ("mlp", "cnn") and host.family != "numbers" else {}
    return Plan({**decay, **dropout, "budget.epochs": 2 * host.epochs})


def _wider(host: Host) -> Plan:
    if host.family in ("resnet",):
        return Plan({"model.width": 1.5 * host.recipe["model"]["width"]})
    if "widths" in host.recipe["model"]:
        return Plan({"model.widths": [2 * width for width in host.recipe["model"]["widths"]]})
    return Plan({"model.width": 2 * host.recipe["model"]["width"]})


def _other_optimizer(host: Host) -> Plan:
    """The other sort of optimizer, with a learning rate that is usual for it."""
    if host.recipe["optimizer"]["use"] == "sgd":
        return Plan({"optimizer": {"use": "adam", "lr": 0.003}})
    return Plan({"optimizer": {"use": "sgd", "lr": 0.05, "momentum": 0.9}, "budget.epochs": 2 * host.epochs})


def _rate(factor: float) -> Callable[[Host], Plan]:
    return lambda host: Plan({"optimizer.lr": factor * host.lr})


def _watched(host: Host) -> Plan:
    rule = {"use": "patience", "metric": "val/loss", "patience": 5}
    return Plan({"stopping": rule, "budget.epochs": 2 * host.epochs})


def _longer(host: Host) -> Plan:
    return Plan({"budget.epochs": round(1.5 * host.epochs)})


def _augmented(host: Host) -> Plan:
    strong = {"translate": {"fraction": 0.15}, "erase": {"probability": 0.5}}
    return Plan({"augment": strong, "budget.epochs": 2 * host.epochs})


PLAIN, LONGER = "as it is", "half as long again"  # with the better of them the others are compared

KINDS: tuple[Kind, ...] = (
    Kind(PLAIN, _fixed({}), ALL),
    Kind("an assembled network", lambda host: assembled(0)(host, 0.0), STEPPED),
    Kind("warm-up", _fixed({"schedule": {"use": "cosine", "warmup": 3.0}})),
    Kind("a constant rate", _fixed({"schedule": {"use": "constant"}}), ("resnet", "unet", "forecast", "language")),
    Kind("restarts", _fixed({"schedule": {"use": "restarts", "every": 5}})),
    Kind("one cycle", _fixed({"schedule": {"use": "one_cycle"}})),
    Kind("mixup", _fixed({"augment": {"mixup": {"alpha": 0.4}}}), PICTURES),
    Kind("strong augmentation", _augmented, PICTURES),
    Kind("small batches", _small_batch),
    Kind("large batches", _large_batch),
    Kind("strong regularisation", _regularised, (*CLASSES, "unet", "forecast")),
    Kind("unbalanced, weighted", _fixed({"task.class_weights": "balanced"}, ("thinned", 0.7)), CLASSES),
    Kind("label smoothing", _fixed({"task.label_smoothing": 0.1}), CLASSES),
    Kind("batch norm", _fixed({"model.norm": "batch"}), ("mlp", "cnn")),
    Kind("layer norm", _fixed({"model.norm": "layer"}), ("mlp", "cnn", "unet")),
    Kind("tanh", _fixed({"model.activation": "tanh"}), ("mlp", "cnn", "numbers")),
    Kind("another optimizer", _other_optimizer, (*CLASSES, "unet", "numbers")),
    Kind("half the rate", _rate(0.5), ALL),
    Kind("twice the rate", _rate(2.0)),
    Kind("twice as wide", _wider, ALL),
    Kind("averaged weights", _fixed({"training.ema": 0.98})),
    Kind("early stopping", _watched),
    Kind(LONGER, _longer, ALL),
    Kind("clipped at 1", _fixed({"training.clip_norm": 1.0})),
)

SHIPPED: Mapping[Set, tuple[str, ...]] = {
    "tuning": (
        "digits/mlp", "digits/cnn", "digits/vae", "digits/gan", "seasons/linear", "seasons/lstm", "breast_cancer/mlp",
        "breast_cancer/linear", "wine/mlp", "heart/mlp", "diabetes_progression/linear", "lookahead/bilstm",
        "markov/rnn", "heart/linear", "energy/linear",
        "energy/repaired", "sort/attention", "reverse/attention", "copy/attention",
    ),
    "grading": (
        "diabetes/mlp", "diabetes/linear", "seasons/tcn", "digits/distilled", "gaussians/gan",
        "textures/denoise", "mnist/mlp",
    ),
    "next": ("fashion_mnist/mlp",),
}  # fmt: skip
"""Recipes that ship and train in seconds."""

BEHIND = 0.05  # of the way from the worst figure to the host's: what stays further behind is not sound
"""So is no host that still gains more than that by half as long again: it is trained too briefly itself."""
