"""Learning-rate schedules on CIFAR-10: five of them, each with its own tuned learning rate, at equal budgets.

Run with ``python examples/schedules.py`` (4,500 photographs, which ``PARIBUS_DATA`` holds or a download brings; a
quarter of an hour on two cores), or in a minute on digits: ``python examples/schedules.py digits/cnn --examples 800``.
"""

from __future__ import annotations

import argparse
from typing import Any

import paribus as pb


def schedules(epochs: int) -> list[dict[str, Any]]:
    """A constant rate first, then four that change it, at places that follow the number of epochs."""
    drops = {"use": "step", "every": max(1, epochs // 3), "gamma": 0.1}
    warm_up = {"use": "cosine", "warmup": max(1, epochs // 10)}
    return [{"use": "constant"}, drops, {"use": "cosine"}, warm_up, {"use": "one_cycle"}]


def study(recipe: str, examples: int, epochs: int, trials: int, seeds: int) -> pb.Study:
    """Every schedule with the best of as many learning rates, chosen on examples that the study does not see."""
    return pb.Study(
        recipe,
        {"budget.epochs": epochs, "split.limit": examples, "model.widths": [16, 32], "optimizer.lr": 0.1},
        vary={"schedule": schedules(epochs)},
        tune={"optimizer.lr": "3e-3..1"},
        trials=trials,
        seeds=seeds,
        name=f"schedules-{recipe.replace('/', '-')}",
    )


def main() -> None:
    """Run the study, and say what each schedule is worth and where the report is."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", nargs="?", default="cifar10/cnn")
    parser.add_argument("--examples", type=int, default=4500)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--trials", type=int, default=6)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=None)
    asked = parser.parse_args()
    planned = study(asked.recipe, asked.examples, asked.epochs, asked.trials, asked.seeds)
    result = planned.run(jobs=asked.jobs)
    for one in result.tuning:
        print(f"{one.arm}: {dict(one.chosen)}")
    for effect in result.effects:
        print(effect)
    print(planned.report())


if __name__ == "__main__":
    main()
