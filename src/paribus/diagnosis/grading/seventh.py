"""Hosts of the seventh grading, whose planted faults were looked at in it: for tuning since."""

from __future__ import annotations

from paribus.diagnosis.grading import seventh_examples
from paribus.diagnosis.grading.host import ADAM, ADAMW, SGD, Host, recipe

SEVENTH: tuple[Host, ...] = (
    Host(
        "g1", "mlp", "tuning",
        recipe({"use": "mlp", "widths": [40, 20]}, {**ADAM, "lr": 0.004}, 26, 28, schedule={"use": "cosine"}),
        examples=seventh_examples.winters, needs="energy",
    ),
    Host(
        "g2", "cnn", "tuning",
        recipe({"use": "cnn", "widths": [10, 20], "hidden": [48]},
               {**SGD, "lr": 0.025, "momentum": 0.9, "weight_decay": 1e-3}, 18, 25, schedule={"use": "cosine"}),
        examples=seventh_examples.displays,
    ),
    Host(
        "g3", "resnet", "tuning",
        recipe(
            {"use": "resnet18", "blocks": [1, 1], "width": 0.109375, "stem": "small"},
            {**ADAMW, "lr": 0.005, "weight_decay": 0.03}, 14, 36, schedule={"use": "cosine"},
        ),
        examples=seventh_examples.displays,
    ),
    Host(
        "g4", "unet", "tuning",
        recipe({"use": "unet", "width": 6, "depth": 2}, {**SGD, "lr": 0.08, "momentum": 0.9}, 24, 15,
               task={"use": "segmentation"}, schedule={"use": "cosine"}),
        examples=seventh_examples.manuscripts, needs="omniglot",
    ),
    Host(
        "g5", "numbers", "tuning",
        recipe({"use": "mlp", "widths": [36, 36]}, {**SGD, "lr": 0.015, "momentum": 0.9, "weight_decay": 5e-4}, 45, 45,
               task={"use": "regression"}, schedule={"use": "cosine"}),
        examples=seventh_examples.throws,
    ),
    Host(
        "g6", "forecast", "tuning",
        recipe({"use": "lstm", "width": 18}, {**ADAMW, "lr": 0.008, "weight_decay": 0.05}, 14, 45,
               task={"use": "forecasting"}, schedule={"use": "cosine"}, training={"clip_norm": 1.0},
               data={"use": "seasons", "steps": 1700, "length": 32, "horizon": 7, "calendar": True, "memory": 0.65,
                     "noise": 2.6, "seed": 53}),
        train=1190,
    ),
    Host(
        "g7", "language", "tuning",
        recipe({"use": "gru", "width": 56, "embedding": 18}, {**ADAMW, "lr": 0.006}, 8, 30, task={"use": "language"},
               training={"clip_norm": 1.0}, schedule={"use": "one_cycle"}, split={"val": 0.005, "test": 0.965},
               data={"use": "text", "path": "text/tinyshakespeare.txt.gz", "length": 20, "unknown": "token"}),
        train=1942, needs="text",
    ),
    Host(
        "g8", "gan", "tuning",
        recipe({"use": "gan", "latent": 8, "widths": [84, 84]}, {**ADAM, "lr": 0.0014, "beta1": 0.5}, 17, 54,
               task={"use": "gan", "r1": 0.15}, training={"ema": 0.99},
               data={"use": "gaussians", "examples": 5400, "modes": 9, "layout": "grid", "deviation": 0.14},
               split={"val": 0.2}),
        train=3456,
    ),
    Host(
        "g9", "cnn", "tuning",
        recipe({"use": "cnn", "widths": [12, 24, 24], "norm": "batch"}, {**ADAMW, "lr": 0.004, "weight_decay": 0.05},
               20, 36, schedule={"use": "one_cycle"}),
        examples=seventh_examples.outdoors, needs="cifar100",
    ),
)  # fmt: skip
"""Winters of states, displays, manuscripts, throws, outdoors, Shakespeare by letters, generated series, points."""
