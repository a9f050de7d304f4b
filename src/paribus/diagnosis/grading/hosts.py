"""Sound trainings in which faults are planted: some for each family of networks for tuning, and one for grading.

The doctor's authors look at the hosts for tuning as long as they like. Those for grading have other data, other widths,
other optimizers and other seeds, and faults in other severities: a limit that was fitted to one side says nothing of
the other. The lists stay apart in code, so that nobody moves one by accident.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from paribus.diagnosis.grading import further
from paribus.diagnosis.grading.host import ADAM, ADAMW, SGD, Host, Set, recipe
from paribus.diagnosis.grading.looked_at import GRADING, TUNING

FIRST_SEED: Mapping[Set, int] = {"tuning": 0, "grading": 2000, "next": 6000}

NEXT: tuple[Host, ...] = (
    Host(
        "e1", "mlp", "next",
        recipe({"use": "mlp", "widths": [56, 28]}, {**ADAMW, "lr": 0.0015, "weight_decay": 0.02}, 14, 36,
               schedule={"use": "cosine"}),
        examples=further.headlines, needs="ag_news",
    ),
    Host(
        "e2", "cnn", "next",
        recipe({"use": "cnn", "widths": [14, 28], "hidden": [40]}, {**SGD, "lr": 0.03, "momentum": 0.85}, 22, 36),
        examples=further.curves,
    ),
    Host(
        "e3", "resnet", "next",
        recipe(
            {"use": "resnet18", "blocks": [1, 1], "width": 0.140625, "stem": "small"},
            {**ADAM, "lr": 0.005}, 14, 48, schedule={"use": "one_cycle"},
        ),
        examples=further.curves,
    ),
    Host(
        "e4", "unet", "next",
        recipe({"use": "unet", "width": 7, "depth": 2}, {**ADAMW, "lr": 0.005}, 40, 14, task={"use": "segmentation"},
               schedule={"use": "cosine"}),
        examples=further.nuclei, needs="nuclei",
    ),
    Host(
        "e5", "numbers", "next",
        recipe({"use": "mlp", "widths": [40, 20]}, {**ADAM, "lr": 0.003}, 35, 30, task={"use": "regression"},
               schedule={"use": "cosine"}),
        examples=further.load, needs="energy",
    ),
    Host(
        "e6", "forecast", "next",
        recipe({"use": "lstm", "width": 28}, {**ADAM, "lr": 0.007}, 20, 48, task={"use": "forecasting"},
               schedule={"use": "one_cycle"}, training={"clip_norm": 1.0},
               data={"use": "seasons", "steps": 1600, "length": 30, "horizon": 10, "calendar": True, "memory": 0.35,
                     "noise": 3.5, "seed": 31}),
        train=1120,
    ),
    Host(
        "e7", "language", "next",
        recipe({"use": "gru", "width": 44, "embedding": 14}, {**ADAMW, "lr": 0.007}, 22, 28, task={"use": "language"},
               training={"clip_norm": 1.0}, schedule={"use": "cosine"},
               data={"use": "markov", "tokens": 17000, "length": 22, "letters": 18, "seed": 33}),
        train=540,
    ),
    Host(
        "e8", "gan", "next",
        recipe({"use": "gan", "latent": 7, "widths": [72, 72]}, {**ADAM, "lr": 0.0013, "beta1": 0.45}, 22, 64,
               task={"use": "gan", "r1": 0.12}, training={"ema": 0.99},
               data={"use": "gaussians", "examples": 6600, "modes": 4, "deviation": 0.11}, split={"val": 0.2}),
        train=4224,
    ),
    Host(
        "e9", "cnn", "next",
        recipe({"use": "cnn", "widths": [10, 20, 20], "norm": "batch"}, {**SGD, "lr": 0.04, "momentum": 0.9}, 16, 30,
               schedule={"use": "cosine"}),
        examples=further.chests, needs="pneumonia_mnist",
    ),
)  # fmt: skip
"""Hosts of the fifth grading. Those of GRADING were looked at in the third, and count as tuning since."""


def hosts(set: Set) -> Iterator[Host]:
    """Those of one side whose data are here."""
    return (host for host in SETS[set] if host.here)


SETS: Mapping[Set, tuple[Host, ...]] = {"tuning": TUNING, "grading": GRADING, "next": NEXT}
NAMED: Mapping[str, Host] = {host.name: host for hosts in SETS.values() for host in hosts}
