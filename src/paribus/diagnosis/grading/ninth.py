"""Hosts of the ninth grading, whose planted faults were looked at in it: for tuning since."""

from __future__ import annotations

from paribus.diagnosis.grading import ninth_examples
from paribus.diagnosis.grading.host import ADAM, ADAMW, AMSGRAD, NADAM, RMSPROP, SGD, Host, recipe

NINTH: tuple[Host, ...] = (
    Host(
        "i1", "mlp", "tuning",
        recipe({"use": "mlp", "widths": [24]}, {**SGD, "lr": 0.05, "momentum": 0.0}, 30, 32),
        examples=ninth_examples.tongues, needs="parallel_eng_deu",
    ),
    Host(
        "i2", "mlp", "tuning",
        recipe({"use": "mlp", "widths": [46, 34]}, {**AMSGRAD, "lr": 0.0015}, 20, 22, schedule={"use": "one_cycle"}),
        examples=ninth_examples.activities,
    ),
    Host(
        "i3", "cnn", "tuning",
        recipe({"use": "cnn", "widths": [14, 28], "hidden": [32]}, {**NADAM, "lr": 0.003}, 13, 40,
               schedule={"use": "cosine"}),
        examples=ninth_examples.scripts, needs="omniglot",
    ),
    Host(
        "i4", "cnn", "tuning",
        recipe({"use": "cnn", "widths": [10, 15, 20], "norm": "batch"},
               {**SGD, "lr": 0.05, "momentum": 0.9, "weight_decay": 1e-3}, 16, 28, schedule={"use": "one_cycle"}),
        examples=ninth_examples.letters,
    ),
    Host(
        "i5", "resnet", "tuning",
        recipe(
            {"use": "resnet18", "blocks": [1, 1], "width": 0.109375, "stem": "small"},
            {**ADAM, "lr": 0.003}, 16, 44, schedule={"use": "cosine"},
        ),
        examples=ninth_examples.middles, needs="cifar10",
    ),
    Host(
        "i6", "unet", "tuning",
        recipe({"use": "unet", "width": 6, "depth": 1}, {**ADAM, "lr": 0.006}, 21, 8,
               task={"use": "segmentation"}, schedule={"use": "cosine"}),
        examples=ninth_examples.views, needs="camvid",
    ),
    Host(
        "i7", "numbers", "tuning",
        recipe({"use": "mlp", "widths": [28, 14]}, {**ADAMW, "lr": 0.004, "weight_decay": 0.02}, 26, 38,
               task={"use": "regression"}, schedule={"use": "one_cycle"}),
        examples=ninth_examples.heating, needs="energy",
    ),
    Host(
        "i8", "forecast", "tuning",
        recipe({"use": "gru", "width": 18}, {**RMSPROP, "lr": 0.003}, 24, 36, task={"use": "forecasting"},
               schedule={"use": "cosine"}, training={"clip_norm": 1.0},
               data={"use": "seasons", "steps": 1350, "length": 28, "horizon": 8, "calendar": True, "memory": 0.55,
                     "noise": 2.2, "seed": 79}),
        train=945,
    ),
    Host(
        "i9", "language", "tuning",
        recipe({"use": "gru", "width": 40, "embedding": 24}, {**ADAMW, "lr": 0.008, "weight_decay": 0.02}, 9, 40,
               task={"use": "language"}, training={"clip_norm": 1.0}, schedule={"use": "cosine"},
               split={"val": 0.1, "test": 0.95},
               data={"use": "text", "path": "text/wikitext2_valid.txt.gz", "length": 18, "unknown": "token"}),
        train=2000, needs="text",
    ),
    Host(
        "i10", "gan", "tuning",
        recipe({"use": "gan", "latent": 6, "widths": [56, 56]}, {**ADAM, "lr": 0.0012, "beta1": 0.5}, 24, 52,
               task={"use": "gan", "r1": 0.12}, training={"ema": 0.99}),
        examples=ninth_examples.renewables, needs="energy",
    ),
)  # fmt: skip
"""Tongues, activities, scripts, letters, middles, views, heating, renewables, articles, a generated series."""
