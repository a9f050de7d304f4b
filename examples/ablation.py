"""The questions of a first course, on one page: norm, depth, dropout, pooling, initialisation, endings, augmentation.

Each design choice of a small CNN is changed by itself, all else being equal, over the same seeds. Run with
``python examples/ablation.py`` (4,000 pictures of Fashion-MNIST, which ``PARIBUS_DATA`` holds or a download brings;
six minutes on two cores), or on digits: ``python examples/ablation.py digits/cnn --examples 1000 --epochs 5``.
"""

from __future__ import annotations

import argparse
from typing import Any

import paribus as pb

CHOICES: dict[str, list[Any]] = {  # the first of each is the reference
    "model.norm": ["batch", "none", "layer"],
    "model.depth": [1, 2],
    "model.dropout": [0.0, 0.5],
    "model.activation": ["relu", "sigmoid", "tanh"],
    "model.pooling": ["max", "average", "stride"],
    "model.head": ["flatten", "global_average"],
    "model.init": ["he", "normal", "zeros"],
    "model.final_activation": ["none", "sigmoid", "relu"],
    "augment": ["none", "flip", ["flip", "crop"]],
}


def ablation(recipe: str, examples: int, epochs: int, seeds: int) -> pb.Study:
    """One choice at a time, from a network with batch norm and nothing else."""
    changes = {"split.limit": examples, "budget.epochs": epochs}
    return pb.Study(recipe, changes, vary=CHOICES, layout="one-at-a-time", seeds=seeds, name="ablation")


def main() -> None:
    """Train, and print what each choice is worth, the largest first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", nargs="?", default="fashion_mnist/cnn")
    parser.add_argument("--examples", type=int, default=4000)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=None)
    asked = parser.parse_args()
    study = ablation(asked.recipe, asked.examples, asked.epochs, asked.seeds)
    result = study.run(jobs=asked.jobs)
    for effect in sorted(result.effects, key=lambda effect: -abs(effect.estimate.value)):
        print(effect)
    print(study.report())


if __name__ == "__main__":
    main()
