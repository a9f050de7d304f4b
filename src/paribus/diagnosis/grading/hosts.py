"""Sound trainings in which faults are planted: some for each family of networks for tuning, and one for grading.

The doctor's authors look at the hosts for tuning as long as they like. Those for grading have other data, other widths,
other optimizers and other seeds, and faults in other severities: a limit that was fitted to one side says nothing of
the other. The lists stay apart in code, so that nobody moves one by accident.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from paribus.diagnosis.grading import latest
from paribus.diagnosis.grading.fifth import FIFTH
from paribus.diagnosis.grading.host import ADAM, ADAMW, SGD, Host, Set, recipe
from paribus.diagnosis.grading.looked_at import GRADING, TUNING

FIRST_SEED: Mapping[Set, int] = {"tuning": 0, "grading": 2000, "next": 8000}

NEXT: tuple[Host, ...] = (
    Host(
        "f1", "mlp", "next",
        recipe({"use": "mlp", "widths": [36, 36]}, {**SGD, "lr": 0.04, "momentum": 0.9, "weight_decay": 5e-4}, 18, 40,
               schedule={"use": "cosine"}),
        examples=latest.authors, needs="text",
    ),
    Host(
        "f2", "cnn", "next",
        recipe({"use": "cnn", "widths": [12, 18]}, {**ADAM, "lr": 0.004}, 16, 45, schedule={"use": "cosine"}),
        examples=latest.dots,
    ),
    Host(
        "f3", "resnet", "next",
        recipe(
            {"use": "resnet18", "blocks": [1, 1], "width": 0.125, "stem": "small"},
            {**SGD, "lr": 0.06, "momentum": 0.9, "weight_decay": 1e-3}, 13, 40, schedule={"use": "one_cycle"},
        ),
        examples=latest.dots,
    ),
    Host(
        "f4", "unet", "next",
        recipe({"use": "unet", "width": 5, "depth": 1}, {**ADAM, "lr": 0.009}, 20, 10, task={"use": "segmentation"},
               schedule={"use": "cosine"}),
        examples=latest.roads, needs="camvid",
    ),
    Host(
        "f5", "numbers", "next",
        recipe({"use": "mlp", "widths": [44, 22]}, {**ADAMW, "lr": 0.006, "weight_decay": 0.01}, 28, 34,
               task={"use": "regression"}, schedule={"use": "cosine"}),
        examples=latest.reach,
    ),
    Host(
        "f6", "forecast", "next",
        recipe({"use": "gru", "width": 22}, {**ADAM, "lr": 0.009}, 16, 40, task={"use": "forecasting"},
               schedule={"use": "cosine"}, training={"clip_norm": 1.0},
               data={"use": "seasons", "steps": 1400, "length": 26, "horizon": 5, "calendar": True, "memory": 0.45,
                     "noise": 2.8, "seed": 41}),
        train=980,
    ),
    Host(
        "f7", "language", "next",
        recipe({"use": "rnn", "width": 52, "embedding": 16}, {**ADAM, "lr": 0.008}, 12, 26, task={"use": "language"},
               training={"clip_norm": 1.0}, schedule={"use": "cosine"}, split={"val": 0.005, "test": 0.965},
               data={"use": "text", "path": "text/plato_republic.txt.gz", "length": 24, "unknown": "token"}),
        train=1400, needs="text",
    ),
    Host(
        "f8", "gan", "next",
        recipe({"use": "gan", "latent": 9, "widths": [60, 60]}, {**ADAM, "lr": 0.0016, "beta1": 0.5}, 20, 50,
               task={"use": "gan", "r1": 0.18}, training={"ema": 0.99},
               data={"use": "gaussians", "examples": 4200, "modes": 3, "deviation": 0.09}, split={"val": 0.2}),
        train=2688,
    ),
    Host(
        "f9", "cnn", "next",
        recipe({"use": "cnn", "widths": [10, 20, 30], "norm": "batch"}, {"use": "rmsprop", "lr": 0.002}, 12, 40,
               schedule={"use": "cosine"}),
        examples=latest.things, needs="cifar10",
    ),
)  # fmt: skip
"""Hosts of the sixth grading. Those of GRADING were looked at in the third, and count as tuning since."""


def hosts(set: Set) -> Iterator[Host]:
    """Those of one side whose data are here."""
    return (host for host in SETS[set] if host.here)


SETS: Mapping[Set, tuple[Host, ...]] = {"tuning": (*TUNING, *FIFTH), "grading": GRADING, "next": NEXT}
NAMED: Mapping[str, Host] = {host.name: host for hosts in SETS.values() for host in hosts}
