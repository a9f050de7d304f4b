"""Batches of one class: what becomes of batch norm where examples come class by class, and nobody shuffles them.

Run with ``python examples/one_class_batches.py`` (handwritten digits, a minute), and then ask the doctor:
``paribus diagnose "runs/one-class-batches/shuffle=none-norm=batch-lr=0.05/seed-0"``.
"""

from __future__ import annotations

import argparse

import numpy as np
from sklearn.datasets import load_digits

import paribus as pb

TRAIN, TOGETHER = 1400, 28


def digits_in_turns() -> pb.Data:
    """Digits of which those for training come in runs of one class; the others are for validation."""
    pictures, labels = load_digits(return_X_y=True)
    mixed = np.random.default_rng(0).permutation(len(labels))
    pictures, labels = pictures[mixed].reshape(-1, 1, 8, 8).astype(np.float32), labels[mixed]
    by_class = [np.flatnonzero(labels[:TRAIN] == digit) for digit in range(10)]
    runs = np.concatenate([rows[: len(rows) // TOGETHER * TOGETHER].reshape(-1, TOGETHER) for rows in by_class])
    order = np.random.default_rng(1).permutation(runs).ravel()
    return pb.Data(pictures[order], labels[order], val=(pictures[TRAIN:], labels[TRAIN:]))


def main() -> None:
    """Three norms and two learning rates, shuffled and not."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--jobs", type=int, default=None)
    asked = parser.parse_args()
    base = {
        "data": digits_in_turns().part,
        "split.test": 0.0,
        "training.batch_size": TOGETHER,
        "budget.epochs": asked.epochs,
        "augment": {},
    }
    norms, rates = ["none", "batch", "group"], [0.05, 0.01]
    vary = {"training.shuffle": ["full", "none"], "model.norm": norms, "optimizer.lr": rates}
    study = pb.Study("digits/cnn", base, vary=vary, seeds=asked.seeds, name="one-class-batches")
    print(study.run(jobs=asked.jobs))
    print(study.report())


if __name__ == "__main__":
    main()
