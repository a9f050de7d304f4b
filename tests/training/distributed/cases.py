"""Small trainings of every kind, as a script that each of several processes runs: ``cases.py FOLDER``."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

SMALL: dict[str, Any] = {
    "split.limit": 200,
    "budget.epochs": 2,
    "budget.steps": 14,
    "training.batch_size": 25,  # so that shares differ
    "training.precision": "fp32",
}
CNN = {"model.widths": [4, 8]}
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "mlp": ("digits/mlp", {"model.widths": [16], "model.dropout": 0.3}),
    "norm": ("digits/cnn", {**CNN, "model.norm": "batch", "augment.crop.padding": 1}),
    "ghosts": ("digits/cnn", {**CNN, "model.norm": "batch", "training.norm_parts": 4}),
    "kept": ("digits/cnn", {**CNN, "training.clip_norm": 0.5, "training.accumulate": 3, "training.ema": 0.9,
                            "training.l2": 1e-3, "model.dropout": 0.2}),
    "mixed": ("digits/cnn", {**CNN, "augment.mixup.alpha": 0.4, "augment.flip": {}, "task.class_weights": "balanced",
                             "optimizer": "adam", "schedule": "cosine"}),
    "gan": ("digits/gan", {"model.widths": [4, 8], "training.ema": 0.9}),
    "segmentation": ("shapes/unet", {"model.width": 4, "model.depth": 2, "task.class_weights": "balanced"}),
    "labelling": ("lookahead/bilstm", {"model.width": 8}),
    "language": ("markov/rnn", {"model.width": 8}),
    "seq2seq": ("copy/transformer", {"model.width": 16, "model.depth": 1, "model.heads": 2}),
    "contrast": ("digits/cnn", {**CNN, "task": "pretext", "task.kind": "simclr"}),
    "embedding": ("digits/cnn", {**CNN, "task": "embedding", "task.loss": "triplet", "task.ways": 5}),
    "detection": ("plates/made", {}),
    "forecasting": ("seasons/lstm", {"model.width": 8}),
    "vae": ("digits/vae", {"model.widths": [16], "task.binary": "random", "task.likelihood": "bernoulli"}),
    "words": ("text/words", {"model.width": 8}),
}  # fmt: skip


def train(folder: Path, names: list[str]) -> None:
    """Train some of them, each in a folder of its own."""
    import paribus as pb

    for name in names:
        recipe, changes = CASES[name]
        pb.Run(recipe, {**SMALL, **changes}, seed=1, runs=folder / name).train(
            device="cpu", threads=1, listen=lambda progress: None
        )


if __name__ == "__main__":
    warnings.simplefilter("error")
    train(Path(sys.argv[1]), sys.argv[2:] or list(CASES))
