"""Hosts whose planted faults were looked at: on the tuning side as long as anybody likes, and in earlier gradings."""

from __future__ import annotations

from functools import partial

from paribus.diagnosis.grading import examples
from paribus.diagnosis.grading.host import ADAM, ADAMW, SGD, Host, recipe

TUNING: tuple[Host, ...] = (
    Host(
        "a1", "mlp", "tuning",
        recipe({"use": "mlp", "widths": [64, 64]}, {**SGD, "lr": 0.03, "momentum": 0.9, "weight_decay": 1e-3}, 20, 32),
        examples=examples.digits,
    ),
    Host(
        "a2", "cnn", "tuning",
        recipe({"use": "cnn", "widths": [12, 24]}, {**ADAM, "lr": 0.003}, 20, 64),
        examples=examples.digits,
    ),
    Host(
        "a3", "resnet", "tuning",
        recipe(
            {"use": "resnet18", "blocks": [1, 1], "width": 0.125, "stem": "small"},
            {**SGD, "lr": 0.05, "momentum": 0.9, "weight_decay": 5e-4}, 20, 50, schedule={"use": "cosine"},
        ),
        examples=examples.digits,
    ),
    Host(
        "a4", "unet", "tuning",
        recipe({"use": "unet", "width": 6, "depth": 2}, {**ADAM, "lr": 0.01}, 40, 10,
                task={"use": "segmentation"}, schedule={"use": "cosine"}, augment={"flip": {"vertical": True}}),
        examples=partial(examples.scenes, 1, 24),
    ),
    Host(
        "a5", "numbers", "tuning",
        recipe({"use": "mlp", "widths": [32, 32]}, {**ADAMW, "lr": 0.01, "weight_decay": 0.05}, 30, 32,
                task={"use": "regression"}, schedule={"use": "cosine"}),
        examples=partial(examples.friedman, 1),
    ),
    Host(
        "a6", "forecast", "tuning",
        recipe({"use": "lstm", "width": 16}, {**ADAM, "lr": 0.01}, 20, 64, task={"use": "forecasting"},
                schedule={"use": "cosine"}, training={"clip_norm": 1.0},
                data={"use": "seasons", "steps": 1500, "length": 24, "horizon": 6, "calendar": True, "memory": 0.4,
                      "noise": 3.0}),
        train=1050,
    ),
    Host(
        "a7", "language", "tuning",
        recipe({"use": "rnn", "width": 24, "embedding": 8}, {**ADAM, "lr": 0.005}, 20, 20, task={"use": "language"},
                schedule={"use": "cosine"}, training={"clip_norm": 1.0},
                data={"use": "markov", "tokens": 16000, "length": 20}),
        train=560,
    ),
    Host(
        "a8", "gan", "tuning",
        recipe({"use": "gan", "latent": 8, "widths": [64, 64]}, {**ADAM, "lr": 0.001, "beta1": 0.5}, 20, 64,
                task={"use": "gan", "r1": 0.1}, training={"ema": 0.99},
                data={"use": "gaussians", "examples": 6400}, split={"val": 0.2}),
        train=4096,
    ),
    Host(
        "a9", "cnn", "tuning",
        recipe({"use": "cnn", "widths": [8, 16], "norm": "batch"}, {**ADAM, "lr": 0.003}, 20, 64,
                schedule={"use": "cosine"}, augment={"translate": {"fraction": 0.1}}),
        examples=partial(examples.of_source, "mnist", 1500, 800), needs="mnist",
    ),
    Host(
        "b1", "mlp", "tuning",
        recipe({"use": "mlp", "widths": [48, 24], "dropout": 0.1}, {**ADAMW, "lr": 0.001, "weight_decay": 0.1},
                20, 20),
        examples=examples.cells,
    ),
    Host(
        "b2", "cnn", "tuning",
        recipe({"use": "cnn", "widths": [8, 16], "hidden": [32]}, {**SGD, "lr": 0.02, "momentum": 0.9}, 20, 30,
                schedule={"use": "cosine"}),
        examples=examples.gratings,
    ),
    Host(
        "b3", "resnet", "tuning",
        recipe({"use": "resnet18", "blocks": [1, 1, 1], "width": 0.125, "stem": "small"}, {**ADAM, "lr": 0.004},
                20, 50, schedule={"use": "one_cycle"}),
        examples=examples.gratings,
    ),
    Host(
        "b4", "unet", "tuning",
        recipe({"use": "unet", "width": 4, "depth": 3}, {**SGD, "lr": 0.1, "momentum": 0.9}, 40, 8,
                task={"use": "segmentation", "loss": "cross_entropy+dice"}, schedule={"use": "one_cycle"}),
        examples=partial(examples.scenes, 7, 28),
    ),
    Host(
        "b5", "numbers", "tuning",
        recipe({"use": "mlp", "widths": [24, 24, 24]}, {**SGD, "lr": 0.02, "momentum": 0.9, "weight_decay": 1e-4},
                30, 40, task={"use": "regression"}),
        examples=partial(examples.friedman, 2),
    ),
    Host(
        "b6", "forecast", "tuning",
        recipe({"use": "gru", "width": 32}, {**ADAM, "lr": 0.006}, 20, 64, task={"use": "forecasting"},
                schedule={"use": "cosine"}, training={"clip_norm": 1.0},
                data={"use": "seasons", "steps": 1500, "length": 30, "horizon": 8, "calendar": True, "memory": 0.6,
                      "noise": 2.0, "seed": 5}),
        train=1050,
    ),
    Host(
        "b7", "language", "tuning",
        recipe({"use": "rnn", "width": 48, "embedding": 12}, {**ADAMW, "lr": 0.006}, 20, 32, task={"use": "language"},
                training={"clip_norm": 1.0}, schedule={"use": "cosine"},
                data={"use": "markov", "tokens": 20000, "length": 16, "letters": 12, "seed": 3}),
        train=875,
    ),
    Host(
        "b8", "gan", "tuning",
        recipe({"use": "gan", "latent": 6, "widths": [96, 96]}, {**ADAM, "lr": 0.0015, "beta1": 0.5}, 20, 60,
                task={"use": "gan", "r1": 0.2}, training={"ema": 0.99},
                data={"use": "gaussians", "examples": 6400, "modes": 6, "deviation": 0.1}, split={"val": 0.25}),
        train=3840,
    ),
    Host(
        "b9", "cnn", "tuning",
        recipe({"use": "cnn", "widths": [8, 16], "norm": "batch", "hidden": [32]},
                {**SGD, "lr": 0.05, "momentum": 0.9}, 20, 50, schedule={"use": "cosine"}),
        examples=partial(examples.of_source, "fashion_mnist", 2000, 800), needs="fashion_mnist",
    ),
    Host(
        "d1", "mlp", "tuning",
        recipe({"use": "mlp", "widths": [96]}, {**SGD, "lr": 0.02, "momentum": 0.9, "weight_decay": 3e-3}, 25, 30),
        examples=examples.clusters,
    ),
    Host(
        "d2", "cnn", "tuning",
        recipe({"use": "cnn", "widths": [8, 16], "dropout": 0.1}, {**ADAM, "lr": 0.002}, 20, 32,
                schedule={"use": "cosine"}),
        examples=examples.strokes,
    ),
    Host(
        "d3", "resnet", "tuning",
        recipe({"use": "resnet18", "blocks": [1, 1], "width": 0.125, "stem": "small"}, {**ADAMW, "lr": 0.003}, 16, 40,
                schedule={"use": "cosine"}),
        examples=examples.strokes,
    ),
    Host(
        "d4", "unet", "tuning",
        recipe({"use": "unet", "width": 6, "depth": 2}, {**ADAM, "lr": 0.006}, 50, 16, task={"use": "segmentation"},
                schedule={"use": "one_cycle"}),
        examples=partial(examples.scenes, 23, 24),
    ),
    Host(
        "d5", "numbers", "tuning",
        recipe({"use": "mlp", "widths": [16]}, {**SGD, "lr": 0.01, "momentum": 0.9, "weight_decay": 1e-2}, 40, 22,
                task={"use": "regression"}, schedule={"use": "cosine"}),
        examples=examples.progression,
    ),
    Host(
        "d6", "forecast", "tuning",
        recipe({"use": "gru", "width": 20}, {**ADAMW, "lr": 0.01}, 24, 40, task={"use": "forecasting"},
                schedule={"use": "cosine"}, training={"clip_norm": 1.0},
                data={"use": "seasons", "steps": 1300, "length": 48, "horizon": 12, "calendar": True, "memory": 0.3,
                      "noise": 4.0, "seed": 17}),
        train=910,
    ),
    Host(
        "d7", "language", "tuning",
        recipe({"use": "lstm", "width": 40, "embedding": 12}, {**ADAM, "lr": 0.01}, 20, 24, task={"use": "language"},
                training={"clip_norm": 1.0}, schedule={"use": "cosine"},
                data={"use": "markov", "tokens": 15000, "length": 18, "letters": 20, "seed": 21}),
        train=583,
    ),
    Host(
        "d8", "gan", "tuning",
        recipe({"use": "gan", "latent": 5, "widths": [64, 96]}, {**ADAM, "lr": 0.001, "beta1": 0.4}, 24, 56,
                task={"use": "gan", "r1": 0.1}, training={"ema": 0.99},
                data={"use": "gaussians", "examples": 6000, "modes": 7, "deviation": 0.12}, split={"val": 0.2}),
        train=3840,
    ),
    Host(
        "d9", "cnn", "tuning",
        recipe({"use": "cnn", "widths": [12, 24, 32], "norm": "batch"}, {**ADAMW, "lr": 0.003, "weight_decay": 0.05},
                30, 32, schedule={"use": "cosine"}),
        examples=partial(examples.of_source, "folder", 700, 165, path="grocery_food", size=24), needs="grocery_food",
    ),
)  # fmt: skip
"""Those of the first grading (b) and of the fourth (d) are among them since."""

