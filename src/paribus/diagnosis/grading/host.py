"""A host: a sound training in which faults are planted."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NamedTuple

from paribus.diagnosis.grading.examples import Examples

Set = Literal["tuning", "grading", "next"]
Family = Literal["mlp", "cnn", "resnet", "unet", "numbers", "forecast", "language", "gan"]


class Figure(NamedTuple):
    """By which harm is judged.

    Args:
        metric: its name.
        higher_is_better: its good direction.
        worst: what counts for a training that ends without it: that of an answer that needs no inputs, or worse.
    """

    metric: str = "val/accuracy"
    higher_is_better: bool = True
    worst: float = 0.0


FIGURES: Mapping[Family, Figure] = {
    "unet": Figure("val/miou"),
    "numbers": Figure("val/r2", worst=-1.0),
    "forecast": Figure("val/skill", worst=-2.0),
    "language": Figure("val/loss", higher_is_better=False, worst=5.0),
    "gan": Figure("val/frechet", higher_is_better=False, worst=10.0),
}
"""Of families that are not judged by their accuracy."""


@dataclass(frozen=True)
class Host:
    """A sound training.

    Args:
        name: neutral, and the name of its recipes.
        family: of its network.
        set: which side it is on.
        recipe: all of it but the data, where those are arrays.
        examples: makes its arrays, if it has some.
        train: how many examples train, where they are no arrays.
        needs: a folder below PARIBUS_DATA without which it is left out.
    """

    name: str
    family: Family
    set: Set
    recipe: Mapping[str, Any]
    examples: Callable[[], Examples] | None = None
    train: int = 0
    needs: str = ""

    @property
    def figure(self) -> Figure:
        """By which harm is judged."""
        return FIGURES.get(self.family, Figure())

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


SGD, ADAM, ADAMW, AMSGRAD, NADAM, RMSPROP = (
    {"use": name} for name in ("sgd", "adam", "adamw", "amsgrad", "nadam", "rmsprop")
)


def recipe(
    model: Mapping[str, Any], optimizer: Mapping[str, Any], epochs: int, batch: int, **more: Any
) -> dict[str, Any]:
    """A recipe without its data; ``more`` are further fields."""
    training = {"batch_size": batch, **more.pop("training", {})}
    return {"model": model, "optimizer": optimizer, "budget": {"epochs": epochs}, "training": training, **more}
