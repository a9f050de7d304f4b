"""Sound trainings in which faults are planted: some for each family of networks for tuning, and one for grading.

The doctor's authors look at the hosts for tuning as long as they like. Those for grading have other data, other widths,
other optimizers and other seeds, and faults in other severities: a limit that was fitted to one side says nothing of
the other. The lists stay apart in code, so that nobody moves one by accident.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from paribus.diagnosis.grading import latest
from paribus.diagnosis.grading.eighth import EIGHTH
from paribus.diagnosis.grading.fifth import FIFTH
from paribus.diagnosis.grading.host import ADAM, ADAMW, AMSGRAD, RMSPROP, SGD, Host, Set, recipe
from paribus.diagnosis.grading.looked_at import GRADING, TUNING
from paribus.diagnosis.grading.ninth import NINTH
from paribus.diagnosis.grading.seventh import SEVENTH
from paribus.diagnosis.grading.sixth import SIXTH

FIRST_SEED: Mapping[Set, int] = {"tuning": 0, "grading": 2000, "next": 17000}

NEXT: tuple[Host, ...] = (
    Host(
        "j1", "mlp", "next",
        recipe({"use": "mlp", "widths": [42, 21]}, {**RMSPROP, "lr": 0.001}, 20, 26, schedule={"use": "cosine"}),
        examples=latest.garments, needs="fashion_mnist",
    ),
    Host(
        "j2", "mlp", "next",
        recipe({"use": "mlp", "widths": [38, 38]},
               {**SGD, "lr": 0.04, "momentum": 0.9, "nesterov": True, "weight_decay": 5e-4}, 30, 30,
               schedule={"use": "one_cycle"}),
        examples=latest.clocks, needs="energy",
    ),
    Host(
        "j3", "cnn", "next",
        recipe({"use": "cnn", "widths": [9, 18], "hidden": [28]}, {**ADAM, "lr": 0.005}, 26, 30,
               schedule={"use": "cosine"}),
        examples=latest.surfaces, needs="camvid",
    ),
    Host(
        "j4", "cnn", "next",
        recipe({"use": "cnn", "widths": [8, 14, 20], "norm": "batch"},
               {**ADAMW, "lr": 0.003, "weight_decay": 0.03}, 18, 34, schedule={"use": "cosine"}),
        examples=latest.moods,
    ),
    Host(
        "j5", "resnet", "next",
        recipe(
            {"use": "resnet18", "blocks": [1, 1], "width": 0.125, "stem": "small"},
            {**SGD, "lr": 0.05, "momentum": 0.9, "weight_decay": 2e-3}, 12, 39,
            schedule={"use": "one_cycle"},
        ),
        examples=latest.creatures, needs="cifar10",
    ),
    Host(
        "j6", "unet", "next",
        recipe({"use": "unet", "width": 7, "depth": 1}, {**ADAMW, "lr": 0.006, "weight_decay": 0.01}, 22, 8,
               task={"use": "segmentation"}, schedule={"use": "cosine"}),
        examples=latest.borders, needs="nuclei",
    ),
    Host(
        "j7", "numbers", "next",
        recipe({"use": "mlp", "widths": [26, 26]}, {**AMSGRAD, "lr": 0.003}, 30, 42,
               task={"use": "regression"}, schedule={"use": "cosine"}),
        examples=latest.grain, needs="denoise",
    ),
    Host(
        "j8", "forecast", "next",
        recipe({"use": "lstm", "width": 20}, {**ADAMW, "lr": 0.008, "weight_decay": 0.03}, 18, 40,
               task={"use": "forecasting"}, schedule={"use": "cosine"}, training={"clip_norm": 1.0},
               data={"use": "seasons", "steps": 1450, "length": 34, "horizon": 9, "calendar": True, "memory": 0.5,
                     "noise": 1.6, "seed": 97}),
        train=1015,
    ),
    Host(
        "j9", "language", "next",
        recipe({"use": "gru", "width": 48, "embedding": 16}, {**ADAM, "lr": 0.013}, 8, 32,
               task={"use": "language"}, training={"clip_norm": 1.0}, schedule={"use": "one_cycle"},
               split={"val": 0.15, "test": 0.962},
               data={"use": "text", "path": "ag_news/train.csv.gz", "length": 14, "unknown": "token"}),
        train=2110, needs="ag_news",
    ),
    Host(
        "j10", "gan", "next",
        recipe({"use": "gan", "latent": 7, "widths": [68, 52]}, {**ADAM, "lr": 0.0014, "beta1": 0.5}, 22, 44,
               task={"use": "gan", "r1": 0.15}, training={"ema": 0.99}),
        examples=latest.loads, needs="energy",
    ),
)  # fmt: skip
"""Hosts of the tenth grading. Those of GRADING were looked at in the third, and count as tuning since."""


def hosts(set: Set) -> Iterator[Host]:
    """Those of one side whose data are here."""
    return (host for host in SETS[set] if host.here)


SETS: Mapping[Set, tuple[Host, ...]] = {
    "tuning": (*TUNING, *FIFTH, *SIXTH, *SEVENTH, *EIGHTH, *NINTH),
    "grading": GRADING,
    "next": NEXT,
}
NAMED: Mapping[str, Host] = {host.name: host for hosts in SETS.values() for host in hosts}