GRADING: tuple[Host, ...] = (
    Host(
        "c1", "mlp", "grading",
        recipe({"use": "mlp", "widths": [40, 40]}, {**ADAM, "lr": 0.002, "weight_decay": 1e-3}, 16, 25,
                schedule={"use": "cosine"}),
        examples=examples.waves,
    ),
    Host(
        "c2", "cnn", "grading",
        recipe({"use": "cnn", "widths": [10, 20], "hidden": [24]}, {**ADAMW, "lr": 0.004, "weight_decay": 0.02},
                24, 40),
        examples=examples.figures,
    ),
    Host(
        "c3", "resnet", "grading",
        recipe(
            {"use": "resnet18", "blocks": [1, 1], "width": 0.15625, "stem": "small"},
            {**SGD, "lr": 0.08, "momentum": 0.85, "weight_decay": 1e-3}, 16, 60, schedule={"use": "cosine"},
        ),
        examples=examples.figures,
    ),
    Host(
        "c4", "unet", "grading",
        recipe({"use": "unet", "width": 5, "depth": 2}, {**ADAM, "lr": 0.008}, 45, 12, task={"use": "segmentation"},
                schedule={"use": "cosine"}),
        examples=partial(examples.scenes, 11, 20),
    ),
    Host(
        "c5", "numbers", "grading",
        recipe({"use": "mlp", "widths": [48, 32]}, {**ADAM, "lr": 0.004}, 40, 50, task={"use": "regression"},
                schedule={"use": "one_cycle"}),
        examples=partial(examples.friedman, 3),
    ),
    Host(
        "c6", "forecast", "grading",
        recipe({"use": "lstm", "width": 24}, {**ADAMW, "lr": 0.008}, 20, 50, task={"use": "forecasting"},
                schedule={"use": "one_cycle"}, training={"clip_norm": 1.0},
                data={"use": "seasons", "steps": 1800, "length": 36, "horizon": 4, "calendar": True, "memory": 0.5,
                      "noise": 2.5, "seed": 8}),
        train=1260,
    ),
    Host(
        "c7", "language", "grading",
        recipe({"use": "gru", "width": 32, "embedding": 10}, {**ADAM, "lr": 0.008}, 20, 25, task={"use": "language"},
                training={"clip_norm": 1.0}, schedule={"use": "cosine"},
                data={"use": "markov", "tokens": 18000, "length": 24, "letters": 16, "seed": 9}),
        train=525,
    ),
    Host(
        "c8", "gan", "grading",
        recipe({"use": "gan", "latent": 10, "widths": [80, 80]}, {**ADAM, "lr": 0.0012, "beta1": 0.5}, 20, 70,
                task={"use": "gan", "r1": 0.15}, training={"ema": 0.99},
                data={"use": "gaussians", "examples": 7000, "modes": 5, "deviation": 0.08}, split={"val": 0.2}),
        train=4480,
    ),
    Host(
        "c9", "cnn", "grading",
        recipe({"use": "cnn", "widths": [12, 24], "norm": "batch"}, {**SGD, "lr": 0.03, "momentum": 0.9}, 30, 32,
                schedule={"use": "cosine"}),
        examples=partial(examples.of_source, "folder", 450, 125, path="brain_mri", size=28, colour="grey"),
        needs="brain_mri",
    ),
)  # fmt: skip
