"""Overfitting provoked, and cured: few examples and a wide network; then augmentation, L1, L2, dropout, and their mix.

Run with ``python examples/overfitting.py`` (1,000 pictures of Fashion-MNIST, which ``PARIBUS_DATA`` holds or a download
brings), or with digits in a few minutes: ``python examples/overfitting.py digits/cnn --examples 150 --val 0.3``.
"""

from __future__ import annotations

import argparse
from typing import Any

import paribus as pb

SHIFT, COVER = {"translate": {"fraction": 0.1}}, {"cutout": {"size": 6}}
CURES: dict[str, list[Any]] = {  # the first of each is none
    "augment": [{}, SHIFT, COVER],
    "training.l1": [0.0, 1e-5, 1e-4],
    "training.l2": [0.0, 1e-3, 1e-2],
    "model.dropout": [0.0, 0.5],
}
MIX: dict[str, list[Any]] = {"augment": [{}, {**SHIFT, **COVER}], "training.l2": [0.0, 1e-3], "model.dropout": [0, 0.5]}


def provoked(examples: int, val: float, epochs: int) -> dict[str, Any]:
    """A network that can learn its few examples by heart."""
    return {
        "split.limit": examples,
        "split.val": val,
        "budget.epochs": epochs,
        "model.hidden": [256],
        "model.dropout": 0.0,
        "augment": {},
        "schedule": "constant",
        "training.batch_size": 50,
    }


def study(recipe: str, changes: dict[str, Any], vary: dict[str, list[Any]], **more: Any) -> pb.Study:
    """A study of some cures."""
    shared = {field: value for field, value in changes.items() if field not in vary}
    return pb.Study(recipe, shared, vary=vary, **more)


def main() -> None:
    """Each cure by itself; then the mix, over seeds that chose nothing; both by accuracy and by loss."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", nargs="?", default="fashion_mnist/cnn")
    parser.add_argument("--examples", type=int, default=1000)
    parser.add_argument("--val", type=float, default=0.05, help="share of the training pictures that validate")
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=None)
    asked = parser.parse_args()
    base = provoked(asked.examples, asked.val, asked.epochs)
    name, fresh = asked.recipe.replace("/", "-"), range(100, 100 + asked.seeds)
    cures: dict[str, Any] = {"vary": CURES, "layout": "one-at-a-time", "seeds": asked.seeds, "name": f"cures-{name}"}
    mix: dict[str, Any] = {"vary": MIX, "seeds": list(fresh), "name": f"mix-{name}"}
    for asked_of, metric in ((cures, None), (cures, "val/loss"), (mix, None), (mix, "val/loss")):
        planned = study(asked.recipe, base, metric=metric, **asked_of)
        result = planned.run(jobs=asked.jobs)  # asked for its loss, a study trains nothing again
        for arm in result.arms:
            last = {figure: curves[-1] for figure, curves in arm.means.items() if curves and curves[-1]}
            learned, kept = last.get("train/accuracy"), last.get("val/accuracy")
            if learned and kept and metric is None:
                print(f"{arm.name}: {learned.value:.3f} in training, {kept.value:.3f} in validation")
        for effect in result.effects:
            print(effect)
        print(planned.report())


if __name__ == "__main__":
    main()
