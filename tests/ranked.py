"""Small trainings of many kinds, as a script that each of several processes runs: ``ranked.py FOLDER``."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any
from unittest.mock import patch

import numpy as np
from PIL import Image

from paribus.records.recipe import Recipe
from paribus.tasks.generators import extractor
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
    "data.pictures": 320,
    "data.size": 32,
    "model.width": 4,
    "model.depth": 2,
    "task.class_weights": "balanced",
    "optimizer": "sgd",
    "optimizer.lr": 1e-3,
}
DRAWN = {"data.plates": 120, "data.size": [32, 96], "model.widths": [4, 8, 8, 8], "split.limit": 100}
SQUARES = {"data": "boxes", "data.classes": ["light", "dark"], "data.size": [32, 48], "augment": "flip"}
DETECTOR = {"model": "detector", "model.width": 8, "training.batch_size": 9, "split.limit": 36}
PLAIN = {"optimizer": "sgd", "optimizer.lr": 1e-2}  # some gradients are zero but for rounding, which others enlarge
WRITER = {"model.width": 8, "model.embedding": 8}
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
    "reading": ("plates/made", {**DRAWN, "model.dropout": 0.2, **PLAIN, "optimizer.lr": 1e-3}),
    "detection": ("plates/detector", {**SQUARES, **DETECTOR}),
    "writing": ("copy/attention", {**WRITER, "model.dropout": 0.2, "task.forcing": 0.5}),
    "looking": ("copy/attention", {**WRITER, "model.select": "reinforce"}),
    "translating": ("copy/transformer", {"model.width": 16, "model.dropout": 0.2, "task.forcing": 0.7, **PLAIN}),
    "resumed": ("digits/mlp", {"model.widths": [16], "budget.epochs": 3, "budget.steps": 20}),
}


def recipe_of(name: str, folder: Path) -> Recipe:
    """The recipe of a case; what it reads may lie in the folder."""
    recipe, changes = CASES[name]
    place = {"data.path": str(folder / "squares")} if name == "detection" else {}
    return Recipe.load(recipe, {**SMALL, **changes, **place})


def squares(folder: Path, pictures: int = 60) -> None:
    """Put pictures with squares into a folder, and where those are, as YOLO has it: none to three in each."""
    chance = np.random.default_rng(0)
    (folder / "squares").mkdir()
    for number in range(pictures):
        picture, lines = np.full((32, 48), 128, np.uint8), []
        for place in range(number % 4):
            kind, size, top = chance.integers(2), chance.integers(6, 12), chance.integers(0, 20)
            left = 16 * place + chance.integers(0, 4)
            picture[top : top + size, left : left + size] = 30 if kind else 220
            middle = (left + size / 2) / 48, (top + size / 2) / 32
            lines.append(f"{kind} {middle[0]:.5f} {middle[1]:.5f} {size / 48:.5f} {size / 32:.5f}")
        Image.fromarray(picture).save(folder / "squares" / f"{number:02}.png")
        (folder / "squares" / f"{number:02}.txt").write_text("\n".join(lines))


def train(folder: Path, names: list[str]) -> None:
    """Train some of them, each in a folder of its own."""
    with patch.object(extractor, "STEPS", 60):  # a tenth: how well it judges is not what is compared
        for name in names:
            run = Run(recipe_of(name, folder), seed=1, runs=folder / name)
            run.train(device="cpu", threads=1, listen=lambda progress: None, progress=lambda *_: None)


if __name__ == "__main__":
    warnings.simplefilter("error")
    train(Path(sys.argv[1]), sys.argv[2:] or list(CASES))
