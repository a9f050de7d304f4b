"""Nine optimizers on one recipe, each with its own tuned learning rate, and full batches against mini-batches.

Run with ``python examples/optimizers.py`` (a small MLP on 8×8 digits, about five minutes on two cores), or name
another recipe and budget: ``python examples/optimizers.py cifar10/cnn --epochs 10 --trials 8 --seeds 5``.
"""

from __future__ import annotations

import argparse
from typing import Any

import paribus as pb

OPTIMIZERS = [
    {"use": "sgd", "momentum": 0.0},
    {"use": "sgd", "momentum": 0.9},
    {"use": "sgd", "momentum": 0.9, "nesterov": True},
    *({"use": name} for name in ("adagrad", "rmsprop", "adam", "adamw", "nadam", "muon")),
]


def optimizers(recipe: str, shared: dict[str, Any], trials: int, seeds: int) -> pb.Study:
    """Every optimizer with the best of as many learning rates, chosen on examples that the study does not see."""
    return pb.Study(
        recipe,
        shared,
        vary={"optimizer": OPTIMIZERS},
        tune={"optimizer.lr": "1e-4..1"},
        trials=trials,
        seeds=seeds,
        name=f"optimizers-{recipe.replace('/', '-')}",
    )


def batches(recipe: str, shared: dict[str, Any], trials: int, seeds: int) -> pb.Study:
    """Batches of 16 to all examples at once: the same passes over the data, and fewer and fewer steps."""
    return pb.Study(
        recipe,
        shared,
        vary={"training.batch_size": [64, 16, 256, "full"]},
        tune={"optimizer.lr": "1e-3..10"},
        trials=trials,
        seeds=seeds,
        name=f"batches-{recipe.replace('/', '-')}",
    )


def full_batches(recipe: str, shared: dict[str, Any], trials: int, seeds: int) -> pb.Study:
    """All examples at once: gradient descent, with momentum, Adam, and L-BFGS, which reads curvature off its steps."""
    kinds = [{"use": "sgd", "momentum": 0.0}, {"use": "sgd", "momentum": 0.9}, {"use": "adam"}, {"use": "lbfgs"}]
    return pb.Study(
        recipe,
        {**shared, "training.batch_size": "full"},
        vary={"optimizer": kinds},
        tune={"optimizer.lr": "1e-3..10"},
        trials=trials,
        seeds=seeds,
        name=f"full-batches-{recipe.replace('/', '-')}",
    )


def main() -> None:
    """Run the three studies, and say where their reports are."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", nargs="?", default="digits/mlp")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--examples", type=int, default=None, help="to train on; by default all")
    parser.add_argument("--trials", type=int, default=8)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=None)
    asked = parser.parse_args()
    shared = {"budget.epochs": asked.epochs, "split.limit": asked.examples}
    for make in (optimizers, batches, full_batches):
        study = make(asked.recipe, shared, asked.trials, asked.seeds)
        result = study.run(jobs=asked.jobs)
        for one in result.tuning:
            print(f"{one.arm}: {dict(one.chosen)}")
        for effect in result.effects:
            print(effect)
        print(study.report())


if __name__ == "__main__":
    main()
