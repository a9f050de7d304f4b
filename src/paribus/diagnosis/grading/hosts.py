"""Sound trainings in which faults are planted: two for each family of networks, and a third for grading.

The doctor's authors look at the hosts for tuning as long as they like. Those for grading have other data, other widths,
other optimizers and other seeds, and faults in other severities: a limit that was fitted to one side says nothing of
the other. The two lists stay apart in code, so that nobody moves one by accident.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal

from paribus.diagnosis.grading import examples
from paribus.diagnosis.grading.examples import Examples

Set = Literal["tuning", "grading", "next"]
Family = Literal["mlp", "cnn", "resnet", "unet", "numbers", "forecast", "language", "gan"]

FIRST_SEED: Mapping[Set, int] = {"tuning": 0, "grading": 2000, "next": 4000}


@dataclass(frozen=True)
class Host:
    """A sound training.

    Args:
        name: neutral, and the name of its recipes.
        family: of its network.
        set: which side it is on.
        recipe: all of it but the data, where those are arrays.
        metric: the figure by which harm is judged.
        higher_is_better: its good direction.
        worst: what counts for a training that ends without a figure: that of an answer that needs no inputs, or worse.
        examples: makes its arrays, if it has some.
        train: how many examples train, where they are no arrays.
        needs: a folder below PARIBUS_DATA without which it is left out.
    """

    name: str
    family: Family
    set: Set
    recipe: Mapping[str, Any]
    metric: str = "val/accuracy"
    higher_is_better: bool = True
    worst: float = 0.0
    examples: Callable[[], Examples] | None = None
    train: int = 0
    needs: str = ""

    @property
    def lr(self) -> float:
        """Its learning rate."""
        return float(self.recipe["optimizer"]["lr"])

    @property
    def model(self) -> str:
        """The name of its network."""
        return str(self.recipe["model"]["use"])

    @property
    def batch_size(self) -> int:
        """Examples in a batch."""
        return int(self.recipe["training"]["batch_size"])

    @property
    def epochs(self) -> int:
        """Of its budget."""
        return int(self.recipe["budget"]["epochs"])

    @property
    def steps(self) -> int:
        """Of its whole training."""
        train = len(self.examples().targets) if self.examples else self.train
        return self.epochs * -(-train // self.batch_size)

    @property
    def here(self) -> bool:
        """Whether its data are at hand."""
        folder = os.environ.get("PARIBUS_DATA", "")
        return not self.needs or bool(folder and (Path(folder) / self.needs).is_dir())


SGD, ADAM, ADAMW = ({"use": name} for name in ("sgd", "adam", "adamw"))


def _recipe(
    model: Mapping[str, Any], optimizer: Mapping[str, Any], epochs: int, batch: int, **more: Any
) -> dict[str, Any]:
    training = {"batch_size": batch, **more.pop("training", {})}
    return {"model": model, "optimizer": optimizer, "budget": {"epochs": epochs}, "training": training, **more}


TUNING: tuple[Host, ...] = (
    Host(
        "a1", "mlp", "tuning",
        _recipe({"use": "mlp", "widths": [64, 64]}, {**SGD, "lr": 0.03, "momentum": 0.9, "weight_decay": 1e-3}, 20, 32),
        examples=examples.digits,
    ),
    Host(
        "a2", "cnn", "tuning",
        _recipe({"use": "cnn", "widths": [12, 24]}, {**ADAM, "lr": 0.003}, 20, 64),
        examples=examples.digits,
    ),
    Host(
        "a3", "resnet", "tuning",
        _recipe(
            {"use": "resnet18", "blocks": [1, 1], "width": 0.125, "stem": "small"},
            {**SGD, "lr": 0.05, "momentum": 0.9, "weight_decay": 5e-4}, 20, 50, schedule={"use": "cosine"},
        ),
        examples=examples.digits,
    ),
    Host(
        "a4", "unet", "tuning",
        _recipe({"use": "unet", "width": 6, "depth": 2}, {**ADAM, "lr": 0.01}, 40, 10,
                task={"use": "segmentation"}, schedule={"use": "cosine"}, augment={"flip": {"vertical": True}}),
        metric="val/miou", examples=partial(examples.scenes, 1, 24),
    ),
    Host(
        "a5", "numbers", "tuning",
        _recipe({"use": "mlp", "widths": [32, 32]}, {**ADAMW, "lr": 0.01, "weight_decay": 0.05}, 30, 32,
                task={"use": "regression"}, schedule={"use": "cosine"}),
        metric="val/r2", worst=-1.0, examples=partial(examples.friedman, 1),
    ),
    Host(
        "a6", "forecast", "tuning",
        _recipe({"use": "lstm", "width": 16}, {**ADAM, "lr": 0.01}, 20, 64, task={"use": "forecasting"},
                schedule={"use": "cosine"}, training={"clip_norm": 1.0},
                data={"use": "seasons", "steps": 1500, "length": 24, "horizon": 6, "calendar": True, "memory": 0.4,
                      "noise": 3.0}),
        metric="val/skill", worst=-2.0, train=1050,
    ),
    Host(
        "a7", "language", "tuning",
        _recipe({"use": "rnn", "width": 24, "embedding": 8}, {**ADAM, "lr": 0.005}, 20, 20, task={"use": "language"},
                schedule={"use": "cosine"}, training={"clip_norm": 1.0},
                data={"use": "markov", "tokens": 16000, "length": 20}),
        metric="val/loss", higher_is_better=False, worst=5.0, train=560,
    ),
    Host(
        "a8", "gan", "tuning",
        _recipe({"use": "gan", "latent": 8, "widths": [64, 64]}, {**ADAM, "lr": 0.001, "beta1": 0.5}, 20, 64,
                task={"use": "gan", "r1": 0.1}, training={"ema": 0.99},
                data={"use": "gaussians", "examples": 6400}, split={"val": 0.2}),
        metric="val/frechet", higher_is_better=False, worst=10.0, train=4096,
    ),
    Host(
        "a9", "cnn", "tuning",
        _recipe({"use": "cnn", "widths": [8, 16], "norm": "batch"}, {**ADAM, "lr": 0.003}, 20, 64,
                schedule={"use": "cosine"}, augment={"translate": {"fraction": 0.1}}),
        examples=partial(examples.of_source, "mnist", 1500, 800), needs="mnist",
    ),
    Host(
        "b1", "mlp", "tuning",
        _recipe({"use": "mlp", "widths": [48, 24], "dropout": 0.1}, {**ADAMW, "lr": 0.001, "weight_decay": 0.1},
                20, 20),
        examples=examples.cells,
    ),
    Host(
        "b2", "cnn", "tuning",
        _recipe({"use": "cnn", "widths": [8, 16], "hidden": [32]}, {**SGD, "lr": 0.02, "momentum": 0.9}, 20, 30,
                schedule={"use": "cosine"}),
        examples=examples.gratings,
    ),
    Host(
        "b3", "resnet", "tuning",
        _recipe({"use": "resnet18", "blocks": [1, 1, 1], "width": 0.125, "stem": "small"}, {**ADAM, "lr": 0.004},
                20, 50, schedule={"use": "one_cycle"}),
        examples=examples.gratings,
    ),
    Host(
        "b4", "unet", "tuning",
        _recipe({"use": "unet", "width": 4, "depth": 3}, {**SGD, "lr": 0.1, "momentum": 0.9}, 40, 8,
                task={"use": "segmentation", "loss": "cross_entropy+dice"}, schedule={"use": "one_cycle"}),
        metric="val/miou", examples=partial(examples.scenes, 7, 28),
    ),
    Host(
        "b5", "numbers", "tuning",
        _recipe({"use": "mlp", "widths": [24, 24, 24]}, {**SGD, "lr": 0.02, "momentum": 0.9, "weight_decay": 1e-4},
                30, 40, task={"use": "regression"}),
        metric="val/r2", worst=-1.0, examples=partial(examples.friedman, 2),
    ),
    Host(
        "b6", "forecast", "tuning",
        _recipe({"use": "gru", "width": 32}, {**ADAM, "lr": 0.006}, 20, 64, task={"use": "forecasting"},
                schedule={"use": "cosine"}, training={"clip_norm": 1.0},
                data={"use": "seasons", "steps": 1500, "length": 30, "horizon": 8, "calendar": True, "memory": 0.6,
                      "noise": 2.0, "seed": 5}),
        metric="val/skill", worst=-2.0, train=1050,
    ),
    Host(
        "b7", "language", "tuning",
        _recipe({"use": "rnn", "width": 48, "embedding": 12}, {**ADAMW, "lr": 0.006}, 20, 32, task={"use": "language"},
                training={"clip_norm": 1.0}, schedule={"use": "cosine"},
                data={"use": "markov", "tokens": 20000, "length": 16, "letters": 12, "seed": 3}),
        metric="val/loss", higher_is_better=False, worst=5.0, train=875,
    ),
    Host(
        "b8", "gan", "tuning",
        _recipe({"use": "gan", "latent": 6, "widths": [96, 96]}, {**ADAM, "lr": 0.0015, "beta1": 0.5}, 20, 60,
                task={"use": "gan", "r1": 0.2}, training={"ema": 0.99},
                data={"use": "gaussians", "examples": 6400, "modes": 6, "deviation": 0.1}, split={"val": 0.25}),
        metric="val/frechet", higher_is_better=False, worst=10.0, train=3840,
    ),
    Host(
        "b9", "cnn", "tuning",
        _recipe({"use": "cnn", "widths": [8, 16], "norm": "batch", "hidden": [32]},
                {**SGD, "lr": 0.05, "momentum": 0.9}, 20, 50, schedule={"use": "cosine"}),
        examples=partial(examples.of_source, "fashion_mnist", 2000, 800), needs="fashion_mnist",
    ),
)  # fmt: skip

GRADING: tuple[Host, ...] = (
    Host(
        "c1", "mlp", "grading",
        _recipe({"use": "mlp", "widths": [40, 40]}, {**ADAM, "lr": 0.002, "weight_decay": 1e-3}, 16, 25,
                schedule={"use": "cosine"}),
        examples=examples.waves,
    ),
    Host(
        "c2", "cnn", "grading",
        _recipe({"use": "cnn", "widths": [10, 20], "hidden": [24]}, {**ADAMW, "lr": 0.004, "weight_decay": 0.02},
                24, 40),
        examples=examples.figures,
    ),
    Host(
        "c3", "resnet", "grading",
        _recipe(
            {"use": "resnet18", "blocks": [1, 1], "width": 0.15625, "stem": "small"},
            {**SGD, "lr": 0.08, "momentum": 0.85, "weight_decay": 1e-3}, 16, 60, schedule={"use": "cosine"},
        ),
        examples=examples.figures,
    ),
    Host(
        "c4", "unet", "grading",
        _recipe({"use": "unet", "width": 5, "depth": 2}, {**ADAM, "lr": 0.008}, 45, 12, task={"use": "segmentation"},
                schedule={"use": "cosine"}),
        metric="val/miou", examples=partial(examples.scenes, 11, 20),
    ),
    Host(
        "c5", "numbers", "grading",
        _recipe({"use": "mlp", "widths": [48, 32]}, {**ADAM, "lr": 0.004}, 40, 50, task={"use": "regression"},
                schedule={"use": "one_cycle"}),
        metric="val/r2", worst=-1.0, examples=partial(examples.friedman, 3),
    ),
    Host(
        "c6", "forecast", "grading",
        _recipe({"use": "lstm", "width": 24}, {**ADAMW, "lr": 0.008}, 20, 50, task={"use": "forecasting"},
                schedule={"use": "one_cycle"}, training={"clip_norm": 1.0},
                data={"use": "seasons", "steps": 1800, "length": 36, "horizon": 4, "calendar": True, "memory": 0.5,
                      "noise": 2.5, "seed": 8}),
        metric="val/skill", worst=-2.0, train=1260,
    ),
    Host(
        "c7", "language", "grading",
        _recipe({"use": "gru", "width": 32, "embedding": 10}, {**ADAM, "lr": 0.008}, 20, 25, task={"use": "language"},
                training={"clip_norm": 1.0}, schedule={"use": "cosine"},
                data={"use": "markov", "tokens": 18000, "length": 24, "letters": 16, "seed": 9}),
        metric="val/loss", higher_is_better=False, worst=5.0, train=525,
    ),
    Host(
        "c8", "gan", "grading",
        _recipe({"use": "gan", "latent": 10, "widths": [80, 80]}, {**ADAM, "lr": 0.0012, "beta1": 0.5}, 20, 70,
                task={"use": "gan", "r1": 0.15}, training={"ema": 0.99},
                data={"use": "gaussians", "examples": 7000, "modes": 5, "deviation": 0.08}, split={"val": 0.2}),
        metric="val/frechet", higher_is_better=False, worst=10.0, train=4480,
    ),
    Host(
        "c9", "cnn", "grading",
        _recipe({"use": "cnn", "widths": [12, 24], "norm": "batch"}, {**SGD, "lr": 0.03, "momentum": 0.9}, 30, 32,
                schedule={"use": "cosine"}),
        examples=partial(examples.of_source, "folder", 450, 125, path="brain_mri", size=28, colour="grey"),
        needs="brain_mri",
    ),
)  # fmt: skip


NEXT: tuple[Host, ...] = (
    Host(
        "d1", "mlp", "next",
        _recipe({"use": "mlp", "widths": [96]}, {**SGD, "lr": 0.02, "momentum": 0.9, "weight_decay": 3e-3}, 25, 30),
        examples=examples.clusters,
    ),
    Host(
        "d2", "cnn", "next",
        _recipe({"use": "cnn", "widths": [8, 16], "dropout": 0.1}, {**ADAM, "lr": 0.002}, 20, 32,
                schedule={"use": "cosine"}),
        examples=examples.strokes,
    ),
    Host(
        "d3", "resnet", "next",
        _recipe({"use": "resnet18", "blocks": [1, 1], "width": 0.125, "stem": "small"}, {**ADAMW, "lr": 0.003}, 16, 40,
                schedule={"use": "cosine"}),
        examples=examples.strokes,
    ),
    Host(
        "d4", "unet", "next",
        _recipe({"use": "unet", "width": 6, "depth": 2}, {**ADAM, "lr": 0.006}, 50, 16, task={"use": "segmentation"},
                schedule={"use": "one_cycle"}),
        metric="val/miou", examples=partial(examples.scenes, 23, 24),
    ),
    Host(
        "d5", "numbers", "next",
        _recipe({"use": "mlp", "widths": [16]}, {**SGD, "lr": 0.01, "momentum": 0.9, "weight_decay": 1e-2}, 40, 22,
                task={"use": "regression"}, schedule={"use": "cosine"}),
        metric="val/r2", worst=-1.0, examples=examples.progression,
    ),
    Host(
        "d6", "forecast", "next",
        _recipe({"use": "gru", "width": 20}, {**ADAMW, "lr": 0.01}, 24, 40, task={"use": "forecasting"},
                schedule={"use": "cosine"}, training={"clip_norm": 1.0},
                data={"use": "seasons", "steps": 1300, "length": 48, "horizon": 12, "calendar": True, "memory": 0.3,
                      "noise": 4.0, "seed": 17}),
        metric="val/skill", worst=-2.0, train=910,
    ),
    Host(
        "d7", "language", "next",
        _recipe({"use": "lstm", "width": 40, "embedding": 12}, {**ADAM, "lr": 0.01}, 20, 24, task={"use": "language"},
                training={"clip_norm": 1.0}, schedule={"use": "cosine"},
                data={"use": "markov", "tokens": 15000, "length": 18, "letters": 20, "seed": 21}),
        metric="val/loss", higher_is_better=False, worst=5.0, train=583,
    ),
    Host(
        "d8", "gan", "next",
        _recipe({"use": "gan", "latent": 5, "widths": [64, 96]}, {**ADAM, "lr": 0.001, "beta1": 0.4}, 24, 56,
                task={"use": "gan", "r1": 0.1}, training={"ema": 0.99},
                data={"use": "gaussians", "examples": 6000, "modes": 7, "deviation": 0.12}, split={"val": 0.2}),
        metric="val/frechet", higher_is_better=False, worst=10.0, train=3840,
    ),
    Host(
        "d9", "cnn", "next",
        _recipe({"use": "cnn", "widths": [12, 24, 32], "norm": "batch"}, {**ADAMW, "lr": 0.003, "weight_decay": 0.05},
                30, 32, schedule={"use": "cosine"}),
        examples=partial(examples.of_source, "folder", 700, 165, path="grocery_food", size=24), needs="grocery_food",
    ),
)  # fmt: skip
"""Hosts of the fourth grading. Those of GRADING were looked at in the third, and count as tuning since."""


def hosts(set: Set) -> Iterator[Host]:
    """Those of one side whose data are here."""
    return (host for host in SETS[set] if host.here)


SETS: Mapping[Set, tuple[Host, ...]] = {"tuning": TUNING, "grading": GRADING, "next": NEXT}
NAMED: Mapping[str, Host] = {host.name: host for hosts in SETS.values() for host in hosts}
