"""Hosts of the sixth grading, whose planted faults were looked at in it: for tuning since."""

from __future__ import annotations

from paribus.diagnosis.grading import sixth_examples
from paribus.diagnosis.grading.host import ADAM, ADAMW, SGD, Host, recipe

SIXTH: tuple[Host, ...] = (
    Host(
        "f1", "mlp", "tuning",
        recipe({"use": "mlp", "widths": [36, 36]}, {**SGD, "lr": 0.04, "momentum": 0.9, "weight_decay": 5e-4}, 18, 40,
               schedule={"use": "cosine"}),
        examples=sixth_examples.authors, needs="text",
    ),
    Host(
        "f2", "cnn", "tuning",
        recipe({"use": "cnn", "widths": [12, 18]}, {**ADAM, "lr": 0.004}, 16, 45, schedule={"use": "cosine"}),
        examples=sixth_examples.dots,
    ),
    Host(
        "f3", "resnet", "tuning",
        recipe(
            {"use": "resnet18", "blocks": [1, 1], "width": 0.125, "stem": "small"},
            {**SGD, "lr": 0.06, "momentum": 0.9, "weight_decay": 1e-3}, 13, 40, schedule={"use": "one_cycle"},
        ),
        examples=sixth_examples.dots,
    ),
    Host(
        "f4", "unet", "tuning",
        recipe({"use": "unet", "width": 5, "depth": 1}, {**ADAM, "lr": 0.009}, 20, 10, task={"use": "segmentation"},
               schedule={"use": "cosine"}),
        examples=sixth_examples.roads, needs="camvid",
    ),
    Host(
        "f5", "numbers", "tuning",
        recipe({"use": "mlp", "widths": [44, 22]}, {**ADAMW, "lr": 0.006, "weight_decay": 0.01}, 28, 34,
               task={"use": "regression"}, schedule={"use": "cosine"}),
        examples=sixth_examples.reach,
    ),
    Host(
        "f6", "forecast", "tuning",
        recipe({"use": "gru", "width": 22}, {**ADAM, "lr": 0.009}, 16, 40, task={"use": "forecasting"},
               schedule={"use": "cosine"}, training={"clip_norm": 1.0},
               data={"use": "seasons", "steps": 1400, "length": 26, "horizon": 5, "calendar": True, "memory": 0.45,
                     "noise": 2.8, "seed": 41}),
        train=980,
    ),
    Host(
        "f7", "language", "tuning",
        recipe({"use": "rnn", "width": 52, "embedding": 16}, {**ADAM, "lr": 0.008}, 12, 26, task={"use": "language"},
               training={"clip_norm": 1.0}, schedule={"use": "cosine"}, split={"val": 0.005, "test": 0.965},
               data={"use": "text", "path": "text/plato_republic.txt.gz", "length": 24, "unknown": "token"}),
        train=1400, needs="text",
    ),
    Host(
        "f8", "gan", "tuning",
        recipe({"use": "gan", "latent": 9, "widths": [60, 60]}, {**ADAM, "lr": 0.0016, "beta1": 0.5}, 20, 50,
               task={"use": "gan", "r1": 0.18}, training={"ema": 0.99},
               data={"use": "gaussians", "examples": 4200, "modes": 3, "deviation": 0.09}, split={"val": 0.2}),
        train=2688,
    ),
    Host(
        "f9", "cnn", "tuning",
        recipe({"use": "cnn", "widths": [10, 20, 30], "norm": "batch"}, {"use": "rmsprop", "lr": 0.002}, 12, 40,
               schedule={"use": "cosine"}),
        examples=sixth_examples.things, needs="cifar10",
    ),
)  # fmt: skip
"""Passages by three authors, dots, roads, the reach of an arm, things, Plato by letters, generated series, points."""
