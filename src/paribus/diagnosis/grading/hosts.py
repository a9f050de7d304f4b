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
from paribus.diagnosis.grading.host import ADAM, ADAMW, AMSGRAD, NADAM, RMSPROP, SGD, Host, Set, recipe
from paribus.diagnosis.grading.looked_at import GRADING, TUNING
from paribus.diagnosis.grading.seventh import SEVENTH
from paribus.diagnosis.grading.sixth import SIXTH

FIRST_SEED: Mapping[Set, int] = {"tuning": 0, "grading": 2000, "next": 15000}

NEXT: tuple[Host, ...] = (
    Host(
        "i1", "mlp", "next",
        recipe({"use": "mlp", "widths": [24]}, {**SGD, "lr": 0.05, "momentum": 0.0}, 30, 32),
        examples=latest.tongues, needs="parallel_eng_deu",
    ),
    Host(
        "i2", "mlp", "next",
        recipe({"use": "mlp", "widths": [46, 34]}, {**AMSGRAD, "lr": 0.0015}, 20, 22, schedule={"use": "one_cycle"}),
        examples=latest.activities,
    ),
    Host(
        "i3", "cnn", "next",
        recipe({"use": "cnn", "widths": [14, 28], "hidden": [32]}, {**NADAM, "lr": 0.003}, 13, 40,
               schedule={"use": "cosine"}),
        examples=latest.scripts, needs="omniglot",
    ),
    Host(
        "i4", "cnn", "next",
        recipe({"use": "cnn", "widths": [10, 15, 20], "norm": "batch"},
               {**SGD, "lr": 0.05, "momentum": 0.9, "weight_decay": 1e-3}, 16, 28, schedule={"use": "one_cycle"}),
        examples=latest.letters,
    ),
    Host(
        "i5", "resnet", "next",
        recipe(
            {"use": "resnet18", "blocks": [1, 1], "width": 0.109375, "stem": "small"},
            {**ADAM, "lr": 0.003}, 16, 44, schedule={"use": "cosine"},
        ),
        examples=latest.middles, needs="cifar10",
    ),
    Host(
        "i6", "unet", "next",
        recipe({"use": "unet", "width": 6, "depth": 1}, {**ADAM, "lr": 0.006}, 21, 8,
               task={"use": "segmentation"}, schedule={"use": "cosine"}),
        examples=latest.views, needs="camvid",
    ),
    Host(
        "i7", "numbers", "next",
        recipe({"use": "mlp", "widths": [28, 14]}, {**ADAMW, "lr": 0.004, "weight_decay": 0.02}, 26, 38,
               task={"use": "regression"}, schedule={"use": "one_cycle"}),
        examples=latest.heating, needs="energy",
    ),
    Host(
        "i8", "forecast", "next",
        recipe({"use": "gru", "width": 18}, {**RMSPROP, "lr": 0.003}, 24, 36, task={"use": "forecasting"},
               schedule={"use": "cosine"}, training={"clip_norm": 1.0},
               data={"use": "seasons", "steps": 1350, "length": 28, "horizon": 8, "calendar": True, "memory": 0.55,
                     "noise": 2.2, "seed": 79}),
        train=945,
    ),
    Host(
        "i9", "language", "next",
        recipe({"use": "gru", "width": 40, "embedding": 24}, {**ADAMW, "lr": 0.008, "weight_decay": 0.02}, 9, 40,
               task={"use": "language"}, training={"clip_norm": 1.0}, schedule={"use": "cosine"},
               split={"val": 0.1, "test": 0.95},
               data={"use": "text", "path": "text/wikitext2_valid.txt.gz", "length": 18, "unknown": "token"}),
        train=2000, needs="text",
    ),
    Host(
        "i10", "gan", "next",
        recipe({"use": "gan", "latent": 6, "widths": [56, 56]}, {**ADAM, "lr": 0.0012, "beta1": 0.5}, 24, 52,
               task={"use": "gan", "r1": 0.12}, training={"ema": 0.99}),
        examples=latest.renewables, needs="energy",
    ),
)  # fmt: skip
"""Hosts of the ninth grading. Those of GRADING were looked at in the third, and count as tuning since."""


def hosts(set: Set) -> Iterator[Host]:
    """Those of one side whose data are here."""
    return (host for host in SETS[set] if host.here)


SETS: Mapping[Set, tuple[Host, ...]] = {
    "tuning": (*TUNING, *FIFTH, *SIXTH, *SEVENTH, *EIGHTH),
    "grading": GRADING,
    "next": NEXT,
}
NAMED: Mapping[str, Host] = {host.name: host for hosts in SETS.values() for host in hosts}
