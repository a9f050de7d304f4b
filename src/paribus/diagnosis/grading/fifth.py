"""Hosts of the fifth grading, whose planted faults were looked at in it: for tuning since."""

from __future__ import annotations

from paribus.diagnosis.grading import fifth_examples
from paribus.diagnosis.grading.host import ADAM, ADAMW, SGD, Host, recipe

FIFTH: tuple[Host, ...] = (
    Host(
        "e1", "mlp", "tuning",
        recipe({"use": "mlp", "widths": [56, 28]}, {**ADAMW, "lr": 0.0015, "weight_decay": 0.02}, 14, 36,
               schedule={"use": "cosine"}),
        examples=fifth_examples.headlines, needs="ag_news",
    ),
    Host(
        "e2", "cnn", "tuning",
        recipe({"use": "cnn", "widths": [14, 28], "hidden": [40]}, {**SGD, "lr": 0.03, "momentum": 0.85}, 22, 36),
        examples=fifth_examples.curves,
    ),
    Host(
        "e3", "resnet", "tuning",
        recipe(
            {"use": "resnet18", "blocks": [1, 1], "width": 0.140625, "stem": "small"},
            {**ADAM, "lr": 0.005}, 14, 48, schedule={"use": "one_cycle"},
        ),
        examples=fifth_examples.curves,
    ),
    Host(
        "e4", "unet", "tuning",
        recipe({"use": "unet", "width": 7, "depth": 2}, {**ADAMW, "lr": 0.005}, 40, 14, task={"use": "segmentation"},
               schedule={"use": "cosine"}),
        examples=fifth_examples.nuclei, needs="nuclei",
    ),
    Host(
        "e5", "numbers", "tuning",
        recipe({"use": "mlp", "widths": [40, 20]}, {**ADAM, "lr": 0.003}, 35, 30, task={"use": "regression"},
               schedule={"use": "cosine"}),
        examples=fifth_examples.load, needs="energy",
    ),
    Host(
        "e6", "forecast", "tuning",
        recipe({"use": "lstm", "width": 28}, {**ADAM, "lr": 0.007}, 20, 48, task={"use": "forecasting"},
               schedule={"use": "one_cycle"}, training={"clip_norm": 1.0},
               data={"use": "seasons", "steps": 1600, "length": 30, "horizon": 10, "calendar": True, "memory": 0.35,
                     "noise": 3.5, "seed": 31}),
        train=1120,
    ),
    Host(
        "e7", "language", "tuning",
        recipe({"use": "gru", "width": 44, "embedding": 14}, {**ADAMW, "lr": 0.007}, 22, 28, task={"use": "language"},
               training={"clip_norm": 1.0}, schedule={"use": "cosine"},
               data={"use": "markov", "tokens": 17000, "length": 22, "letters": 18, "seed": 33}),
        train=540,
    ),
    Host(
        "e8", "gan", "tuning",
        recipe({"use": "gan", "latent": 7, "widths": [72, 72]}, {**ADAM, "lr": 0.0013, "beta1": 0.45}, 22, 64,
               task={"use": "gan", "r1": 0.12}, training={"ema": 0.99},
               data={"use": "gaussians", "examples": 6600, "modes": 4, "deviation": 0.11}, split={"val": 0.2}),
        train=4224,
    ),
    Host(
        "e9", "cnn", "tuning",
        recipe({"use": "cnn", "widths": [10, 20, 20], "norm": "batch"}, {**SGD, "lr": 0.04, "momentum": 0.9}, 16, 30,
               schedule={"use": "cosine"}),
        examples=fifth_examples.chests, needs="pneumonia_mnist",
    ),
)  # fmt: skip
"""Headlines, curves, nuclei, the load of a town, chests, and generated series, texts and points."""
