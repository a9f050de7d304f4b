"""Small trainings of many kinds, as a script that each of several processes runs: ``ranked.py FOLDER``."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

from paribus.records.recipe import Recipe
from paribus.training.run import Run

SMALL: dict[str, Any] = {
    "split.limit": 200,
    "budget.epochs": 2,
    "budget.steps": 12,
    "training.batch_size": 25,  # so that shares differ
    "training.precision": "fp32",
}
CNN = {"model.widths": [4, 8]}
VIEWS = {"task": "pretext", "task.kind": "simclr"}
BOUNDED = {"training.clip_norm": 0.5, "training.accumulate": 3, "training.ema": 0.9, "training.l2": 1e-3}
MIXED = {"augment.mixup.alpha": 0.4, "augment.flip": {}, "task.class_weights": "balanced", "schedule": "cosine"}
MASKED = {
    "model.width": 4,
    "model.depth": 2,
    "task.class_weights": "balanced",
    "optimizer": "sgd",
    "optimizer.lr": 1e-3,
}
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "dropout": ("digits/mlp", {"model.widths": [16], "model.dropout": 0.3}),
    "norm": ("digits/cnn", {**CNN, "model.norm": "batch", "augment.crop.padding": 1}),
    "ghosts": ("digits/cnn", {**CNN, "model.norm": "batch", "training.norm_parts": 4}),
    "bounded": ("digits/cnn", {**CNN, **BOUNDED, "model.dropout": 0.2}),
    "mixed": ("digits/cnn", {**CNN, **MIXED, "optimizer": "adam"}),
    "gan": ("digits/gan", {"model.widths": [4, 8], "training.ema": 0.9}),
    "segmentation": ("shapes/unet", MASKED),
    "labelling": ("lookahead/bilstm", {"model.width": 8}),
    "language": ("markov/rnn", {"model.width": 8}),
    "contrast": ("digits/cnn", {**CNN, **VIEWS}),
    "resumed": ("digits/mlp", {"model.widths": [16], "budget.epochs": 3, "budget.steps": 20}),
}


def recipe_of(name: str) -> Recipe:
    """The recipe of a case."""
    recipe, changes = CASES[name]
    return Recipe.load(recipe, {**SMALL, **changes})


def train(folder: Path, names: list[str]) -> None:
    """Train some of them, each in a folder of its own."""
    for name in names:
        run = Run(recipe_of(name), seed=1, runs=folder / name)
        run.train(device="cpu", threads=1, listen=lambda progress: None, progress=lambda *_: None)


if __name__ == "__main__":
    warnings.simplefilter("error")
    train(Path(sys.argv[1]), sys.argv[2:] or list(CASES))
