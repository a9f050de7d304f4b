"""Hosts of the eighth grading, whose planted faults were looked at in it: for tuning since."""

from __future__ import annotations

from paribus.diagnosis.grading import eighth_examples
from paribus.diagnosis.grading.host import ADAM, ADAMW, NADAM, RMSPROP, SGD, Host, recipe

EIGHTH: tuple[Host, ...] = (
    Host(
        "h1", "mlp", "tuning",
        recipe({"use": "mlp", "widths": [52, 26]}, {**NADAM, "lr": 0.002}, 18, 32, schedule={"use": "cosine"}),
        examples=eighth_examples.days, needs="energy",
    ),
    Host(
        "h2", "mlp", "tuning",
        recipe({"use": "mlp", "widths": [72]}, {**SGD, "lr": 0.1, "momentum": 0.0}, 25, 20),
        examples=eighth_examples.bearings,
    ),
    Host(
        "h3", "cnn", "tuning",
        recipe({"use": "cnn", "widths": [8, 16, 16], "hidden": [20]}, {**RMSPROP, "lr": 0.001}, 14, 24,
               schedule={"use": "cosine"}),
        examples=eighth_examples.plates, needs="plates",
    ),
    Host(
        "h4", "cnn", "tuning",
        recipe({"use": "cnn", "widths": [9, 18], "norm": "batch"}, {**ADAM, "lr": 0.002}, 18, 42,
               schedule={"use": "one_cycle"}),
        examples=eighth_examples.calls,
    ),
    Host(
        "h5", "resnet", "tuning",
        recipe(
            {"use": "resnet18", "blocks": [1, 1], "width": 0.125, "stem": "small"},
            {**SGD, "lr": 0.04, "momentum": 0.9, "nesterov": True, "weight_decay": 2e-3}, 16, 35,
            schedule={"use": "cosine"},
        ),
        examples=eighth_examples.photographs, needs="denoise",
    ),
    Host(
        "h6", "unet", "tuning",
        recipe({"use": "unet", "width": 5, "depth": 2}, {**ADAMW, "lr": 0.007, "weight_decay": 0.02}, 30, 12,
               task={"use": "segmentation"}, schedule={"use": "one_cycle"}),
        examples=eighth_examples.tubes, needs="xray",
    ),
    Host(
        "h7", "numbers", "tuning",
        recipe({"use": "mlp", "widths": [30, 30]}, {**ADAM, "lr": 0.002}, 30, 28, task={"use": "regression"},
               schedule={"use": "cosine"}),
        examples=eighth_examples.country, needs="energy",
    ),
    Host(
        "h8", "numbers", "tuning",
        recipe({"use": "mlp", "widths": [60, 30]}, {**RMSPROP, "lr": 0.002}, 36, 36, task={"use": "regression"},
               schedule={"use": "cosine"}),
        examples=eighth_examples.options,
    ),
    Host(
        "h9", "forecast", "tuning",
        recipe({"use": "rnn", "width": 30}, {**ADAM, "lr": 0.005}, 24, 40, task={"use": "forecasting"},
               schedule={"use": "cosine"}, training={"clip_norm": 1.0},
               data={"use": "seasons", "steps": 1650, "length": 26, "horizon": 6, "calendar": True, "memory": 0.7,
                     "noise": 1.8, "seed": 67}),
        train=1155,
    ),
    Host(
        "h10", "language", "tuning",
        recipe({"use": "lstm", "width": 44, "embedding": 20}, {**ADAM, "lr": 0.008}, 8, 26, task={"use": "language"},
               training={"clip_norm": 1.0}, schedule={"use": "one_cycle"}, split={"val": 0.1, "test": 0.958},
               data={"use": "text", "path": "text/wikitext2_test.txt.gz", "length": 24, "unknown": "token"}),
        train=1976, needs="text",
    ),
    Host(
        "h11", "gan", "tuning",
        recipe({"use": "gan", "latent": 12, "widths": [88, 56]}, {**ADAM, "lr": 0.0011, "beta1": 0.5}, 15, 48,
               task={"use": "gan", "r1": 0.1}, training={"ema": 0.99},
               data={"use": "gaussians", "examples": 5000, "modes": 10, "deviation": 0.13}, split={"val": 0.2}),
        train=3200,
    ),
    Host(
        "h12", "gan", "tuning",
        recipe({"use": "gan", "latent": 8, "widths": [64, 48]}, {**ADAM, "lr": 0.001, "beta1": 0.5}, 30, 40,
               task={"use": "gan", "r1": 0.2}, training={"ema": 0.99}),
        examples=eighth_examples.household, needs="energy",
    ),
)  # fmt: skip
"""Days of a town, bearings, plates, calls, photographs, tubes, a country, options, articles, a household, points."""
